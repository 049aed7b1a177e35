//! The Huber loss.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{mean_last, pair},
    loss, named, targets,
};
use crate::error::Result as CerasResult;

loss! {
    /// The Huber loss: half the squared error where it is small, growing with the error only linearly beyond `delta`.
    ///
    /// `e² / 2` where `|e| ≤ delta`, `delta (|e| − delta / 2)` elsewhere, with `e = y_pred − y_true`; the mean over the last axis.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// A squared error against an outlier: 50.5; the Huber loss: 5.
    /// ```
    /// use ceras::losses::{Huber, MeanSquaredError};
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 1], [0.0f32, 0.0])?;
    /// let with_outlier = Tensor::new(&[2, 1], [1.0f32, 10.0])?;
    /// // (1 + 100) / 2 against (0.5 + 9.5) / 2
    /// assert_eq!(MeanSquaredError::new().eval(&y_true, &with_outlier)?, 50.5);
    /// assert_eq!(Huber::new().eval(&y_true, &with_outlier)?, 5.0);
    /// // The outlier pulls as hard as an error of 1 does.
    /// assert_eq!(Huber::new().slope(&y_true, &with_outlier)?.slice::<f32>(), [0.5, 0.5]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Huber (1964), *Robust estimation of a location parameter*, <https://doi.org/10.1214/aoms/1177703732>
    ///
    /// # Keras
    /// Keras' `get_config()` forgets `delta`; here it is written when it is not 1, and Keras reads it.
    Huber, "Huber", "huber_loss", &["huber", "Huber", "huber_loss"], {
        #[serde(skip_serializing_if = "is_one")]
        delta: f64 = 1.0, "The same with another bound between small and large errors, which is positive.";
    }
}

impl Loss for Huber {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "huber", y_true, y_pred)?;
        let error = ops::subtract(g, y_pred, y_true)?;
        let size = ops::abs(g, error)?;
        let delta = compose::scalar(g, self.delta, g.ty(size).dtype)?;
        let small = compose::less_equal(g, size, delta)?;
        let square = compose::square(g, error)?;
        let square = compose::multiply_scalar(g, square, 0.5)?;
        let linear = compose::multiply_scalar(g, size, self.delta)?;
        let linear = compose::subtract_scalar(g, linear, 0.5 * self.delta * self.delta)?;
        let loss = ops::select(g, small, square, linear)?;
        mean_last(g, loss)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}

fn is_one(delta: &f64) -> bool {
    *delta == 1.0
}
