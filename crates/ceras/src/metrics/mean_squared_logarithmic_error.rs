//! The mean squared logarithmic error.

use ceras_graph::{Graph, GraphError, Tensor, Value};

use super::{Metric, mean_result, metric, running_mean};
use crate::losses::{self, Loss};

metric! {
    /// The mean squared logarithmic error as the running mean over samples: [`MeanSquaredLogarithmicError`](crate::losses::MeanSquaredLogarithmicError) as a metric.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::MeanSquaredLogarithmicError;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 1], [0.0f32])?;
    /// let y_pred = Tensor::new(&[1, 1], [1.718_281_8f32])?;
    /// let result = MeanSquaredLogarithmicError::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 1.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    MeanSquaredLogarithmicError, "MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", &["mean_squared_logarithmic_error", "msle", "MSLE"], {}
}

impl MeanSquaredLogarithmicError {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = losses::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        losses::MeanSquaredLogarithmicError::new().call(g, y_true, y_pred)
    }
}

impl Metric for MeanSquaredLogarithmicError {
    running_mean!(Some(true));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
