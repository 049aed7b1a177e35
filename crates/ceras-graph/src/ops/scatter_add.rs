//! Addition to rows by their numbers.

use std::sync::Arc;

use ceras_kernels::gather;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::TensorType;

/// The operand with updates added to the rows that the indices name, in the order of the indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScatterAdd;

pub(super) fn parse(_given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(ScatterAdd))
}

impl Op for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 3)?;
        let [operand, indices, updates] = [inputs[0], inputs[1], inputs[2]];
        let rows = ops::gather::rows_shape(operand, indices)?;
        if updates.dtype != operand.dtype {
            let (a, b) = (operand.dtype, updates.dtype);
            return Err(Rule::new(format!("{{0}} and {{2}} must have one type; they are {a} and {b}")));
        }
        if !operand.dtype.is_float() && !operand.dtype.is_integer() {
            return Err(Rule::new(format!("{{0}} must be numbers; it is {}", operand.dtype)));
        }
        if !rows.is_compatible(&updates.shape) {
            return Err(Rule::new(format!(
                "{{2}} must have the shape of {{1}} and then that of a row of {{0}}, {rows}; it has {}",
                updates.shape
            )));
        }
        Ok(vec![operand.clone()])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        let updates = if cx.wanted[2] { Some(ops::gather(cx.graph, ct, cx.inputs[1])?) } else { None };
        Ok(Vjp::Cotangents(vec![Some(ct), None, updates]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let dims = types.input_dims(0);
        let row: usize = dims[1..].iter().product();
        let (dtype, index) = (types.inputs[0].dtype, types.inputs[1].dtype);
        KernelStep::new(gather::ScatterAdd::new(dtype, dims[0], row, index)).in_place(0, 0).into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
    }

    ops::plain!();
}

/// `operand` with `updates` added to the rows (along its first axis) that `indices` name, in the order of the
/// indices, so that a row named twice gets both.
///
/// # Shapes
/// `operand [rows, …]`, `updates`: `indices.shape ++ operand.shape[1..]`.
///
/// # Errors
/// The operands are otherwise.
#[track_caller]
pub fn scatter_add(
    g: &mut Graph,
    operand: Value,
    indices: Value,
    updates: Value,
) -> Result<Value, GraphError> {
    g.emit_one(ScatterAdd, &[operand, indices, updates])
}
