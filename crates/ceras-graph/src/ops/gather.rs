//! Rows by their numbers.

use std::sync::Arc;

use ceras_kernels::gather;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::{Dim, Shape, TensorType};

/// The rows of the operand (along its first axis) that the indices name; an index beyond the ends takes the row at
/// that end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gather;

pub(super) fn parse(_given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Gather))
}

/// The shape of the rows that indices name, and that indices can name rows of the operand at all.
pub(crate) fn rows_shape(operand: &TensorType, indices: &TensorType) -> Result<Shape, Rule> {
    if operand.shape.rank() == 0 {
        return Err(Rule::new("{0} must have rows; it is a scalar"));
    }
    if !indices.dtype.is_integer() {
        return Err(Rule::new(format!("{{1}} must be integers; they are {}", indices.dtype)));
    }
    if operand.shape.dim(0) == Some(0) && indices.shape.elements().is_some_and(|elements| elements > 0) {
        return Err(Rule::new("{0} has no rows to take"));
    }
    let dims: Vec<Dim> = indices.shape.dims().iter().chain(&operand.shape.dims()[1..]).copied().collect();
    Ok(Shape::from(dims))
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 2)?;
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape: rows_shape(inputs[0], inputs[1])? }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        let (operand, indices) = (cx.inputs[0], cx.inputs[1]);
        let zeros = ops::zeros_like(cx.graph, operand)?;
        let sum = ops::scatter_add(cx.graph, zeros, indices, ct)?;
        Ok(Vjp::Cotangents(vec![Some(sum), None]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let dims = types.input_dims(0);
        let row: usize = dims[1..].iter().product();
        let bytes = types.inputs[0].dtype.size();
        KernelStep::new(gather::Gather::new(bytes, dims[0], row, types.inputs[1].dtype)).into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
    }

    ops::plain!();
}

/// The rows of `operand` (along its first axis) that `indices` name; an index beyond the ends takes the row at that
/// end.
///
/// # Shapes
/// `operand [rows, …]`, `indices` any shape of integers; the result is `indices.shape ++ operand.shape[1..]`.
///
/// # Errors
/// The operand is a scalar, has no rows, or the indices are not integers.
#[track_caller]
pub fn gather(g: &mut Graph, operand: Value, indices: Value) -> Result<Value, GraphError> {
    g.emit_one(Gather, &[operand, indices])
}
