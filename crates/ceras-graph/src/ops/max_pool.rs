//! The largest element of each window.

use std::sync::Arc;

use ceras_kernels::window;

use super::convolution::positions;
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, MaxPoolScatter, PoolWindow, rules};
use crate::types::TensorType;

/// The largest element of each window of an image, the first of several, and its position in the window (`uint8`, or
/// `int32` for windows of more than 256 positions). StableHLO has it as a `reduce_window`, and its gradient as a
/// `select_and_scatter` that finds the positions anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxPool {
    /// How the window slides.
    pub window: PoolWindow,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(MaxPool { window: PoolWindow::parse(given)? }))
}

impl Op for MaxPool {
    fn name(&self) -> &'static str {
        "max_pool"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        let shape = self.window.result(inputs[0])?;
        let place = TensorType { dtype: self.window.index(), shape: shape.clone() };
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape }, place])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let Some(ct) = cx.cotangents[0] else { return Ok(Vjp::Cotangents(vec![None])) };
        let Some(positions) = positions(&cx.ty(cx.inputs[0]).shape) else {
            return Ok(Vjp::NotDifferentiable("the positions of the image are not known"));
        };
        let op = MaxPoolScatter { window: self.window.clone(), positions };
        Ok(Vjp::Cotangents(vec![Some(cx.graph.emit_one(op, &[ct, cx.outputs[1]])?)]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let image = types.input_dims(0);
        let spec = self.window.spec(&types.inputs[0], &image[1..image.len() - 1], &types.output_dims(0));
        KernelStep::new(window::MaxPool::new(spec, types.isa)).into()
    }

    fn attributes(&self) -> Attributes {
        self.window.attributes()
    }

    ops::plain!();
}

/// The largest element of each window of `image`; its gradient goes to the first of several.
///
/// # Shapes
/// `image [batch, …, channels]` with one to three axes between; the result has a position for each window.
///
/// # Errors
/// The image is not floating-point or has another rank, or the window does not have an entry for each axis.
#[track_caller]
pub fn max_pool(g: &mut Graph, image: Value, window: &PoolWindow) -> Result<Value, GraphError> {
    Ok(g.emit(Arc::new(MaxPool { window: window.clone() }), &[image])?[0])
}
