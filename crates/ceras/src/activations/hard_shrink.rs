//! The hard threshold.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use crate::activations::activation;

activation! {
    /// `x` where `|x| > 0.5`, 0 elsewhere.
    ///
    /// # Shapes
    /// Any; the result has the shape of `x`.
    ///
    /// # Errors
    /// `x` is not of a floating-point type.
    ///
    /// # Examples
    /// ```
    /// use ceras::activations::ActivationRef;
    /// use ceras_graph::Tensor;
    /// let hard_shrink = ActivationRef::by_name("hard_shrink")?;
    /// let x = Tensor::from_slice(&[-2.0f32, 0.25, 1.0]);
    /// assert_eq!(hard_shrink.eval(&x)?.slice::<f32>(), [-2.0, 0.0, 1.0]);
    /// assert_eq!(hard_shrink.slope(&x)?.slice::<f32>(), [1.0, 0.0, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    HardShrink, "hard_shrink", &[], |g, x| hard_shrink(g, x, 0.5)
}

/// `x` where `|x| > threshold`, 0 elsewhere.
///
/// # Errors
/// `x` is not of a floating-point type.
pub fn hard_shrink(g: &mut Graph, x: Value, threshold: f64) -> Result<Value, GraphError> {
    let size = ops::abs(g, x)?;
    let limit = compose::scalar(g, threshold, g.ty(x).dtype)?;
    let keep = compose::greater(g, size, limit)?;
    let zero = compose::scalar(g, 0.0, g.ty(x).dtype)?;
    compose::select(g, keep, x, zero)
}
