//! Elements put back where the largest ones of windows stood, and taken from there.

use std::sync::Arc;

use ceras_kernels::window;

use super::convolution::positions;
use super::pool_window::with_positions;
use crate::error::{GraphError, Rule};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, PoolWindow, rules};
use crate::types::TensorType;

/// Each window's element added to an image of zeros, at the window's position: the gradient of
/// [`MaxPool`](crate::ops::MaxPool). Operands: elements, positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxPoolScatter {
    /// How the window slides.
    pub window: PoolWindow,
    /// Positions of the image along each axis.
    pub positions: Vec<usize>,
}

pub(super) fn parse_scatter(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let window = PoolWindow::parse(given)?;
    Ok(Arc::new(MaxPoolScatter { window, positions: given.axes("input_dimensions")? }))
}

/// That the second operand holds a position of the window for each element of a shape.
fn check_places(window: &PoolWindow, shape: &crate::types::Shape, places: &TensorType) -> Result<(), Rule> {
    if places.dtype != window.index() || !places.shape.is_compatible(shape) {
        let wanted = TensorType { dtype: window.index(), shape: shape.clone() };
        return Err(Rule::new(format!(
            "{{1}} must be the positions in the windows, {wanted}; it is {places}"
        )));
    }
    Ok(())
}

impl Op for MaxPoolScatter {
    fn name(&self) -> &'static str {
        "max_pool_scatter"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 2)?;
        let image = self.window.image(inputs[0], &self.positions)?;
        check_places(&self.window, &inputs[0].shape, inputs[1])?;
        Ok(vec![image])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let op = MaxPoolGather { window: self.window.clone() };
        let ct = cx.cotangent();
        Ok(Vjp::Cotangents(vec![Some(cx.graph.emit_one(op, &[ct, cx.inputs[1]])?), None]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let spec = self.window.spec(&types.inputs[0], &self.positions, &types.input_dims(0));
        KernelStep::new(window::MaxPoolScatter::new(spec, types.isa)).into()
    }

    fn attributes(&self) -> Attributes {
        with_positions(self.window.attributes(), &self.positions)
    }

    ops::plain!();
}

/// The image's element at each window's position: the gradient of [`MaxPoolScatter`]. Operands: image, positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaxPoolGather {
    /// How the window slides.
    pub window: PoolWindow,
}

pub(super) fn parse_gather(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(MaxPoolGather { window: PoolWindow::parse(given)? }))
}

impl Op for MaxPoolGather {
    fn name(&self) -> &'static str {
        "max_pool_gather"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 2)?;
        let shape = self.window.result(inputs[0])?;
        check_places(&self.window, &shape, inputs[1])?;
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let Some(positions) = positions(&cx.ty(cx.inputs[0]).shape) else {
            return Ok(Vjp::NotDifferentiable("the positions of the image are not known"));
        };
        let op = MaxPoolScatter { window: self.window.clone(), positions };
        let ct = cx.cotangent();
        Ok(Vjp::Cotangents(vec![Some(cx.graph.emit_one(op, &[ct, cx.inputs[1]])?), None]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let image = types.input_dims(0);
        let spec = self.window.spec(&types.inputs[0], &image[1..image.len() - 1], &types.output_dims(0));
        KernelStep::new(window::MaxPoolGather::new(spec)).into()
    }

    fn attributes(&self) -> Attributes {
        self.window.attributes()
    }

    ops::plain!();
}
