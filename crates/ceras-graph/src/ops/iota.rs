//! Counting along an axis.

use std::sync::Arc;

use ceras_kernels::DType;
use ceras_kernels::movement;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::TensorType;

/// 0, 1, 2, … along an axis, the same along the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iota {
    /// The type of the result.
    pub ty: TensorType,
    /// The axis to count along.
    pub axis: usize,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Iota { ty: given.ty()?, axis: given.axis("iota_dimension")? }))
}

impl Op for Iota {
    fn name(&self) -> &'static str {
        "iota"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 0)?;
        rules::axis_exists("the result", self.axis, self.ty.shape.rank())?;
        if self.ty.dtype == DType::Bool {
            return Err(Rule::new("cannot count in bool"));
        }
        Ok(vec![self.ty.clone()])
    }

    fn vjp(&self, _cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        Ok(Vjp::Cotangents(Vec::new()))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        KernelStep::new(movement::Iota::new(self.ty.dtype, &types.output_dims(0), self.axis)).into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
            .with("dtype", Attribute::DType(self.ty.dtype))
            .with("shape", Attribute::Shape(self.ty.shape.clone()))
            .with("iota_dimension", Attribute::Int(self.axis as i64))
    }

    ops::plain!();
}

/// 0, 1, 2, … along an axis, the same along the others.
///
/// # Errors
/// There is no such axis, or the type is `bool`.
#[track_caller]
pub fn iota(g: &mut Graph, ty: TensorType, axis: usize) -> Result<Value, GraphError> {
    g.emit_one(Iota { ty, axis }, &[])
}
