//! The mean squared error.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{mean_last, pair},
    loss, named, targets,
};
use crate::error::Result as CerasResult;

loss! {
    /// The mean squared error, `mean((y_true − y_pred)²)`.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// Errors of 1, 2, 3 and 0.
    /// ```
    /// use ceras::losses::MeanSquaredError;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4, 1], [1.0f32, 2.0, 3.0, 4.0])?;
    /// let y_pred = Tensor::new(&[4, 1], [2.0f32, 4.0, 6.0, 4.0])?;
    /// // (1 + 4 + 9 + 0) / 4
    /// assert_eq!(MeanSquaredError::new().eval(&y_true, &y_pred)?, 3.5);
    /// // 2 (y_pred − y_true) / 4
    /// assert_eq!(MeanSquaredError::new().slope(&y_true, &y_pred)?.slice::<f32>(), [0.5, 1.0, 1.5, 0.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    MeanSquaredError, "MeanSquaredError", "mean_squared_error", &["mean_squared_error", "mse", "MSE"], {}
}

impl Loss for MeanSquaredError {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "mean_squared_error", y_true, y_pred)?;
        let error = ops::subtract(g, y_true, y_pred)?;
        let square = compose::square(g, error)?;
        mean_last(g, square)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}
