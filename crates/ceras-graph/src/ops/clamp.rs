//! Limits on both sides.

use std::sync::Arc;

use ceras_kernels::elementwise::{self, Direction, Function};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, Op, Vjp, VjpCx};
use crate::ops::{self, Given, Reduction, rules, zeros_like};
use crate::types::TensorType;

/// min(max(x, minimum), maximum). The gradient goes to `x` within the limits, both included, and to the limit beyond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clamp;

impl Clamp {
    fn function(&self) -> &'static Function {
        &elementwise::CLAMP
    }
}

pub(super) fn parse(_given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Clamp))
}

impl Op for Clamp {
    fn name(&self) -> &'static str {
        "clamp"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 3)?;
        let dtype = rules::result_dtype(&elementwise::CLAMP, inputs)?;
        let mut shape = inputs[1].shape.clone();
        for limit in [0, 2] {
            let own = &inputs[limit].shape;
            if own.rank() > 0 {
                shape = rules::merge(&shape, own).ok_or_else(|| {
                    Rule::new(format!(
                        "{{{limit}}} must be a scalar or have the shape of {{1}}, {shape}; it has {own}"
                    ))
                })?;
            }
        }
        Ok(vec![TensorType { dtype, shape }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        let [low, x, high] = [cx.inputs[0], cx.inputs[1], cx.inputs[2]];
        let shape = cx.ty(x).shape.clone();
        let zeros = zeros_like(cx.graph, ct)?;
        let g = &mut *cx.graph;
        let spread = |g: &mut Graph, limit: Value| match g.ty(limit).shape.rank() {
            0 => ops::spread(g, limit, shape.clone()),
            _ => Ok(limit),
        };
        let (wide_low, wide_high) = (spread(g, low)?, spread(g, high)?);
        let below = ops::compare(g, x, wide_low, Direction::Lt)?;
        let above = ops::compare(g, x, wide_high, Direction::Gt)?;
        let outside = ops::or(g, below, above)?;
        let mut cotangents = vec![None, Some(ops::select(g, outside, zeros, ct)?), None];
        for (index, beyond, limit) in [(0, below, low), (2, above, high)] {
            if cx.wanted[index] {
                let part = ops::select(g, beyond, ct, zeros)?;
                cotangents[index] = Some(collect(g, part, limit)?);
            }
        }
        Ok(Vjp::Cotangents(cotangents))
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
    }

    ops::elementwise_methods!(Self::function);
}

/// The cotangent of a limit, which may be a scalar that was used everywhere.
fn collect(g: &mut Graph, part: Value, limit: Value) -> Result<Value, GraphError> {
    let rank = g.ty(part).shape.rank();
    if g.ty(limit).shape.rank() == rank {
        return Ok(part);
    }
    let axes: Vec<usize> = (0..rank).collect();
    ops::reduce(g, part, Reduction::Sum, &axes)
}

/// min(max(x, minimum), maximum).
///
/// # Shapes
/// `minimum` and `maximum` have the shape of `x` or are scalars.
///
/// # Errors
/// The operands' types differ, or a limit has another shape.
#[track_caller]
pub fn clamp(g: &mut Graph, minimum: Value, x: Value, maximum: Value) -> Result<Value, GraphError> {
    g.emit_one(Clamp, &[minimum, x, maximum])
}
