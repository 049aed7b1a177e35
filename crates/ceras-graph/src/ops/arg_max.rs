//! Where the largest element is.

use std::sync::Arc;

use ceras_kernels::{DType, reduce};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::TensorType;

/// The position of the largest element along an axis, the first of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgMax {
    /// The axis, which vanishes.
    pub axis: usize,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(ArgMax { axis: given.axis("dimension")? }))
}

impl Op for ArgMax {
    fn name(&self) -> &'static str {
        "arg_max"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        let shape = &inputs[0].shape;
        rules::axis_exists("{0}", self.axis, shape.rank())?;
        let rest = shape.without(self.axis);
        if shape.dim(self.axis) == Some(0) && rest.elements() != Some(0) {
            let words = rules::axis_words(self.axis, shape.rank());
            return Err(Rule::new(format!("{words} of {{0}} is empty, so nothing there is largest")));
        }
        Ok(vec![TensorType { dtype: DType::I32, shape: rest }])
    }

    fn vjp(&self, _cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        Ok(Vjp::Cotangents(vec![None]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        KernelStep::new(reduce::ArgMax::new(
            types.inputs[0].dtype,
            &types.input_dims(0),
            self.axis,
            types.isa,
        ))
        .into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("dimension", Attribute::Int(self.axis as i64))
    }

    ops::plain!();
}

/// The position of the largest element along an axis, the first of several, as `int32`; it carries no gradient.
///
/// # Shapes
/// The axis vanishes.
///
/// # Errors
/// There is no such axis, or it is empty.
#[track_caller]
pub fn arg_max(g: &mut Graph, x: Value, axis: usize) -> Result<Value, GraphError> {
    g.emit_one(ArgMax { axis }, &[x])
}
