//! The Tversky loss.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{one_minus, pair, summed},
    loss, named, targets,
};
use crate::constraints::{Axes, EPSILON};
use crate::error::Result as CerasResult;

loss! {
    /// The Tversky loss of overlapping regions, `1 − t / (t + alpha f + beta m + ε)` with `t = Σ y_true y_pred`,
    /// `f = Σ y_true (1 − y_pred)`, `m = Σ (1 − y_true) y_pred` and `ε = 10⁻⁷`.
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
    /// use ceras::losses::Tversky;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [1.0f32, 0.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [1.0f32, 1.0])?;
    /// let loss = Tversky::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.0 / 3.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Salehi, Erdogmus & Gholipour (2017), *Tversky loss function for image segmentation*, <https://arxiv.org/abs/1706.05721>
    Tversky, "Tversky", "tversky", &["tversky"], {
        alpha: f64 = 0.5, "The same with another weight of what was missed.";
        beta: f64 = 0.5, "The same with another weight of what was found wrongly.";
        axis: Option<Axes> = None, "The same with sums over these axes alone; all axes unless said otherwise.";
    }
}

impl Loss for Tversky {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "tversky", y_true, y_pred)?;
        let axes = summed(g, "tversky", y_pred, self.axis.as_ref())?;
        let (no, q) = (one_minus(g, y_true)?, one_minus(g, y_pred)?);
        let mut sum = |a: Value, b: Value, weight: f64| -> Result<Value, GraphError> {
            let product = ops::multiply(g, a, b)?;
            let sum = compose::sum(g, product, &axes, false)?;
            compose::multiply_scalar(g, sum, weight)
        };
        let both = sum(y_true, y_pred, 1.0)?;
        let missed = sum(y_true, q, self.alpha)?;
        let wrong = sum(no, y_pred, self.beta)?;
        let size = ops::add(g, both, missed)?;
        let size = ops::add(g, size, wrong)?;
        let size = compose::add_scalar(g, size, EPSILON)?;
        let overlap = ops::divide(g, both, size)?;
        one_minus(g, overlap)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}
