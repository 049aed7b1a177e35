//! Whether all is well.

use std::sync::Arc;

use ceras_kernels::{DType, reduce};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given};
use crate::types::TensorType;

/// Whether no element of any operand is infinite or NaN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllFinite;

pub(super) fn parse(_given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(AllFinite))
}

impl Op for AllFinite {
    fn name(&self) -> &'static str {
        "all_finite"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        match inputs.iter().position(|ty| !ty.dtype.is_float()) {
            Some(index) => {
                Err(Rule::new(format!("{{{index}}} must be floating-point; it is {}", inputs[index].dtype)))
            }
            None => Ok(vec![TensorType::scalar(DType::Bool)]),
        }
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        Ok(Vjp::Cotangents(vec![None; cx.inputs.len()]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let dtypes: Vec<DType> = types.inputs.iter().map(|ty| ty.dtype).collect();
        KernelStep::new(reduce::AllFinite::new(dtypes)).into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
    }

    ops::plain!();
}

/// Whether no element of any operand is infinite or NaN: one `bool`, true when there are no operands.
///
/// # Errors
/// An operand is not floating-point.
#[track_caller]
pub fn all_finite(g: &mut Graph, operands: &[Value]) -> Result<Value, GraphError> {
    g.emit_one(AllFinite, operands)
}
