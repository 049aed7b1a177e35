//! The threshold.

use ceras_graph::{Graph, GraphError, Value, compose};

use crate::activations::activation;

activation! {
    /// `x` where it is above 0, 0 elsewhere: what Keras' `threshold` is with both of its arguments 0.
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
    /// let threshold = ActivationRef::by_name("threshold")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 2.0]);
    /// assert_eq!(threshold.eval(&x)?.slice::<f32>(), [0.0, 2.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// By name, Keras accepts this one and fails when it is called, since its arguments have no defaults.
    Threshold, "threshold", &[], |g, x| threshold(g, x, 0.0, 0.0)
}

/// `x` where it is above `limit`, `default_value` elsewhere.
///
/// # Errors
/// `x` is not of a floating-point type.
pub fn threshold(g: &mut Graph, x: Value, limit: f64, default_value: f64) -> Result<Value, GraphError> {
    let dtype = g.ty(x).dtype;
    let limit = compose::scalar(g, limit, dtype)?;
    let keep = compose::greater(g, x, limit)?;
    let other = compose::scalar(g, default_value, dtype)?;
    compose::select(g, keep, x, other)
}
