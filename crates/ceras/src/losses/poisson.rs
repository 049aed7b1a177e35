//! The Poisson loss.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{mean_last, pair},
    loss, named, targets,
};
use crate::constraints::EPSILON;
use crate::error::Result as CerasResult;

loss! {
    /// `mean(y_pred − y_true ln(y_pred + ε))` with `ε = 10⁻⁷`: minus the logarithm of the likelihood of counts `y_true` with rates `y_pred`, but for a constant.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::Poisson;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.0f32, 1.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [1.0f32, 1.0])?;
    /// let loss = Poisson::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Poisson, "Poisson", "poisson", &["poisson"], {}
}

impl Loss for Poisson {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "poisson", y_true, y_pred)?;
        let shifted = compose::add_scalar(g, y_pred, EPSILON)?;
        let log = ops::log(g, shifted)?;
        let product = ops::multiply(g, y_true, log)?;
        let loss = ops::subtract(g, y_pred, product)?;
        mean_last(g, loss)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}
