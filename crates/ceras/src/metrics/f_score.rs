//! F-scores: precision and recall in one number.

use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::confusion::{counter, mean};
use super::running::single;
use crate::activations::rules;
use crate::constraints::EPSILON;

/// How one number is made of those of the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Average {
    /// From the counts of all classes together.
    Micro,
    /// The mean over classes.
    Macro,
    /// The mean over classes, each weighing its number of targets.
    Weighted,
}

/// Counts for each class, or for all together.
pub(super) fn state(average: Option<Average>, y_pred: &TensorType) -> Vec<(String, TensorType, f64)> {
    let dims: Vec<usize> = match average {
        Some(Average::Micro) => Vec::new(),
        _ => vec![y_pred.shape.last().unwrap_or(1)],
    };
    let names = ["true_positives", "false_positives", "false_negatives", "intermediate_weights"];
    names.map(|name| counter(name, &dims)).to_vec()
}

/// Emits the counts after a batch of targets and predictions.
pub(super) fn update(
    g: &mut Graph,
    state: &[Value],
    (y_true, y_pred): (Value, Value),
    weight: Option<Value>,
    threshold: Option<f64>,
    average: Option<Average>,
) -> Result<Vec<Value>, GraphError> {
    let (y_true, y_pred) = (single(g, y_true)?, single(g, y_pred)?);
    let (a, b) = (&g.ty(y_true).shape, &g.ty(y_pred).shape);
    if a.rank() != 2 || !a.is_compatible(b) {
        let operands = [("y_true", y_true), ("y_pred", y_pred)];
        return Err(rules::broken(
            g,
            "f_score",
            "targets and predictions must be [batch, classes]",
            &operands,
        ));
    }
    let found = positive(g, y_pred, threshold)?;
    let missed = compose::subtract_from_scalar(g, 1.0, found)?;
    let no = compose::subtract_from_scalar(g, 1.0, y_true)?;
    let right = ops::multiply(g, found, y_true)?;
    let wrong = ops::multiply(g, found, no)?;
    let lost = ops::multiply(g, missed, y_true)?;
    let axes: &[usize] = if average == Some(Average::Micro) { &[0, 1] } else { &[0] };
    let weight = weight.map(|weight| column(g, weight)).transpose()?;
    let mut new = Vec::new();
    for (before, values) in state.iter().zip([right, wrong, lost, y_true]) {
        let values = match weight {
            Some(weight) => compose::multiply(g, values, weight)?,
            None => values,
        };
        let sum = compose::sum(g, values, axes, false)?;
        new.push(ops::add(g, *before, sum)?);
    }
    Ok(new)
}

/// Weights of samples as a column.
fn column(g: &mut Graph, weight: Value) -> Result<Value, GraphError> {
    let weight = single(g, weight)?;
    match g.ty(weight).shape.rank() {
        1 => compose::expand_dims(g, weight, 1),
        _ => Ok(weight),
    }
}

/// Which predictions count as positive, as numbers.
fn positive(g: &mut Graph, y_pred: Value, threshold: Option<f64>) -> Result<Value, GraphError> {
    let yes = match threshold {
        Some(threshold) => {
            let threshold = compose::scalar(g, threshold, DType::F32)?;
            compose::greater(g, y_pred, threshold)?
        }
        None => {
            let largest = compose::max(g, y_pred, &[1], true)?;
            let first = compose::greater_equal(g, y_pred, largest)?;
            // A sample without any prediction has no positive one.
            let size = ops::abs(g, y_pred)?;
            let least = compose::scalar(g, 1e-9, DType::F32)?;
            let some = compose::greater(g, size, least)?;
            compose::logical_and(g, first, some)?
        }
    };
    ops::convert(g, yes, DType::F32)
}

/// The score of the counts.
pub(super) fn result(state: &[Tensor], beta: f64, average: Option<Average>) -> f64 {
    let [right, wrong, lost, weights] = [0, 1, 2, 3].map(|index| state[index].to_f32());
    let (epsilon, square) = (EPSILON as f32, (beta * beta) as f32);
    let score = |class: usize| {
        let precision = right[class] / (right[class] + wrong[class] + epsilon);
        let recall = right[class] / (right[class] + lost[class] + epsilon);
        precision * recall / (square * precision + recall + epsilon) * (1.0 + square)
    };
    let scores: Vec<f32> = (0..right.len()).map(score).collect();
    if average != Some(Average::Weighted) {
        return mean(&scores);
    }
    let total = weights.iter().sum::<f32>() + epsilon;
    f64::from(scores.iter().zip(&weights).map(|(score, weight)| score * (weight / total)).sum::<f32>())
}
