//! Precision.

use super::confusion::{Thresholds, share_metric};
use super::metric;

metric! {
    /// The share of predictions above the threshold that are right, among all above it: `tp / (tp + fp)`.
    ///
    /// # Shapes
    /// Targets and predictions of one shape.
    ///
    /// # Errors
    /// The shapes do not fit each other, or there is no such class.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::Precision;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4], [0.0f32, 1.0, 1.0, 1.0])?;
    /// let y_pred = Tensor::new(&[4], [0.9f32, 0.2, 0.8, 0.7])?;
    /// let result = Precision::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 2.0 / 3.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Precision, "Precision", "precision", &["precision"], {
        thresholds: Option<Thresholds> = None, "The same with other thresholds. The result is the mean over several.";
        top_k: Option<u32> = None, "The same among this many likeliest classes alone, whatever their predictions are.";
        class_id: Option<u32> = None, "The same of this class alone.";
        #[serde(skip)]
        from_logits: bool = false, "The same for predictions that are logits; it is not part of the config.";
    }
}

share_metric!(Precision, false_positives);
