//! The Dice loss.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{one_minus, pair, summed},
    loss, named, targets,
};
use crate::constraints::{Axes, EPSILON};
use crate::error::Result as CerasResult;

loss! {
    /// The Dice loss of overlapping regions, `1 − 2 Σ y_true y_pred / (Σ y_true + Σ y_pred + ε)` with `ε = 10⁻⁷`.
    ///
    /// # Shapes
    /// Targets and predictions of one shape; the losses are without the axes that are summed over, which are all unless said
    /// otherwise.
    ///
    /// # Errors
    /// The shapes differ, or there is no such axis.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::Dice;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [1.0f32, 0.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [1.0f32, 1.0])?;
    /// let loss = Dice::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.0 / 3.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Sudre et al. (2017), *Generalised Dice overlap*, <https://arxiv.org/abs/1707.03237>
    Dice, "Dice", "dice", &["dice"], {
        axis: Option<Axes> = None, "The same with sums over these axes alone; all axes unless said otherwise.";
    }
}

impl Loss for Dice {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "dice", y_true, y_pred)?;
        let axes = summed(g, "dice", y_pred, self.axis.as_ref())?;
        let both = ops::multiply(g, y_true, y_pred)?;
        let both = compose::sum(g, both, &axes, false)?;
        let twice = compose::multiply_scalar(g, both, 2.0)?;
        let wanted = compose::sum(g, y_true, &axes, false)?;
        let found = compose::sum(g, y_pred, &axes, false)?;
        let size = ops::add(g, wanted, found)?;
        let size = compose::add_scalar(g, size, EPSILON)?;
        let overlap = ops::divide(g, twice, size)?;
        one_minus(g, overlap)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}
