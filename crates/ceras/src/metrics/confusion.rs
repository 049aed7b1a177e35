//! Counts of right and wrong predictions at thresholds, which many metrics are made of.

use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::running::single;
use crate::activations::rules;
use crate::losses::squeeze_or_expand_to_same_rank;

/// What a prediction outside of the likeliest classes counts as.
const NEVER: f64 = -1e10;

/// Thresholds: one, or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Thresholds {
    /// One.
    One(f64),
    /// Several, each with a count of its own.
    Several(Vec<f64>),
}

impl Thresholds {
    /// The thresholds of a metric: 0.5 where none are given, or every prediction with `top_k`.
    pub(super) fn of(given: Option<&Thresholds>, top_k: Option<u32>) -> Vec<f64> {
        match given {
            Some(Thresholds::One(threshold)) => vec![*threshold],
            Some(Thresholds::Several(thresholds)) => thresholds.clone(),
            None => vec![if top_k.is_some() { NEVER } else { 0.5 }],
        }
    }
}

impl From<f64> for Thresholds {
    fn from(threshold: f64) -> Thresholds {
        Thresholds::One(threshold)
    }
}

impl From<Vec<f64>> for Thresholds {
    fn from(thresholds: Vec<f64>) -> Thresholds {
        Thresholds::Several(thresholds)
    }
}

/// Thresholds from 0 to 1 in even steps, which are told apart by the step that a prediction lies in; or any others.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Levels {
    /// As many even steps; the first one counts every prediction.
    EvenFromBelow(usize),
    /// As many even steps.
    Even(usize),
    /// Any thresholds.
    Any(Vec<f64>),
}

impl Levels {
    /// How many thresholds there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Levels::EvenFromBelow(count) | Levels::Even(count) => *count,
            Levels::Any(thresholds) => thresholds.len(),
        }
    }

    /// The levels of these thresholds, as Keras tells even ones.
    pub(super) fn of(thresholds: Vec<f64>) -> Levels {
        let last = thresholds.len().saturating_sub(1) as f64;
        let near = |(index, threshold): (usize, &f64)| (threshold - index as f64 / last).abs() < 1e-7;
        let even = thresholds.len() >= 3 && thresholds.iter().enumerate().all(near);
        if even { Levels::Even(thresholds.len()) } else { Levels::Any(thresholds) }
    }

    /// Which predictions lie above each threshold, as numbers: a new first axis of thresholds.
    fn above(&self, g: &mut Graph, y_pred: Value) -> Result<Value, GraphError> {
        let rank = g.ty(y_pred).shape.rank();
        let mut column = vec![1usize; rank + 1];
        column[0] = self.len();
        let row = compose::expand_dims(g, y_pred, 0)?;
        let yes = match self {
            Levels::Any(thresholds) => {
                let thresholds: Vec<f32> = thresholds.iter().map(|threshold| *threshold as f32).collect();
                let thresholds = ops::constant(g, Tensor::from_slice(&thresholds))?;
                let thresholds = ops::reshape(g, thresholds, column.as_slice())?;
                compose::greater(g, row, thresholds)?
            }
            Levels::Even(count) | Levels::EvenFromBelow(count) => {
                let clipped = compose::clip(g, row, 0.0, 1.0)?;
                let scaled = compose::multiply_scalar(g, clipped, (*count - 1) as f64)?;
                let step = ops::ceil(g, scaled)?;
                let mut step = compose::subtract_scalar(g, step, 1.0)?;
                if matches!(self, Levels::EvenFromBelow(_)) {
                    step = compose::relu(g, step)?;
                }
                let numbers = ops::iota(g, TensorType::new(DType::F32, [*count]), 0)?;
                let numbers = ops::reshape(g, numbers, column.as_slice())?;
                compose::greater_equal(g, step, numbers)?
            }
        };
        ops::convert(g, yes, DType::F32)
    }
}

