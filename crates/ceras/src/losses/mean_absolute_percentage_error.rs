//! The mean absolute percentage error.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{mean_last, pair},
    loss, named, targets,
};
use crate::constraints::EPSILON;
use crate::error::Result as CerasResult;

loss! {
    /// The mean absolute percentage error, `100 mean(|y_true − y_pred| / max(|y_true|, ε))` in per cent, with `ε = 10⁻⁷`.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::MeanAbsolutePercentageError;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 1], [2.0f32, 10.0])?;
    /// let y_pred = Tensor::new(&[2, 1], [3.0f32, 9.0])?;
    /// let loss = MeanAbsolutePercentageError::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 30.0).abs() < 1e-4);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    MeanAbsolutePercentageError, "MeanAbsolutePercentageError", "mean_absolute_percentage_error", &["mean_absolute_percentage_error", "mape", "MAPE"], {}
}

impl Loss for MeanAbsolutePercentageError {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "mean_absolute_percentage_error", y_true, y_pred)?;
        let error = ops::subtract(g, y_true, y_pred)?;
        let size = ops::abs(g, y_true)?;
        let size = compose::maximum_scalar(g, size, EPSILON)?;
        let relative = ops::divide(g, error, size)?;
        let relative = ops::abs(g, relative)?;
        let mean = mean_last(g, relative)?;
        compose::multiply_scalar(g, mean, 100.0)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}
