//! Algebra that holds bit for bit.
//!
//! Floating-point rules are only those that are exact for every number, signed zeros, infinities and NaN included:
//! `x · 0` is not 0 for NaN, and `x + 0` is not `x` for −0.

mod broadcasts;
mod dots;
mod shapes;

use super::rebuild::Rebuild;
use crate::error::GraphError;
use crate::graph::{Graph, Node, Value};
use crate::ops::{self, Convert};
use crate::tensor::Tensor;
use crate::types::TensorType;

/// A rule: the value that stands for the one result of a node with these operands in the new graph, if the rule
/// applies.
type Rule = fn(&mut Graph, &Node, &[Value]) -> Result<Option<Value>, GraphError>;

const RULES: &[Rule] = &[
    neutral,
    undone,
    same_branches,
    trivial,
    splat_constant,
    shapes::reshape,
    shapes::transpose,
    shapes::slice,
    shapes::reverse,
    shapes::reduce,
    shapes::nothing_to_pad,
    broadcasts::broadcast,
    broadcasts::narrow,
    dots::transposed_operand,
    dots::transposed_product,
];

/// The graph with simpler nodes that compute the same.
pub fn simplify(graph: &Graph) -> Graph {
    simplified(graph).unwrap_or_else(|| graph.clone())
}

/// The same; nothing if no rule applies.
pub(super) fn simplified(graph: &Graph) -> Option<Graph> {
    let mut rebuild = Rebuild::new(graph);
    let mut applied = 0;
    for node in graph.nodes() {
        let operands = rebuild.operands(node);
        match node.outputs[..] {
            [output] => match apply(&mut rebuild.graph, node, &operands, graph.ty(output)) {
                Some(value) => {
                    applied += 1;
                    rebuild.set(output, value);
                }
                None => rebuild.copy_with(node, operands),
            },
            _ => rebuild.copy_with(node, operands),
        }
    }
    (applied > 0).then(|| rebuild.finish())
}

/// The first rule that applies and gives a value of the node's type.
fn apply(g: &mut Graph, node: &Node, operands: &[Value], ty: &TensorType) -> Option<Value> {
    let location = g.set_location(node.location);
    let depth = g.enter_path(&node.scope);
    // A rule that fails has emitted nodes that nobody uses; a rule that does not apply emits nothing.
    let value = RULES.iter().find_map(|rule| rule(g, node, operands).ok().flatten());
    g.leave_path(depth);
    g.set_location(location);
    value.filter(|value| g.ty(*value) == ty)
}

/// The number that a value repeats.
fn splat(g: &Graph, value: Value) -> Option<f64> {
    ops::splat_of(g, value).and_then(|tensor| tensor.item().ok())
}

/// `x · 1`, `x / 1`, `x − 0`, `x + −0` are `x`; for integers also `x + 0`.
fn neutral(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let [a, b] = operands else { return Ok(None) };
    let is_float = g.ty(*a).dtype.is_float();
    let one = |value: &Value| splat(g, *value) == Some(1.0);
    let zero = |value: &Value, negative: bool| {
        splat(g, *value).is_some_and(|x| x == 0.0 && (!is_float || x.is_sign_negative() == negative))
    };
    Ok(match node.op.name() {
        "multiply" | "divide" if one(b) => Some(*a),
        "multiply" if one(a) => Some(*b),
        "subtract" if zero(b, false) => Some(*a),
        "add" if zero(b, true) => Some(*a),
        "add" if zero(a, true) => Some(*b),
        _ => None,
    })
}

/// An op that undoes the one before it.
fn undone(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let [x] = operands else { return Ok(None) };
    let Some(before) = g.producer(*x) else { return Ok(None) };
    let same = before.op.name() == node.op.name();
    Ok(match node.op.name() {
        "negate" | "not" if same => Some(before.inputs[0]),
        // The same again changes nothing.
        "abs" | "sign" | "floor" | "ceil" | "round_nearest_even" if same => Some(*x),
        _ => None,
    })
}

/// A choice between equals, or one that is already made.
fn same_branches(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let [predicate, a, b] = operands else { return Ok(None) };
    if node.op.name() != "select" {
        return Ok(None);
    }
    if a == b {
        return Ok(Some(*a));
    }
    Ok(splat(g, *predicate).map(|holds| if holds == 0.0 { *b } else { *a }))
}

/// Ops that are nothing but their operand.
fn trivial(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let [x] = operands else { return Ok(None) };
    Ok(match node.op.name() {
        "stop_gradient" | "concatenate" => Some(*x),
        "convert" if ops::downcast::<Convert>(&*node.op).is_some_and(|op| op.dtype == g.ty(*x).dtype) => {
            Some(*x)
        }
        _ => None,
    })
}

/// A constant of equal elements is one number, repeated.
fn splat_constant(g: &mut Graph, node: &Node, _operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let Some(constant) = ops::downcast::<ops::Constant>(&*node.op) else { return Ok(None) };
    let tensor = &constant.value;
    let size = tensor.dtype().size();
    let mut elements = tensor.bytes().chunks_exact(size);
    let Some(first) = elements.next().filter(|_| tensor.rank() > 0) else { return Ok(None) };
    if elements.any(|element| element != first) {
        return Ok(None);
    }
    let Ok(scalar) = Tensor::from_bytes(tensor.dtype(), &[], first) else { return Ok(None) };
    let shape = tensor.shape();
    let scalar = ops::constant(g, scalar)?;
    ops::broadcast_in_dim(g, scalar, shape, &[]).map(Some)
}
