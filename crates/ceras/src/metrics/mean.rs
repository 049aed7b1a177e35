//! The mean of predictions.

use ceras_graph::{Graph, GraphError, Tensor, Value};

use super::{Metric, mean_result, metric, running_mean};

metric! {
    /// The mean of the predictions themselves, as the running mean over samples; targets are not looked at.
    ///
    /// # Shapes
    /// Any predictions, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::Mean;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2], [0.0f32, 0.0])?;
    /// let y_pred = Tensor::new(&[2], [1.0f32, 3.0])?;
    /// let result = Mean::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 2.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Mean, "Mean", "mean", &["mean"], {}
}

impl Mean {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let _ = (g, y_true);
        Ok(y_pred)
    }
}

impl Metric for Mean {
    running_mean!(None);

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
