//! Choice between two operands.

use std::sync::Arc;

use ceras_kernels::elementwise::{self, Function};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, Op, Vjp, VjpCx};
use crate::ops::{self, Given, rules, zeros_like};
use crate::types::TensorType;

/// `a` where the predicate holds, else `b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select;

impl Select {
    fn function(&self) -> &'static Function {
        &elementwise::SELECT
    }
}

pub(super) fn parse(_given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Select))
}

impl Op for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 3)?;
        let [predicate, a, b] = [inputs[0], inputs[1], inputs[2]];
        if predicate.dtype != ceras_kernels::DType::Bool {
            return Err(Rule::new(format!("{{0}} must be bool; it is {}", predicate.dtype)));
        }
        if a.dtype != b.dtype {
            return Err(Rule::new(format!(
                "{{1}} and {{2}} must have one type; they are {} and {}",
                a.dtype, b.dtype
            )));
        }
        let Some(shape) = rules::merge(&a.shape, &b.shape) else {
            return Err(Rule::new(format!(
                "{{1}} and {{2}} must have one shape; they have {} and {}",
                a.shape, b.shape
            )));
        };
        let shape = match predicate.shape.rank() {
            0 => Some(shape),
            _ => rules::merge(&shape, &predicate.shape),
        };
        let shape = shape.ok_or_else(|| {
            Rule::new(format!(
                "{{0}} must be a scalar or have the shape of {{1}}, {}; it has {}",
                a.shape, predicate.shape
            ))
        })?;
        Ok(vec![TensorType { dtype: a.dtype, shape }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        let zeros = zeros_like(cx.graph, ct)?;
        let mut cotangents = vec![None; 3];
        if cx.wanted[1] {
            cotangents[1] = Some(select(cx.graph, cx.inputs[0], ct, zeros)?);
        }
        if cx.wanted[2] {
            cotangents[2] = Some(select(cx.graph, cx.inputs[0], zeros, ct)?);
        }
        Ok(Vjp::Cotangents(cotangents))
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
    }

    ops::elementwise_methods!(Self::function);
}

/// `a` where `predicate` holds, else `b`.
///
/// # Shapes
/// `a` and `b` have one shape and one type; `predicate` is `bool` of that shape or a scalar.
///
/// # Errors
/// The operands are otherwise.
#[track_caller]
pub fn select(g: &mut Graph, predicate: Value, a: Value, b: Value) -> Result<Value, GraphError> {
    g.emit_one(Select, &[predicate, a, b])
}
