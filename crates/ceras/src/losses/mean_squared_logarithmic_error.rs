//! The mean squared logarithmic error.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{mean_last, pair},
    loss, named, targets,
};
use crate::constraints::EPSILON;
use crate::error::Result as CerasResult;

loss! {
    /// The mean squared logarithmic error, `mean((ln(1 + max(y_pred, ε)) − ln(1 + max(y_true, ε)))²)` with `ε = 10⁻⁷`.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::MeanSquaredLogarithmicError;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 1], [0.0f32])?;
    /// let y_pred = Tensor::new(&[1, 1], [1.718_281_8f32])?;
    /// let loss = MeanSquaredLogarithmicError::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    MeanSquaredLogarithmicError, "MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", &["mean_squared_logarithmic_error", "msle", "MSLE"], {}
}

impl Loss for MeanSquaredLogarithmicError {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "mean_squared_logarithmic_error", y_true, y_pred)?;
        let mut log = |x: Value| -> Result<Value, GraphError> {
            let bounded = compose::maximum_scalar(g, x, EPSILON)?;
            let shifted = compose::add_scalar(g, bounded, 1.0)?;
            ops::log(g, shifted)
        };
        let (predicted, wanted) = (log(y_pred)?, log(y_true)?);
        let error = ops::subtract(g, predicted, wanted)?;
        let square = compose::square(g, error)?;
        mean_last(g, square)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}
