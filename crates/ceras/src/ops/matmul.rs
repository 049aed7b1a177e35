//! The matrix product.

use ceras_graph::{Graph, Value, compose};
use serde::{Deserialize, Serialize};

use super::promote::pair;
use super::{NUMPY, Operand, Operation, node, operation, wrong};
use crate::error::Result;
use crate::models::KerasTensor;

/// The matrix product by NumPy's rules: of the last two axes, all others broadcast.
///
/// # Errors
/// The shapes do not fit.
#[track_caller]
pub fn matmul(x1: &KerasTensor, x2: &KerasTensor) -> Result<KerasTensor> {
    node(Matmul {}, vec![x1.into(), x2.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matmul {}

operation!(Matmul, "Matmul");

impl Operation for Matmul {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        if !matches!(operands, [Operand::Tensor(_), Operand::Tensor(_)]) {
            return Err(wrong("Matmul", "two tensors"));
        }
        let (a, b) = pair(g, "Matmul", operands)?;
        Ok(compose::matmul(g, a, b)?)
    }
}
