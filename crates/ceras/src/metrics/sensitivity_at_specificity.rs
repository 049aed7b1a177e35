//! The best sensitivity with a specificity that is high enough.

use super::at_threshold::at_metric;
use super::metric;

metric! {
    /// The best sensitivity (the share of targets of 1 that are found) over thresholds whose specificity (the share of targets of 0 that are told as such) is at least what is
    /// asked for: 0.5 unless said otherwise.
    ///
    /// # Shapes
    /// Targets and predictions of one shape.
    ///
    /// # Errors
    /// The shapes do not fit each other, or there is no such class.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::SensitivityAtSpecificity;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4], [0.0f32, 0.0, 1.0, 1.0])?;
    /// let y_pred = Tensor::new(&[4], [0.1f32, 0.6, 0.5, 0.8])?;
    /// let result = SensitivityAtSpecificity::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 1.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Keras has no default for `specificity`.
    SensitivityAtSpecificity, "SensitivityAtSpecificity", "sensitivity_at_specificity", &["sensitivity_at_specificity"], {
        class_id: Option<u32> = None, "The same of this class alone.";
        num_thresholds: u32 = 200, "The same with another number of thresholds between 0 and 1.";
        specificity: f64 = 0.5, "The same with another least specificity, from 0 to 1.";
        #[serde(skip)]
        from_logits: bool = false, "The same for predictions that are logits; it is not part of the config.";
    }
}

at_metric!(SensitivityAtSpecificity, sensitivity at specificity);