/// Sums of weights, at each threshold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) true_positives: Value,
    pub(super) false_positives: Value,
    pub(super) true_negatives: Value,
    pub(super) false_negatives: Value,
}

/// What is counted, and how.
#[derive(Clone, Debug, Default)]
pub(super) struct Counting<'a> {
    /// Among the likeliest classes alone.
    pub(super) top_k: Option<u32>,
    /// Of this class alone.
    pub(super) class_id: Option<u32>,
    /// Whether predictions are logits.
    pub(super) from_logits: bool,
    /// Whether each label is counted for itself: the last axis stays.
    pub(super) by_label: bool,
    /// Weights of the labels.
    pub(super) label_weights: Option<&'a [f64]>,
}

impl Counting<'_> {
    /// Emits the counts of a batch.
    ///
    /// # Errors
    /// Targets, predictions and weights do not fit each other.
    pub(super) fn counts(
        &self,
        g: &mut Graph,
        levels: &Levels,
        y_true: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Counts, GraphError> {
        let mut y_pred = single(g, y_pred)?;
        if self.from_logits {
            y_pred = ops::logistic(g, y_pred)?;
        }
        let zero = compose::scalar(g, 0.0, g.ty(y_true).dtype)?;
        let positive = compose::not_equal(g, y_true, zero)?;
        let positive = single(g, positive)?;
        let (mut y_pred, mut positive) = squeeze_or_expand_to_same_rank(g, y_pred, positive)?;
        if !g.ty(y_pred).shape.is_compatible(&g.ty(positive).shape) {
            let operands = [("y_true", y_true), ("y_pred", y_pred)];
            return Err(rules::broken(g, "metric", "targets and predictions must have one shape", &operands));
        }
        if let Some(k) = self.top_k {
            y_pred = likeliest(g, y_pred, k)?;
        }
        if let Some(class) = self.class_id {
            (positive, y_pred) = (one_class(g, positive, class)?, one_class(g, y_pred, class)?);
        }
        let weights = self.weights(g, y_pred, weight)?;
        let negative = compose::subtract_from_scalar(g, 1.0, positive)?;
        let (positive, negative) = match weights {
            Some(weights) => (ops::multiply(g, positive, weights)?, ops::multiply(g, negative, weights)?),
            None => (positive, negative),
        };
        self.sums(g, levels, positive, negative, y_pred)
    }

    fn sums(
        &self,
        g: &mut Graph,
        levels: &Levels,
        positive: Value,
        negative: Value,
        y_pred: Value,
    ) -> Result<Counts, GraphError> {
        let above = levels.above(g, y_pred)?;
        let rank = g.ty(y_pred).shape.rank();
        let end = if self.by_label { rank.saturating_sub(1) } else { rank };
        let axes: Vec<usize> = (0..end).collect();
        let later: Vec<usize> = (1..=end).collect();
        let mut pair = |labels: Value| -> Result<(Value, Value), GraphError> {
            let row = compose::expand_dims(g, labels, 0)?;
            let hits = compose::multiply(g, above, row)?;
            let hits = compose::sum(g, hits, &later, false)?;
            let all = if axes.is_empty() { labels } else { compose::sum(g, labels, &axes, false)? };
            Ok((hits, compose::subtract(g, all, hits)?))
        };
        let (true_positives, false_negatives) = pair(positive)?;
        let (false_positives, true_negatives) = pair(negative)?;
        Ok(Counts { true_positives, false_positives, true_negatives, false_negatives })
    }

    /// The weight of each prediction, from those of samples and labels.
    fn weights(
        &self,
        g: &mut Graph,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Option<Value>, GraphError> {
        let shape = g.ty(y_pred).shape.clone();
        let mut weights = None;
        if let Some(weight) = weight {
            let mut weight = single(g, weight)?;
            if g.ty(weight).shape.rank() == shape.rank() + 1 && g.ty(weight).shape.last() == Some(1) {
                weight = compose::squeeze(g, weight, &[shape.rank()])?;
            }
            while g.ty(weight).shape.rank() < shape.rank() {
                let rank = g.ty(weight).shape.rank();
                weight = compose::expand_dims(g, weight, rank)?;
            }
            weights = Some(compose::broadcast_to(g, weight, &shape)?);
        }
        let Some(labels) = self.label_weights.filter(|_| !self.by_label) else { return Ok(weights) };
        let labels: Vec<f32> = labels.iter().map(|weight| *weight as f32).collect();
        let labels = ops::constant(g, Tensor::from_slice(&labels))?;
        let labels = compose::broadcast_to(g, labels, &shape)?;
        match weights {
            Some(weights) => Ok(Some(ops::multiply(g, weights, labels)?)),
            None => Ok(Some(labels)),
        }
    }
}

/// Predictions with all but the `k` largest of each sample out of reach; of equals the first count.
fn likeliest(g: &mut Graph, y_pred: Value, k: u32) -> Result<Value, GraphError> {
    let axis = rules::axis_of(g, "top_k", y_pred, -1)?;
    let classes = rules::known_dim(g, "top_k", y_pred, axis)?;
    let others = compose::expand_dims(g, y_pred, axis + 1)?;
    let each = compose::expand_dims(g, y_pred, axis)?;
    let larger = compose::greater(g, others, each)?;
    let equal = compose::equal(g, others, each)?;
    let place = |g: &mut Graph, axis| ops::iota(g, TensorType::new(DType::I32, [classes, classes]), axis);
    let (row, column) = (place(g, 0)?, place(g, 1)?);
    let before = compose::less(g, row, column)?;
    let equal = compose::logical_and(g, equal, before)?;
    let ahead = ops::or(g, larger, equal)?;
    let ahead = ops::convert(g, ahead, DType::F32)?;
    let count = compose::sum(g, ahead, &[axis], false)?;
    let limit = compose::scalar(g, f64::from(k), DType::F32)?;
    let inside = compose::less(g, count, limit)?;
    let never = compose::scalar(g, NEVER, DType::F32)?;
    compose::select(g, inside, y_pred, never)
}

/// One class along the last axis, which stays with dimension 1.
fn one_class(g: &mut Graph, x: Value, class: u32) -> Result<Value, GraphError> {
    let axis = rules::axis_of(g, "class_id", x, -1)?;
    let dims = g.ty(x).shape.to_known().filter(|dims| (class as usize) < dims[axis]);
    let Some(mut limits) = dims else {
        return Err(rules::broken(g, "metric", format!("there is no class {class}"), &[("y_pred", x)]));
    };
    let mut starts = vec![0; limits.len()];
    starts[axis] = class as usize;
    limits[axis] = class as usize + 1;
    let strides = vec![1; limits.len()];
    ops::slice(g, x, &starts, &limits, &strides)
}

/// A piece of state with one number for each threshold.
pub(super) fn counter(name: &str, dims: &[usize]) -> (String, TensorType, f64) {
    (name.to_owned(), TensorType::new(DType::F32, dims), 0.0)
}

/// `a / b` for each pair, and 0 where `b` is 0.
pub(super) fn ratios(a: &[f32], b: impl Iterator<Item = f32>) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| if b == 0.0 { 0.0 } else { a / b }).collect()
}

