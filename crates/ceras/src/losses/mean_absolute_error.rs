//! The mean absolute error.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, ops};

use super::{
    Loss,
    common::{mean_last, pair},
    loss, named, targets,
};
use crate::error::Result as CerasResult;

loss! {
    /// The mean absolute error, `mean(|y_true − y_pred|)`.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::MeanAbsoluteError;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4, 1], [1.0f32, 2.0, 3.0, 4.0])?;
    /// let y_pred = Tensor::new(&[4, 1], [2.0f32, 4.0, 6.0, 4.0])?;
    /// let loss = MeanAbsoluteError::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.5).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    MeanAbsoluteError, "MeanAbsoluteError", "mean_absolute_error", &["mean_absolute_error", "mae", "MAE"], {}
}

impl Loss for MeanAbsoluteError {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "mean_absolute_error", y_true, y_pred)?;
        let error = ops::subtract(g, y_true, y_pred)?;
        let size = ops::abs(g, error)?;
        mean_last(g, size)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}
