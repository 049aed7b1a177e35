//! The share of predictions that are exactly right.

use super::mean::{matches, mean_metric, pair};

mean_metric! {
    /// The share of predictions that equal their targets.
    ///
    /// `mean(y_true == y_pred)`
    ///
    /// # Shapes
    /// Targets and predictions alike.
    ///
    /// # Errors
    /// Shapes that differ.
    ///
    /// # Keras
    /// The word `accuracy` in `compile` means the binary, sparse or categorical accuracy; this class compares values.
    Accuracy, "accuracy", &[], {}, |_, g, y_true, y_pred| {
        let (y_true, y_pred) = pair(g, y_true, y_pred)?;
        matches(g, y_true, y_pred)
    }
}

impl Accuracy {
    fn finish(&self, mean: f32) -> f32 {
        mean
    }
}
