//! Rules that words of Keras check before they emit ops, told like the rules of ops.

use ceras_graph::error::Operand;
use ceras_graph::{Graph, GraphError, Value};

/// The error for operands that break a rule of a word of Keras, such as a loss.
#[track_caller]
pub(crate) fn broken(
    g: &Graph,
    word: &'static str,
    rule: impl Into<String>,
    operands: &[(&str, Value)],
) -> GraphError {
    let operand = |&(name, value): &(&str, Value)| Operand {
        name: name.to_owned(),
        ty: g.ty(value).clone(),
        origin: g.origin(value).unwrap_or_default().to_owned(),
        location: g.producer(value).and_then(|node| node.location),
    };
    GraphError {
        op: word,
        rule: rule.into(),
        operands: operands.iter().map(operand).collect(),
        scope: g.scope().to_owned(),
        location: None,
    }
}

/// Keras' axis of a value, which counts from the end when negative.
///
/// # Errors
/// There is no such axis.
#[track_caller]
pub(crate) fn axis_of(g: &Graph, word: &'static str, x: Value, axis: i64) -> Result<usize, GraphError> {
    let shape = &g.ty(x).shape;
    shape.axis(axis).ok_or_else(|| {
        let rule = format!("there is no axis {axis}: the rank is {}", shape.rank());
        broken(g, word, rule, &[("x", x)])
    })
}

/// The number of elements along an axis, which must be known.
///
/// # Errors
/// It is not.
#[track_caller]
pub(crate) fn known_dim(g: &Graph, word: &'static str, x: Value, axis: usize) -> Result<usize, GraphError> {
    g.ty(x)
        .shape
        .dim(axis)
        .ok_or_else(|| broken(g, word, format!("axis {axis} of `x` must be known"), &[("x", x)]))
}

/// Fails unless the elements are floating-point numbers.
///
/// # Errors
/// They are not.
#[track_caller]
pub(crate) fn must_be_float(g: &Graph, word: &'static str, x: Value) -> Result<(), GraphError> {
    if g.ty(x).dtype.is_float() {
        return Ok(());
    }
    Err(broken(g, word, "`x` must be of a floating-point type", &[("x", x)]))
}
