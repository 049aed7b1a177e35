//! The cross-entropy of classes.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::common::{Head, clip_probabilities, logits, negative_dot, pair, smooth};
use super::{Loss, loss, named, targets};
use crate::activations::rules;
use crate::error::Result as CerasResult;

loss! {
    /// The cross-entropy of one-hot targets (or shares of classes) with probabilities of classes, `−Σ y_true ln y_pred`.
    ///
    /// Probabilities are divided by their sum and kept between `10⁻⁷` and `1 − 10⁻⁷`. With `from_logits`, `ln softmax(y_pred)`
    /// takes the place of `ln y_pred`. `label_smoothing = s` puts `y_true (1 − s) + s / classes` in place of the targets.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, classes]` → losses `[batch, …]`.
    ///
    /// # Errors
    /// The shapes differ, or the number of classes is unknown.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::CategoricalCrossentropy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 3], [0.0f32, 1.0, 0.0, 0.0, 0.0, 1.0])?;
    /// let y_pred = Tensor::new(&[2, 3], [0.05f32, 0.95, 0.0, 0.1, 0.8, 0.1])?;
    /// let loss = CategoricalCrossentropy::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.176939).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// As Keras on TensorFlow, the loss works on the logits when the predictions are a softmax's result, whatever `from_logits`
    /// says. A sigmoid's logits are not taken for a softmax's, which Keras does.
    CategoricalCrossentropy, "CategoricalCrossentropy", "categorical_crossentropy", &["categorical_crossentropy"], {
        from_logits: bool = false, "The same for predictions that are logits, not probabilities.";
        label_smoothing: f64 = 0.0, "The same with targets drawn towards equal shares by this part, from 0 to 1.";
        axis: i64 = -1, "The same with the classes along another axis, which counts from the end when negative.";
    }
}

impl Loss for CategoricalCrossentropy {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "categorical_crossentropy", y_true, y_pred)?;
        let axis = rules::axis_of(g, "categorical_crossentropy", y_pred, self.axis)?;
        let last = rules::axis_of(g, "categorical_crossentropy", y_pred, -1)?;
        let classes = rules::known_dim(g, "categorical_crossentropy", y_pred, last)?;
        let y_true = smooth(g, y_true, self.label_smoothing, 1.0 / classes as f64)?;
        let known =
            logits(g, y_pred, Head::Softmax, self.from_logits).filter(|_| self.from_logits || axis == last);
        let log = match known {
            Some(logits) => compose::log_softmax(g, logits, axis)?,
            None => {
                let sum = compose::sum(g, y_pred, &[axis], true)?;
                let shares = compose::divide(g, y_pred, sum)?;
                let shares = clip_probabilities(g, shares)?;
                ops::log(g, shares)?
            }
        };
        negative_dot(g, y_true, log, axis)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::one_hot(y, output, "categorical_crossentropy")
    }

    fn from_logits(&self) -> bool {
        self.from_logits
    }
}
