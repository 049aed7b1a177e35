//! Probabilities of classes.

use ceras_graph::{Graph, GraphError, Value, compose};

use super::rules;
use crate::activations::activation;

activation! {
    /// Probabilities of classes, `exp(x) / Σ exp(x)` along the last axis: positive, with sum 1.
    ///
    /// A cross-entropy of its result works on `x`, which loses no digits where a probability is close to 0.
    ///
    /// # Shapes
    /// Any; the result has the shape of `x`.
    ///
    /// # Errors
    /// `x` is not of a floating-point type or has no axis.
    ///
    /// # Examples
    /// ```
    /// use ceras::activations::ActivationRef;
    /// use ceras_graph::Tensor;
    /// let softmax = ActivationRef::by_name("softmax")?;
    /// let x = Tensor::from_slice(&[0.0f32, 0.6931472]);
    /// let near = |a: &Tensor, b: [f32; 2]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&softmax.eval(&x)?, [0.333333, 0.666667]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Softmax, "softmax", &[], |g, x| softmax(g, x, -1)
}

/// Probabilities of classes along an axis, which counts from the end when negative.
///
/// # Errors
/// `x` has no such axis.
pub fn softmax(g: &mut Graph, x: Value, axis: i64) -> Result<Value, GraphError> {
    let axis = rules::axis_of(g, "softmax", x, axis)?;
    let y = compose::softmax(g, x, axis)?;
    // The losses work along the last axis; along another one the logits would be read wrongly.
    if axis + 1 == g.ty(x).shape.rank() {
        g.set_logits(y, x);
    }
    Ok(y)
}
