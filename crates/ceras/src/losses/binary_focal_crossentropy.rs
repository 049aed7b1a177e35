//! The binary cross-entropy with focus.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{
    Loss,
    common::{self, one_minus, pair, smooth},
    loss, named, targets,
};
use crate::activations::{Activation, Sigmoid, rules};
use crate::error::Result as CerasResult;

loss! {
    /// The binary cross-entropy with focus on hard samples: each is multiplied by `(1 − p)^gamma`, where `p` is the probability
    /// given to what is right. With `apply_class_balancing`, also by `alpha` for targets of 1 and `1 − alpha` for targets of 0.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, …, n]` → losses `[batch, …]`: the mean over the last axis.
    ///
    /// # Errors
    /// The shapes differ: nothing is repeated to fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::BinaryFocalCrossentropy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 1], [1.0f32])?;
    /// let y_pred = Tensor::new(&[1, 1], [0.5f32])?;
    /// let loss = BinaryFocalCrossentropy::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 0.25 * 0.693147).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Lin et al. (2017), *Focal loss for dense object detection*, <https://arxiv.org/abs/1708.02002>
    BinaryFocalCrossentropy, "BinaryFocalCrossentropy", "binary_focal_crossentropy", &["binary_focal_crossentropy"], {
        from_logits: bool = false, "The same for predictions that are logits, not probabilities.";
        label_smoothing: f64 = 0.0, "The same with targets drawn towards equal shares by this part, from 0 to 1.";
        axis: i64 = -1, "The same with the mean over another axis, which counts from the end when negative.";
        apply_class_balancing: bool = false, "The same with weights for the two classes.";
        alpha: f64 = 0.25, "The same with another weight.";
        gamma: f64 = 2.0, "The same with another focus: the higher, the less do easy samples count.";
    }
}

impl Loss for BinaryFocalCrossentropy {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "binary_focal_crossentropy", y_true, y_pred)?;
        let y_true = smooth(g, y_true, self.label_smoothing, 0.5)?;
        let p = if self.from_logits { Sigmoid.apply(g, y_pred)? } else { y_pred };
        let loss = common::binary_crossentropy(g, y_true, p, false)?;
        let (no, q) = (one_minus(g, y_true)?, one_minus(g, p)?);
        let yes = ops::multiply(g, y_true, p)?;
        let rest = ops::multiply(g, no, q)?;
        let right = ops::add(g, yes, rest)?;
        let wrong = one_minus(g, right)?;
        let focus = compose::power_scalar(g, wrong, self.gamma)?;
        let mut loss = ops::multiply(g, focus, loss)?;
        if self.apply_class_balancing {
            let ones = compose::multiply_scalar(g, y_true, self.alpha)?;
            let zeros = compose::multiply_scalar(g, no, 1.0 - self.alpha)?;
            let weight = ops::add(g, ones, zeros)?;
            loss = ops::multiply(g, weight, loss)?;
        }
        let axis = rules::axis_of(g, "binary_focal_crossentropy", loss, self.axis)?;
        compose::mean(g, loss, &[axis], false)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)?;
        targets::between_0_and_1(y, "binary_focal_crossentropy")
    }

    fn from_logits(&self) -> bool {
        self.from_logits
    }
}
