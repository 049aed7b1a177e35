//! Logarithms of probabilities of classes.

use ceras_graph::{Graph, GraphError, Value, compose};

use super::rules;
use crate::activations::activation;

activation! {
    /// Logarithms of probabilities of classes, `x − ln Σ exp(x)` along the last axis.
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
    /// let log_softmax = ActivationRef::by_name("log_softmax")?;
    /// let x = Tensor::from_slice(&[0.0f32, 0.0]);
    /// let near = |a: &Tensor, b: [f32; 2]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&log_softmax.eval(&x)?, [-0.693147, -0.693147]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    LogSoftmax, "log_softmax", &[], |g, x| log_softmax(g, x, -1)
}

/// Logarithms of probabilities of classes along an axis, which counts from the end when negative.
///
/// # Errors
/// `x` has no such axis.
pub fn log_softmax(g: &mut Graph, x: Value, axis: i64) -> Result<Value, GraphError> {
    let axis = rules::axis_of(g, "log_softmax", x, axis)?;
    compose::log_softmax(g, x, axis)
}
