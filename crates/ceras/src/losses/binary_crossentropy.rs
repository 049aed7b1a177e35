//! The binary cross-entropy.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose};

use super::{
    Loss,
    common::{self, pair, smooth},
    loss, named, targets,
};
use crate::activations::rules;
use crate::error::Result as CerasResult;

loss! {
    /// The cross-entropy of yes-or-no targets (1 and 0) with probabilities of yes,
    /// `−mean(y_true ln y_pred + (1 − y_true) ln(1 − y_pred))`.
    ///
    /// Probabilities are kept between `10⁻⁷` and `1 − 10⁻⁷`. With `from_logits`, `sigmoid(y_pred)` takes the place of `y_pred`.
    /// `label_smoothing = s` puts `y_true (1 − s) + s / 2` in place of the targets.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::BinaryCrossentropy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4, 1], [0.0f32, 1.0, 0.0, 0.0])?;
    /// let y_pred = Tensor::new(&[4, 1], [-18.6f32, 0.51, 2.94, -12.8])?;
    /// let loss = BinaryCrossentropy::new().from_logits(true).eval(&y_true, &y_pred)?;
    /// assert!((loss - 0.865458).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// As Keras on TensorFlow, the loss works on the logits when the predictions are a sigmoid's result, whatever `from_logits`
    /// says. A softmax's logits are not taken for a sigmoid's, which Keras does.
    BinaryCrossentropy, "BinaryCrossentropy", "binary_crossentropy", &["binary_crossentropy", "bce", "BCE"], {
        from_logits: bool = false, "The same for predictions that are logits, not probabilities.";
        label_smoothing: f64 = 0.0, "The same with targets drawn towards equal shares by this part, from 0 to 1.";
        axis: i64 = -1, "The same with the mean over another axis, which counts from the end when negative.";
    }
}

impl Loss for BinaryCrossentropy {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "binary_crossentropy", y_true, y_pred)?;
        let y_true = smooth(g, y_true, self.label_smoothing, 0.5)?;
        let loss = common::binary_crossentropy(g, y_true, y_pred, self.from_logits)?;
        let axis = rules::axis_of(g, "binary_crossentropy", loss, self.axis)?;
        compose::mean(g, loss, &[axis], false)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output).map_err(|error| match output.shape.last() {
            Some(units) if units > 1 && y.rank() < output.shape.rank() => {
                let error = error.detail("targets of `binary_crossentropy` say yes or no for each unit");
                error.another_hint("for labels of classes use `softmax` and `sparse_categorical_crossentropy`; for one yes or no, 1 unit")
            }
            _ => error,
        })?;
        targets::between_0_and_1(y, "binary_crossentropy")
    }

    fn from_logits(&self) -> bool {
        self.from_logits
    }
}
