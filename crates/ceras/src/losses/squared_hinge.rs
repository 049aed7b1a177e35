//! The squared hinge loss.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose};

use super::{
    Loss,
    common::{mean_last, pair},
    hinge::margin,
    loss, named, targets,
};
use crate::error::Result as CerasResult;

loss! {
    /// The squared hinge loss, `mean(max(1 − y_true y_pred, 0)²)` for targets −1 and 1. Targets that are all 0 or 1 are taken as −1 and 1.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::SquaredHinge;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.0f32, 1.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [0.5f32, 0.5])?;
    /// let loss = SquaredHinge::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.25).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    SquaredHinge, "SquaredHinge", "squared_hinge", &["squared_hinge"], {}
}

impl Loss for SquaredHinge {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "squared_hinge", y_true, y_pred)?;
        let margin = margin(g, y_true, y_pred)?;
        let square = compose::square(g, margin)?;
        mean_last(g, square)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}
