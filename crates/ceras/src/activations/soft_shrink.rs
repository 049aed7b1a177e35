//! The soft threshold.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use crate::activations::activation;

activation! {
    /// `x − 0.5` above 0.5, `x + 0.5` below −0.5, 0 between.
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
    /// let soft_shrink = ActivationRef::by_name("soft_shrink")?;
    /// let x = Tensor::from_slice(&[-2.0f32, 0.25, 1.0]);
    /// assert_eq!(soft_shrink.eval(&x)?.slice::<f32>(), [-1.5, 0.0, 0.5]);
    /// assert_eq!(soft_shrink.slope(&x)?.slice::<f32>(), [1.0, 0.0, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    SoftShrink, "soft_shrink", &[], |g, x| soft_shrink(g, x, 0.5)
}

/// `x − threshold` above `threshold`, `x + threshold` below `−threshold`, 0 between.
///
/// # Errors
/// `x` is not of a floating-point type.
pub fn soft_shrink(g: &mut Graph, x: Value, threshold: f64) -> Result<Value, GraphError> {
    let above = compose::subtract_scalar(g, x, threshold)?;
    let above = compose::relu(g, above)?;
    let opposite = ops::negate(g, x)?;
    let below = compose::subtract_scalar(g, opposite, threshold)?;
    let below = compose::relu(g, below)?;
    ops::subtract(g, above, below)
}
