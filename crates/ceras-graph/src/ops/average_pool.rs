//! The mean of each window.

use std::sync::Arc;

use ceras_kernels::window;

use super::convolution::positions;
use super::pool_window::with_positions;
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, PoolWindow, rules};
use crate::types::TensorType;

/// The mean of each window of an image over those of its positions that lie in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AveragePool {
    /// How the window slides.
    pub window: PoolWindow,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(AveragePool { window: PoolWindow::parse(given)? }))
}

impl Op for AveragePool {
    fn name(&self) -> &'static str {
        "average_pool"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape: self.window.result(inputs[0])? }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let Some(positions) = positions(&cx.ty(cx.inputs[0]).shape) else {
            return Ok(Vjp::NotDifferentiable("the positions of the image are not known"));
        };
        let op = AveragePoolScatter { window: self.window.clone(), positions };
        let ct = cx.cotangent();
        Ok(Vjp::Cotangents(vec![Some(cx.graph.emit_one(op, &[ct])?)]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let image = types.input_dims(0);
        let spec = self.window.spec(&types.inputs[0], &image[1..image.len() - 1], &types.output_dims(0));
        KernelStep::new(window::AveragePool::new(spec, types.isa)).into()
    }

    fn attributes(&self) -> Attributes {
        self.window.attributes()
    }

    ops::plain!();
}

/// Each window's element shared out evenly among its positions in the image: the gradient of [`AveragePool`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AveragePoolScatter {
    /// How the window slides.
    pub window: PoolWindow,
    /// Positions of the image along each axis.
    pub positions: Vec<usize>,
}

pub(super) fn parse_scatter(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let window = PoolWindow::parse(given)?;
    Ok(Arc::new(AveragePoolScatter { window, positions: given.axes("input_dimensions")? }))
}

impl Op for AveragePoolScatter {
    fn name(&self) -> &'static str {
        "average_pool_scatter"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        Ok(vec![self.window.image(inputs[0], &self.positions)?])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        Ok(Vjp::Cotangents(vec![Some(average_pool(cx.graph, ct, &self.window)?)]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let spec = self.window.spec(&types.inputs[0], &self.positions, &types.input_dims(0));
        KernelStep::new(window::AveragePoolScatter::new(spec, types.isa)).into()
    }

    fn attributes(&self) -> Attributes {
        with_positions(self.window.attributes(), &self.positions)
    }

    ops::plain!();
}

/// The mean of each window of `image`, over those of its positions that lie in the image.
///
/// # Shapes
/// `image [batch, …, channels]` with one to three axes between; the result has a position for each window.
///
/// # Errors
/// The image is not floating-point or has another rank, or the window does not have an entry for each axis.
#[track_caller]
pub fn average_pool(g: &mut Graph, image: Value, window: &PoolWindow) -> Result<Value, GraphError> {
    g.emit_one(AveragePool { window: window.clone() }, &[image])
}
