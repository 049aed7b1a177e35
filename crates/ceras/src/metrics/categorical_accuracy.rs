//! The share of samples whose likeliest class is the one-hot target's.

use ceras_graph::ops;

use super::mean::{matches, mean_metric, pair};

mean_metric! {
    /// The share of samples whose largest prediction is where the one-hot target is largest.
    ///
    /// `mean(argmax(y_true) == argmax(y_pred))`
    ///
    /// # Shapes
    /// Targets and predictions alike, the classes along the last axis.
    ///
    /// # Errors
    /// Shapes that differ.
    CategoricalAccuracy, "categorical_accuracy", &["categorical_accuracy"], {}, |_, g, y_true, y_pred| {
        let (y_true, y_pred) = pair(g, y_true, y_pred)?;
        let last = g.ty(y_pred).shape.rank().saturating_sub(1);
        let (expected, predicted) = (ops::arg_max(g, y_true, last)?, ops::arg_max(g, y_pred, last)?);
        matches(g, expected, predicted)
    }
}

impl CategoricalAccuracy {
    fn finish(&self, mean: f32) -> f32 {
        mean
    }
}
