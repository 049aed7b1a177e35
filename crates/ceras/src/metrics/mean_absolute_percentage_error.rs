//! The mean absolute percentage error.

use ceras_graph::{Graph, GraphError, Tensor, Value};

use super::{Metric, mean_result, metric, running_mean};
use crate::losses::{self, Loss};

metric! {
    /// The mean absolute percentage error as the running mean over samples: [`MeanAbsolutePercentageError`](crate::losses::MeanAbsolutePercentageError) as a metric.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::MeanAbsolutePercentageError;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 1], [1.0f32, 2.0])?;
    /// let y_pred = Tensor::new(&[2, 1], [2.0f32, 4.0])?;
    /// let result = MeanAbsolutePercentageError::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 100.0).abs() < 1e-4);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    MeanAbsolutePercentageError, "MeanAbsolutePercentageError", "mean_absolute_percentage_error", &["mean_absolute_percentage_error", "mape", "MAPE"], {}
}

impl MeanAbsolutePercentageError {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = losses::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        losses::MeanAbsolutePercentageError::new().call(g, y_true, y_pred)
    }
}

impl Metric for MeanAbsolutePercentageError {
    running_mean!(Some(true));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
