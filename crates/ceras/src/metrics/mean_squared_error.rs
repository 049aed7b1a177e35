//! The mean squared error.

use ceras_graph::{Graph, GraphError, Tensor, Value};

use super::{Metric, mean_result, metric, running_mean};
use crate::losses::{self, Loss};

metric! {
    /// The mean squared error as the running mean over samples: [`MeanSquaredError`](crate::losses::MeanSquaredError) as a metric.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::MeanSquaredError;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 1], [1.0f32, 2.0])?;
    /// let y_pred = Tensor::new(&[2, 1], [2.0f32, 4.0])?;
    /// let result = MeanSquaredError::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 2.5).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    MeanSquaredError, "MeanSquaredError", "mean_squared_error", &["mean_squared_error", "mse", "MSE"], {}
}

impl MeanSquaredError {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = losses::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        losses::MeanSquaredError::new().call(g, y_true, y_pred)
    }
}

impl Metric for MeanSquaredError {
    running_mean!(Some(true));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
