//! A value through which no gradient flows.

use std::sync::Arc;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::TensorType;

/// The operand itself, which autodiff takes for a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopGradient;

pub(super) fn parse(_given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(StopGradient))
}

impl Op for StopGradient {
    fn name(&self) -> &'static str {
        "stop_gradient"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        Ok(vec![inputs[0].clone()])
    }

    fn vjp(&self, _cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        Ok(Vjp::Cotangents(vec![None]))
    }

    fn cpu(&self, _types: &OpTypes<'_>) -> CpuStep {
        CpuStep::View { offset_bytes: 0 }
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
    }

    ops::plain!();
}

/// `x` itself, which autodiff takes for a constant.
///
/// # Errors
/// None today.
#[track_caller]
pub fn stop_gradient(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    g.emit_one(StopGradient, &[x])
}
