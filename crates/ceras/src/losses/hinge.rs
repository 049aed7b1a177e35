//! The hinge loss.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{mean_last, one_minus, pair},
    loss, named,
    reduction::convert,
    targets,
};
use crate::error::Result as CerasResult;

loss! {
    /// The hinge loss, `mean(max(1 − y_true y_pred, 0))` for targets −1 and 1. Targets that are all 0 or 1 are taken as −1 and 1.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::Hinge;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.0f32, 1.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [0.5f32, 0.5])?;
    /// let loss = Hinge::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Hinge, "Hinge", "hinge", &["hinge"], {}
}

impl Loss for Hinge {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "hinge", y_true, y_pred)?;
        let margin = margin(g, y_true, y_pred)?;
        mean_last(g, margin)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}

/// `max(1 − y_true y_pred, 0)`, with targets of 0 and 1 turned into −1 and 1 when there are no others.
pub(super) fn margin(g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
    let dtype = g.ty(y_true).dtype;
    let (zero, one) = (compose::scalar(g, 0.0, dtype)?, compose::scalar(g, 1.0, dtype)?);
    let zeros = compose::equal(g, y_true, zero)?;
    let ones = compose::equal(g, y_true, one)?;
    let either = ops::or(g, zeros, ones)?;
    let axes: Vec<usize> = (0..g.ty(either).shape.rank()).collect();
    let binary = ops::reduce(g, either, ops::Reduction::And, &axes)?;
    // y (1 + b) − b with b = 1 for binary targets, 0 for others.
    let binary = convert(g, binary, dtype)?;
    let scale = compose::add_scalar(g, binary, 1.0)?;
    let scaled = compose::multiply(g, y_true, scale)?;
    let signed = compose::subtract(g, scaled, binary)?;
    let product = ops::multiply(g, signed, y_pred)?;
    let rest = one_minus(g, product)?;
    compose::maximum_scalar(g, rest, 0.0)
}
