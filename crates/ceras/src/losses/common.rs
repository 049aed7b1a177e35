//! What several losses share.

use ceras_graph::{DType, Graph, GraphError, Value, compose, ops};

use super::reduction::convert;
use crate::activations::rules;
use crate::constraints::{Axes, EPSILON};

/// Targets in the predictions' type, and predictions; both of one shape.
///
/// # Errors
/// Predictions are not of a floating-point type, or the shapes differ: nothing is repeated to fit.
pub(crate) fn pair(
    g: &mut Graph,
    word: &'static str,
    y_true: Value,
    y_pred: Value,
) -> Result<(Value, Value), GraphError> {
    if !g.ty(y_pred).dtype.is_float() {
        return Err(rules::broken(
            g,
            word,
            "the predictions must be of a floating-point type",
            &[("y_pred", y_pred)],
        ));
    }
    let dtype = g.ty(y_pred).dtype;
    let y_true = convert(g, y_true, dtype)?;
    let (y_true, y_pred) = super::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
    let (a, b) = (&g.ty(y_true).shape, &g.ty(y_pred).shape);
    if !a.is_compatible(b) {
        let rule = format!("targets of shape {a} do not fit predictions of shape {b}");
        return Err(rules::broken(g, word, rule, &[("y_true", y_true), ("y_pred", y_pred)]));
    }
    Ok((y_true, y_pred))
}

/// The mean over the last axis, which is that of the numbers of one sample; of a scalar, itself.
pub(crate) fn mean_last(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    match g.ty(x).shape.rank() {
        0 => Ok(x),
        rank => compose::mean(g, x, &[rank - 1], false),
    }
}

/// `1 − x`
pub(crate) fn one_minus(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    compose::subtract_from_scalar(g, 1.0, x)
}

/// What probabilities were made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// `softmax` along the last axis.
    Softmax,
    /// `sigmoid`.
    Sigmoid,
}

/// The logits of predictions: themselves when they are said to be logits, or what a softmax or sigmoid made them of.
pub(crate) fn logits(g: &Graph, y_pred: Value, head: Head, from_logits: bool) -> Option<Value> {
    let Some(logits) = g.logits(y_pred) else { return from_logits.then_some(y_pred) };
    let sigmoid = g.producer(y_pred).is_some_and(|node| node.op.name() == "logistic");
    let made_by = if sigmoid { Head::Sigmoid } else { Head::Softmax };
    if made_by == head { Some(logits) } else { from_logits.then_some(y_pred) }
}

/// Probabilities kept Keras' epsilon away from 0 and 1, so that their logarithms are finite.
pub(crate) fn clip_probabilities(g: &mut Graph, p: Value) -> Result<Value, GraphError> {
    compose::clip(g, p, EPSILON, 1.0 - EPSILON)
}

/// `y · (1 − smoothing) + smoothing · share`
pub(crate) fn smooth(g: &mut Graph, y_true: Value, smoothing: f64, share: f64) -> Result<Value, GraphError> {
    if smoothing == 0.0 {
        return Ok(y_true);
    }
    let kept = compose::multiply_scalar(g, y_true, 1.0 - smoothing)?;
    compose::add_scalar(g, kept, smoothing * share)
}

/// The cross-entropy of each number with a sigmoid of logits: `max(x, 0) − x y + ln(1 + exp(−|x|))`.
pub(crate) fn sigmoid_crossentropy(g: &mut Graph, y_true: Value, logits: Value) -> Result<Value, GraphError> {
    // Selections instead of maximum and absolute value: their slopes at 0 add up to the sigmoid's there, 1/2.
    let zero = compose::scalar(g, 0.0, g.ty(logits).dtype)?;
    let positive = compose::greater_equal(g, logits, zero)?;
    let opposite = ops::negate(g, logits)?;
    let rectified = compose::select(g, positive, logits, zero)?;
    let below = ops::select(g, positive, opposite, logits)?;
    let product = ops::multiply(g, logits, y_true)?;
    let linear = ops::subtract(g, rectified, product)?;
    let tail = ops::exponential(g, below)?;
    let tail = ops::log_plus_one(g, tail)?;
    ops::add(g, linear, tail)
}

/// The binary cross-entropy of each number, of probabilities or logits.
pub(crate) fn binary_crossentropy(
    g: &mut Graph,
    y_true: Value,
    y_pred: Value,
    from_logits: bool,
) -> Result<Value, GraphError> {
    if let Some(logits) = logits(g, y_pred, Head::Sigmoid, from_logits) {
        return sigmoid_crossentropy(g, y_true, logits);
    }
    let p = clip_probabilities(g, y_pred)?;
    let log = ops::log(g, p)?;
    let one = ops::multiply(g, y_true, log)?;
    let (other, q) = (one_minus(g, y_true)?, one_minus(g, p)?);
    let log = ops::log(g, q)?;
    let zero = ops::multiply(g, other, log)?;
    let sum = ops::add(g, one, zero)?;
    ops::negate(g, sum)
}

/// Where the class of each label is (`bool`, one more axis than the labels).
pub(crate) fn class_mask(g: &mut Graph, labels: Value, classes: usize) -> Result<Value, GraphError> {
    let numbers = ops::iota(g, ceras_graph::TensorType::new(DType::I32, [classes]), 0)?;
    let rank = g.ty(labels).shape.rank();
    let labels = compose::expand_dims(g, labels, rank)?;
    compose::equal(g, labels, numbers)
}

/// `−Σ y x` along an axis.
pub(crate) fn negative_dot(g: &mut Graph, y: Value, x: Value, axis: usize) -> Result<Value, GraphError> {
    let product = ops::multiply(g, y, x)?;
    let sum = compose::sum(g, product, &[axis], false)?;
    ops::negate(g, sum)
}

/// Labels as integers, with one axis less than the predictions.
///
/// # Errors
/// There is not one label for each row of classes.
pub(crate) fn sparse_labels(
    g: &mut Graph,
    word: &'static str,
    y_true: Value,
    y_pred: Value,
) -> Result<Value, GraphError> {
    let mut labels = convert(g, y_true, DType::I32)?;
    let rank = g.ty(y_pred).shape.rank();
    if g.ty(labels).shape.rank() == rank && rank > 0 && g.ty(labels).shape.last() == Some(1) {
        labels = compose::squeeze(g, labels, &[rank - 1])?;
    }
    let (a, b) = (&g.ty(labels).shape, &g.ty(y_pred).shape);
    if rank == 0 || !a.is_compatible(&b.without(rank - 1)) {
        let rule = format!(
            "labels of shape {a} do not fit predictions of shape {b}: one label for each row of classes"
        );
        return Err(rules::broken(g, word, rule, &[("y_true", y_true), ("y_pred", y_pred)]));
    }
    Ok(labels)
}

/// The axes that an overlap is summed over: those given, or all.
pub(crate) fn summed(
    g: &Graph,
    word: &'static str,
    x: Value,
    axes: Option<&Axes>,
) -> Result<Vec<usize>, GraphError> {
    match axes {
        Some(axes) => axes.of(g, word, x),
        None => Ok((0..g.ty(x).shape.rank()).collect()),
    }
}
