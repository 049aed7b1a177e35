//! The share of yes/no predictions that are right.

use ceras_graph::{compose, ops};

use super::mean::{matches, mean_metric, pair};

mean_metric! {
    /// The share of predictions on the right side of a threshold.
    ///
    /// `mean(y_true == (y_pred > threshold))`
    ///
    /// # Shapes
    /// Targets and predictions alike; `[n]` and `[n, 1]` fit each other.
    ///
    /// # Errors
    /// Shapes that differ.
    ///
    /// # Keras
    /// Resolved from `accuracy` beside a loss on logits, the threshold is 0; Keras keeps 0.5, which is wrong there.
    BinaryAccuracy, "binary_accuracy", &["binary_accuracy"], { threshold: f64 = 0.5 }, |metric, g, y_true, y_pred| {
        let (y_true, y_pred) = pair(g, y_true, y_pred)?;
        let dtype = g.ty(y_pred).dtype;
        let threshold = if metric.from_logits { 0.0 } else { metric.threshold };
        let threshold = compose::scalar(g, threshold, dtype)?;
        let above = compose::greater(g, y_pred, threshold)?;
        let above = ops::convert(g, above, dtype)?;
        matches(g, y_true, above)
    }
}

impl BinaryAccuracy {
    fn finish(&self, mean: f32) -> f32 {
        mean
    }
}