/// The sums of each pair.
pub(super) fn sums<'a>(a: &'a [f32], b: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
    a.iter().zip(b).map(|(a, b)| a + b)
}

/// The mean of some numbers.
pub(super) fn mean(values: &[f32]) -> f64 {
    f64::from(values.iter().sum::<f32>() / values.len().max(1) as f32)
}

/// A metric that is one of the four counts, at its own thresholds.
macro_rules! count_metric {
    ($metric:ident, $count:ident, lower_is_better: $lower:literal) => {
        impl $metric {
            fn levels(&self) -> crate::metrics::confusion::Levels {
                crate::metrics::confusion::Levels::of(crate::metrics::confusion::Thresholds::of(
                    self.thresholds.as_ref(),
                    None,
                ))
            }
        }

        impl crate::metrics::Metric for $metric {
            crate::metrics::named!();

            fn for_logits(&self) -> Option<crate::metrics::MetricRef> {
                Some(self.clone().from_logits(true).into())
            }

            fn state(&self, _: &ceras_graph::TensorType) -> Vec<(String, ceras_graph::TensorType, f64)> {
                vec![crate::metrics::confusion::counter("accumulator", &[self.levels().len()])]
            }

            fn update(
                &self,
                g: &mut ceras_graph::Graph,
                state: &[ceras_graph::Value],
                y_true: ceras_graph::Value,
                y_pred: ceras_graph::Value,
                weight: Option<ceras_graph::Value>,
            ) -> Result<Vec<ceras_graph::Value>, ceras_graph::GraphError> {
                let counting = crate::metrics::confusion::Counting {
                    from_logits: self.from_logits,
                    ..crate::metrics::confusion::Counting::default()
                };
                let counts = counting.counts(g, &self.levels(), y_true, y_pred, weight)?;
                Ok(vec![ceras_graph::ops::add(g, state[0], counts.$count)?])
            }

            fn result(&self, state: &[ceras_graph::Tensor]) -> f64 {
                crate::metrics::confusion::mean(&state[0].to_f32())
            }

            fn lower_is_better(&self) -> Option<bool> {
                Some($lower)
            }
        }
    };
}
pub(super) use count_metric;

