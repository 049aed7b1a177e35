//! The F1 score.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value};

use super::f_score::{self, Average};
use super::{Metric, metric, named};

metric! {
    /// The F1 score of each class, `2 precision · recall / (precision + recall)`, and its mean over classes.
    /// The largest prediction of a sample counts as positive, or those above `threshold`.
    ///
    /// # Shapes
    /// One-hot targets and predictions `[batch, classes]`, the number of classes known.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::F1Score;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 2], [1.0f32, 0.0, 0.0, 1.0])?;
    /// let y_pred = Tensor::new(&[2, 2], [0.9f32, 0.1, 0.8, 0.2])?;
    /// let result = F1Score::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 1.0 / 3.0).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Without `average`, Keras gives one number for each class; here their mean.
    F1Score, "F1Score", "f1_score", &["f1_score"], {
        average: Option<Average> = None, "The same with another mean over classes.";
        threshold: Option<f64> = None, "The same with predictions above a threshold as positive, not the largest alone.";
    }
}

impl Metric for F1Score {
    named!();

    fn state(&self, y_pred: &TensorType) -> Vec<(String, TensorType, f64)> {
        f_score::state(self.average, y_pred)
    }

    fn update(
        &self,
        g: &mut Graph,
        state: &[Value],
        y_true: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Vec<Value>, GraphError> {
        f_score::update(g, state, (y_true, y_pred), weight, self.threshold, self.average)
    }

    fn result(&self, state: &[Tensor]) -> f64 {
        f_score::result(state, 1.0, self.average)
    }

    fn lower_is_better(&self) -> Option<bool> {
        Some(false)
    }
}
