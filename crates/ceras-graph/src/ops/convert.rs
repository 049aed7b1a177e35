//! Conversion between element types.

use std::sync::Arc;

use ceras_kernels::DType;
use ceras_kernels::elementwise::{self, Function};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, Op, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::TensorType;

/// The same numbers in another type: towards integers the fraction is dropped; to `bool`, "is not zero".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Convert {
    /// The type of the result.
    pub dtype: DType,
}

impl Convert {
    fn function(&self) -> &'static Function {
        elementwise::convert(self.dtype)
    }
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Convert { dtype: given.dtype("dtype")? }))
}

impl Op for Convert {
    fn name(&self) -> &'static str {
        "convert"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        Ok(vec![TensorType { dtype: self.dtype, shape: inputs[0].shape.clone() }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let dtype = cx.ty(cx.inputs[0]).dtype;
        if !dtype.is_float() || !self.dtype.is_float() {
            return Ok(Vjp::Cotangents(vec![None]));
        }
        let ct = cx.cotangent();
        Ok(Vjp::Cotangents(vec![Some(convert(cx.graph, ct, dtype)?)]))
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("dtype", Attribute::DType(self.dtype))
    }

    ops::elementwise_methods!(Self::function);
}

/// The same numbers in another type; the value itself when it is of that type.
///
/// # Errors
/// None today.
#[track_caller]
pub fn convert(g: &mut Graph, x: Value, dtype: DType) -> Result<Value, GraphError> {
    if g.ty(x).dtype == dtype { Ok(x) } else { g.emit_one(Convert { dtype }, &[x]) }
}
