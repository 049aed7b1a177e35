//! The root mean squared error.

use ceras_graph::{Graph, GraphError, Tensor, Value, compose, ops};

use super::{Metric, mean_result, metric, running::single, running_mean};
use crate::losses::squeeze_or_expand_to_same_rank;

metric! {
    /// The root of the mean squared error over all numbers of all samples.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::RootMeanSquaredError;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 1], [1.0f32, 2.0])?;
    /// let y_pred = Tensor::new(&[2, 1], [2.0f32, 9.0])?;
    /// let result = RootMeanSquaredError::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 5.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    RootMeanSquaredError, "RootMeanSquaredError", "root_mean_squared_error", &["root_mean_squared_error"], {}
}

impl RootMeanSquaredError {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = (single(g, y_true)?, single(g, y_pred)?);
        let (y_true, y_pred) = squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        let error = ops::subtract(g, y_pred, y_true)?;
        compose::square(g, error)
    }
}

impl Metric for RootMeanSquaredError {
    running_mean!(Some(true));

    fn result(&self, state: &[Tensor]) -> f64 {
        f64::from((mean_result(state) as f32).sqrt())
    }
}
