//! How many predictions are not above the threshold whose targets are 0.

use super::confusion::{Thresholds, count_metric};
use super::metric;

metric! {
    /// How many predictions not above the threshold whose targets are 0, each counting its weight.
    ///
    /// # Shapes
    /// Targets and predictions of one shape.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::TrueNegatives;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4], [0.0f32, 1.0, 1.0, 1.0])?;
    /// let y_pred = Tensor::new(&[4], [0.9f32, 0.2, 0.8, 0.7])?;
    /// let result = TrueNegatives::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    TrueNegatives, "TrueNegatives", "true_negatives", &["true_negatives"], {
        thresholds: Option<Thresholds> = None, "The same with other thresholds. The result is the mean over several.";
        #[serde(skip)]
        from_logits: bool = false, "The same for predictions that are logits; it is not part of the config.";
    }
}

count_metric!(TrueNegatives, true_negatives, lower_is_better: false);
