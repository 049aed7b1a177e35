//! The Kullback-Leibler divergence.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{Loss, common::pair, loss, named, targets};
use crate::activations::rules;
use crate::constraints::EPSILON;
use crate::error::Result as CerasResult;

loss! {
    /// The Kullback-Leibler divergence, `Σ y_true ln(y_true / y_pred)` with both clipped to between `10⁻⁷` and 1.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the sum over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::KlDivergence;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.5f64, 0.5])?;
    /// let y_pred = Tensor::new(&[1, 2], [0.25f64, 0.75])?;
    /// let loss = KlDivergence::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 0.143841).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Kullback & Leibler (1951), *On information and sufficiency*, <https://doi.org/10.1214/aoms/1177729694>
    KlDivergence, "KLDivergence", "kl_divergence", &["kl_divergence", "kld", "KLD", "kullback_leibler_divergence"], {}
}

impl Loss for KlDivergence {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "kl_divergence", y_true, y_pred)?;
        let y_true = compose::clip(g, y_true, EPSILON, 1.0)?;
        let y_pred = compose::clip(g, y_pred, EPSILON, 1.0)?;
        let ratio = ops::divide(g, y_true, y_pred)?;
        let log = ops::log(g, ratio)?;
        let product = ops::multiply(g, y_true, log)?;
        let axis = rules::axis_of(g, "kl_divergence", product, -1)?;
        compose::sum(g, product, &[axis], false)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)?;
        targets::between_0_and_1(y, "kl_divergence")
    }
}
