//! The cross-entropy of classes with focus.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::common::{clip_probabilities, negative_dot, one_minus, pair, smooth};
use super::{Loss, loss, named, targets};
use crate::activations::rules;
use crate::error::Result as CerasResult;

loss! {
    /// The cross-entropy of classes with focus on hard samples: each class's part is multiplied by `alpha (1 − p)^gamma`, where
    /// `p` is the class's probability.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, classes]` → losses `[batch, …]`.
    ///
    /// # Errors
    /// The shapes differ, or the number of classes is unknown.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::CategoricalFocalCrossentropy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.0f32, 1.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [0.5f32, 0.5])?;
    /// let loss = CategoricalFocalCrossentropy::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 0.25 * 0.25 * 0.693147).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Lin et al. (2017), *Focal loss for dense object detection*, <https://arxiv.org/abs/1708.02002>
    CategoricalFocalCrossentropy, "CategoricalFocalCrossentropy", "categorical_focal_crossentropy", &["categorical_focal_crossentropy"], {
        from_logits: bool = false, "The same for predictions that are logits, not probabilities.";
        label_smoothing: f64 = 0.0, "The same with targets drawn towards equal shares by this part, from 0 to 1.";
        axis: i64 = -1, "The same with the classes along another axis, which counts from the end when negative.";
        alpha: f64 = 0.25, "The same with another weight.";
        gamma: f64 = 2.0, "The same with another focus: the higher, the less do easy samples count.";
    }
}

impl Loss for CategoricalFocalCrossentropy {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "categorical_focal_crossentropy", y_true, y_pred)?;
        let axis = rules::axis_of(g, "categorical_focal_crossentropy", y_pred, self.axis)?;
        let last = rules::axis_of(g, "categorical_focal_crossentropy", y_pred, -1)?;
        let classes = rules::known_dim(g, "categorical_focal_crossentropy", y_pred, last)?;
        let y_true = smooth(g, y_true, self.label_smoothing, 1.0 / classes as f64)?;
        let p = if self.from_logits { compose::softmax(g, y_pred, axis)? } else { y_pred };
        let sum = compose::sum(g, p, &[axis], true)?;
        let p = compose::divide(g, p, sum)?;
        let p = clip_probabilities(g, p)?;
        let log = ops::log(g, p)?;
        let rest = one_minus(g, p)?;
        let focus = compose::power_scalar(g, rest, self.gamma)?;
        let focus = compose::multiply_scalar(g, focus, self.alpha)?;
        let weighted = ops::multiply(g, focus, log)?;
        negative_dot(g, y_true, weighted, axis)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::one_hot(y, output, "categorical_focal_crossentropy")
    }

    fn from_logits(&self) -> bool {
        self.from_logits
    }
}
