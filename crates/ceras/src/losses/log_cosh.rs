//! The logarithm of the hyperbolic cosine.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{mean_last, pair},
    loss, named, targets,
};
use crate::error::Result as CerasResult;

loss! {
    /// `mean(ln cosh(y_pred − y_true))`: about half the squared error where it is small, the absolute error less `ln 2` where it is large.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::LogCosh;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.0f32, 0.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [1.0f32, 0.0])?;
    /// let loss = LogCosh::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 0.216890).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    LogCosh, "LogCosh", "log_cosh", &["log_cosh", "logcosh"], {}
}

impl Loss for LogCosh {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "log_cosh", y_true, y_pred)?;
        let error = ops::subtract(g, y_pred, y_true)?;
        let tail = compose::multiply_scalar(g, error, -2.0)?;
        let tail = compose::softplus(g, tail)?;
        let sum = ops::add(g, error, tail)?;
        let loss = compose::subtract_scalar(g, sum, std::f64::consts::LN_2)?;
        mean_last(g, loss)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}
