//! The mean absolute error.

use ceras_graph::ops;

use super::mean::{mean_metric, pair};

mean_metric! {
    /// How far predictions are from targets on average, in the targets' unit.
    ///
    /// `mean(|y_true − y_pred|)`
    ///
    /// # Shapes
    /// Targets and predictions alike; `[n]` and `[n, 1]` fit each other.
    ///
    /// # Errors
    /// Shapes that differ.
    MeanAbsoluteError, "mean_absolute_error", &["mae", "mean_absolute_error", "MAE"], {}, |_, g, y_true, y_pred| {
        let (y_true, y_pred) = pair(g, y_true, y_pred)?;
        let difference = ops::subtract(g, y_true, y_pred)?;
        ops::abs(g, difference)
    }
}

impl MeanAbsoluteError {
    fn finish(&self, mean: f32) -> f32 {
        mean
    }
}
