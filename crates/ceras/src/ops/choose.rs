//! Operations that choose between values.

use ceras_graph::{DType, Graph, Value, compose};
use serde::{Deserialize, Serialize};

use super::promote::{beside, converted, together};
use super::{NUMPY, Operand, Operation, Term, configurable, node, one, operation_entry, wrong};
use crate::error::Result;
use crate::models::KerasTensor;
use crate::registry::Entry;

/// The entries of the registry.
pub(super) const ENTRIES: &[&Entry<dyn Operation>] = &[&WHERE, &CLIP];

static WHERE: Entry<dyn Operation> = operation_entry!(Where, "Where");
static CLIP: Entry<dyn Operation> = operation_entry!(Clip, "Clip");

/// `x1` where the condition holds, else `x2`; at least one of these is a tensor.
///
/// # Errors
/// The shapes do not broadcast.
#[track_caller]
pub fn where_(condition: &KerasTensor, x1: impl Into<Term>, x2: impl Into<Term>) -> Result<KerasTensor> {
    node(Where {}, vec![condition.into(), x1.into(), x2.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Where {}

configurable!(Where, "Where");

impl Operation for Where {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let refused = || wrong("Where", "a condition and two values, at least one a tensor");
        let (condition, a, b) = match operands {
            [Operand::Tensor(condition), Operand::Tensor(a), Operand::Tensor(b)] => {
                let both = together(g, &[*a, *b])?;
                (*condition, both[0], both[1])
            }
            [Operand::Tensor(condition), Operand::Tensor(a), Operand::Plain(number)] => {
                let (a, b) = beside(g, *a, number)?.ok_or_else(refused)?;
                (*condition, a, b)
            }
            [Operand::Tensor(condition), Operand::Plain(number), Operand::Tensor(b)] => {
                let (b, a) = beside(g, *b, number)?.ok_or_else(refused)?;
                (*condition, a, b)
            }
            _ => return Err(refused()),
        };
        let condition = converted(g, condition, DType::Bool)?;
        Ok(compose::select(g, condition, a, b)?)
    }
}

/// Elements below `x_min` become it, those above `x_max` that.
///
/// # Errors
/// The operation does not take elements of that type.
#[track_caller]
pub fn clip(x: &KerasTensor, x_min: f64, x_max: f64) -> Result<KerasTensor> {
    node(Clip { x_min, x_max }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clip {
    x_min: f64,
    x_max: f64,
}

configurable!(Clip, "Clip");

impl Operation for Clip {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Clip", operands)?;
        let x = if g.ty(x).dtype == DType::Bool { converted(g, x, DType::I32)? } else { x };
        Ok(compose::clip(g, x, self.x_min, self.x_max)?)
    }
}
