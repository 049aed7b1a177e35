//! Another type of elements.

use ceras_graph::{DType, Graph, Value};
use serde::{Deserialize, Serialize};

use super::promote::converted;
use super::{Operand, Operation, node, one, operation};
use crate::error::{Error, ErrorKind, Result};
use crate::models::KerasTensor;

/// The elements in another type.
///
/// # Errors
/// The tensor carries an earlier problem.
#[track_caller]
pub fn cast(x: &KerasTensor, dtype: DType) -> Result<KerasTensor> {
    node(Cast { dtype: dtype.name().to_owned() }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cast {
    dtype: String,
}

operation!(Cast, "Cast");

impl Operation for Cast {
    fn module(&self) -> &'static str {
        "keras.src.ops.core"
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Cast", operands)?;
        let dtype = DType::from_name(&self.dtype).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, format!("the type `{}` is not supported", self.dtype))
        })?;
        Ok(converted(g, x, dtype)?)
    }
}
