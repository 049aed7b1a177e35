//! The categorical hinge loss.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{one_minus, pair},
    loss, named, targets,
};
use crate::activations::rules;
use crate::error::Result as CerasResult;

loss! {
    /// The categorical hinge loss, `max(n − p + 1, 0)` with `p = Σ y_true y_pred` and `n = max((1 − y_true) y_pred)`.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, classes]` → losses `[batch, …]`.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::CategoricalHinge;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.0f32, 1.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [0.6f32, 0.4])?;
    /// let loss = CategoricalHinge::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.2).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    CategoricalHinge, "CategoricalHinge", "categorical_hinge", &["categorical_hinge"], {}
}

impl Loss for CategoricalHinge {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "categorical_hinge", y_true, y_pred)?;
        let axis = rules::axis_of(g, "categorical_hinge", y_pred, -1)?;
        let right = ops::multiply(g, y_true, y_pred)?;
        let right = compose::sum(g, right, &[axis], false)?;
        let others = one_minus(g, y_true)?;
        let wrong = ops::multiply(g, others, y_pred)?;
        let wrong = compose::max(g, wrong, &[axis], false)?;
        let margin = ops::subtract(g, wrong, right)?;
        let margin = compose::add_scalar(g, margin, 1.0)?;
        compose::maximum_scalar(g, margin, 0.0)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::one_hot(y, output, "categorical_hinge")
    }
}
