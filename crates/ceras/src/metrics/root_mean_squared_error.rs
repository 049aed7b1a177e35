//! The root of the mean squared error.

use ceras_graph::{compose, ops};

use super::mean::{mean_metric, pair};

mean_metric! {
    /// The root of the mean of squared differences, in the targets' unit.
    ///
    /// `√mean((y_true − y_pred)²)`
    ///
    /// # Shapes
    /// Targets and predictions alike; `[n]` and `[n, 1]` fit each other.
    ///
    /// # Errors
    /// Shapes that differ.
    RootMeanSquaredError, "root_mean_squared_error", &["rmse", "root_mean_squared_error"], {}, |_, g, y_true, y_pred| {
        let (y_true, y_pred) = pair(g, y_true, y_pred)?;
        let difference = ops::subtract(g, y_true, y_pred)?;
        compose::square(g, difference)
    }
}

impl RootMeanSquaredError {
    fn finish(&self, mean: f32) -> f32 {
        mean.sqrt()
    }
}