/// A metric that is the share of true positives among them and this other count.
macro_rules! share_metric {
    ($metric:ident, $wrong:ident) => {
        impl $metric {
            fn levels(&self) -> crate::metrics::confusion::Levels {
                crate::metrics::confusion::Levels::of(crate::metrics::confusion::Thresholds::of(
                    self.thresholds.as_ref(),
                    self.top_k,
                ))
            }
        }

        impl crate::metrics::Metric for $metric {
            crate::metrics::named!();

            fn for_logits(&self) -> Option<crate::metrics::MetricRef> {
                Some(self.clone().from_logits(true).into())
            }

            fn state(&self, _: &ceras_graph::TensorType) -> Vec<(String, ceras_graph::TensorType, f64)> {
                let count = [self.levels().len()];
                vec![
                    crate::metrics::confusion::counter("true_positives", &count),
                    crate::metrics::confusion::counter(stringify!($wrong), &count),
                ]
            }

            fn update(
                &self,
                g: &mut ceras_graph::Graph,
                state: &[ceras_graph::Value],
                y_true: ceras_graph::Value,
                y_pred: ceras_graph::Value,
                weight: Option<ceras_graph::Value>,
            ) -> Result<Vec<ceras_graph::Value>, ceras_graph::GraphError> {
                let (top_k, class_id, from_logits) = (self.top_k, self.class_id, self.from_logits);
                let counting = crate::metrics::confusion::Counting {
                    top_k,
                    class_id,
                    from_logits,
                    ..crate::metrics::confusion::Counting::default()
                };
                let counts = counting.counts(g, &self.levels(), y_true, y_pred, weight)?;
                Ok(vec![
                    ceras_graph::ops::add(g, state[0], counts.true_positives)?,
                    ceras_graph::ops::add(g, state[1], counts.$wrong)?,
                ])
            }

            fn result(&self, state: &[ceras_graph::Tensor]) -> f64 {
                let (right, wrong) = (state[0].to_f32(), state[1].to_f32());
                crate::metrics::confusion::mean(&crate::metrics::confusion::ratios(
                    &right,
                    crate::metrics::confusion::sums(&right, &wrong),
                ))
            }

            fn lower_is_better(&self) -> Option<bool> {
                Some(false)
            }
        }
    };
}
pub(super) use share_metric;
