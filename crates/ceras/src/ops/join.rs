//! Operations that put tensors together.

use ceras_graph::{Graph, Value, compose, ops as primitives};
use serde::{Deserialize, Serialize};

use super::axes::axis as axis_of;
use super::promote::together;
use super::{Argument, NUMPY, Operand, Operation, call, configurable, operation_entry, wrong};
use crate::error::Result;
use crate::models::KerasTensor;
use crate::registry::Entry;

/// The entries of the registry.
pub(super) const ENTRIES: &[&Entry<dyn Operation>] = &[&CONCATENATE, &STACK];

static CONCATENATE: Entry<dyn Operation> = operation_entry!(Concatenate, "Concatenate");
static STACK: Entry<dyn Operation> = operation_entry!(Stack, "Stack");

/// Tensors one after the other along an axis.
///
/// # Errors
/// The shapes differ in another axis.
#[track_caller]
pub fn concatenate(xs: &[&KerasTensor], axis: i64) -> Result<KerasTensor> {
    let tensors: Vec<KerasTensor> = xs.iter().copied().cloned().collect();
    call(Concatenate { axis }, vec![Argument::Tensors(xs.len())], &tensors)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Concatenate {
    #[serde(default)]
    axis: i64,
}

configurable!(Concatenate, "Concatenate");

impl Operation for Concatenate {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let values = list(g, "Concatenate", operands)?;
        let shape = g.ty(values[0]).shape.clone();
        let axis = axis_of(self.axis, &shape, shape.rank())?;
        Ok(primitives::concatenate(g, &values, axis)?)
    }
}

/// Tensors of one shape along a new axis.
///
/// # Errors
/// The shapes differ.
#[track_caller]
pub fn stack(xs: &[&KerasTensor], axis: i64) -> Result<KerasTensor> {
    let tensors: Vec<KerasTensor> = xs.iter().copied().cloned().collect();
    call(Stack { axis }, vec![Argument::Tensors(xs.len())], &tensors)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stack {
    #[serde(default)]
    axis: i64,
}

configurable!(Stack, "Stack");

impl Operation for Stack {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let values = list(g, "Stack", operands)?;
        let shape = g.ty(values[0]).shape.clone();
        let axis = axis_of(self.axis, &shape, shape.rank() + 1)?;
        let wide = values.into_iter().map(|value| compose::expand_dims(g, value, axis));
        let wide = wide.collect::<Result<Vec<_>, _>>()?;
        Ok(primitives::concatenate(g, &wide, axis)?)
    }
}

/// The tensors of a list, at least one, in the one type that they all become.
fn list(g: &mut Graph, class_name: &str, operands: &[Operand<'_>]) -> Result<Vec<Value>> {
    match operands {
        [Operand::Tensors(values)] if !values.is_empty() => Ok(together(g, values)?),
        _ => Err(wrong(class_name, "a list of tensors")),
    }
}
