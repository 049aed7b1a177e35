//! Constants.

use std::sync::Arc;

use ceras_kernels::DType;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::tensor::Tensor;
use crate::types::TensorType;

/// A tensor that is part of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// The tensor.
    pub value: Tensor,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Constant { value: given.tensor("value")? }))
}

impl Op for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 0)?;
        Ok(vec![self.value.ty()])
    }

    fn vjp(&self, _cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        Ok(Vjp::Cotangents(Vec::new()))
    }

    fn cpu(&self, _types: &OpTypes<'_>) -> CpuStep {
        CpuStep::Constant(self.value.clone())
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("value", Attribute::Tensor(self.value.clone()))
    }

    ops::plain!();
}

/// A tensor that is part of the graph.
///
/// # Errors
/// None today.
#[track_caller]
pub fn constant(g: &mut Graph, value: Tensor) -> Result<Value, GraphError> {
    g.emit_one(Constant { value }, &[])
}

/// A single number of a type, rounded to it.
///
/// # Errors
/// None today.
#[track_caller]
pub fn scalar_constant(g: &mut Graph, number: f64, dtype: DType) -> Result<Value, GraphError> {
    constant(g, Tensor::scalar(number).cast(dtype))
}
