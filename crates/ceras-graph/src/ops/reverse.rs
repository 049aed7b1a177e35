//! Axes backwards.

use std::sync::Arc;

use ceras_kernels::movement;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::TensorType;

/// The elements in the opposite order along some axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverse {
    /// The axes.
    pub axes: Vec<usize>,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Reverse { axes: given.axes("dimensions")? }))
}

impl Op for Reverse {
    fn name(&self) -> &'static str {
        "reverse"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        rules::distinct_axes("{0}", &self.axes, inputs[0].shape.rank())?;
        Ok(vec![inputs[0].clone()])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        Ok(Vjp::Cotangents(vec![Some(reverse(cx.graph, ct, &self.axes)?)]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let dims = types.input_dims(0);
        if self.axes.iter().all(|&axis| dims[axis] <= 1) {
            return CpuStep::View { offset_bytes: 0 };
        }
        KernelStep::new(movement::Reverse::new(types.inputs[0].dtype.size(), &dims, &self.axes)).into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("dimensions", rules::ints(&self.axes))
    }

    ops::plain!();
}

/// The elements in the opposite order along some axes.
///
/// # Errors
/// There is no such axis, or one is named twice.
#[track_caller]
pub fn reverse(g: &mut Graph, x: Value, axes: &[usize]) -> Result<Value, GraphError> {
    g.emit_one(Reverse { axes: axes.to_vec() }, &[x])
}
