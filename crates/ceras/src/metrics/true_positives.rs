//! How many predictions are above the threshold whose targets are 1.

use super::confusion::{Thresholds, count_metric};
use super::metric;

metric! {
    /// How many predictions above the threshold whose targets are 1, each counting its weight.
    ///
    /// # Shapes
    /// Targets and predictions of one shape.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::TruePositives;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4], [0.0f32, 1.0, 1.0, 1.0])?;
    /// let y_pred = Tensor::new(&[4], [0.9f32, 0.2, 0.8, 0.7])?;
    /// let result = TruePositives::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 2.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    TruePositives, "TruePositives", "true_positives", &["true_positives"], {
        thresholds: Option<Thresholds> = None, "The same with other thresholds. The result is the mean over several.";
        #[serde(skip)]
        from_logits: bool = false, "The same for predictions that are logits; it is not part of the config.";
    }
}

count_metric!(TruePositives, true_positives, lower_is_better: false);
