//! The mean squared error.

use ceras_graph::{compose, ops};

use super::mean::{mean_metric, pair};

mean_metric! {
    /// The mean of the squared differences between predictions and targets.
    ///
    /// `mean((y_true − y_pred)²)`
    ///
    /// # Shapes
    /// Targets and predictions alike; `[n]` and `[n, 1]` fit each other.
    ///
    /// # Errors
    /// Shapes that differ.
    MeanSquaredError, "mean_squared_error", &["mse", "mean_squared_error", "MSE"], {}, |_, g, y_true, y_pred| {
        let (y_true, y_pred) = pair(g, y_true, y_pred)?;
        let difference = ops::subtract(g, y_true, y_pred)?;
        compose::square(g, difference)
    }
}

impl MeanSquaredError {
    fn finish(&self, mean: f32) -> f32 {
        mean
    }
}
