//! The rectified linear unit.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use super::{Activation as _, Relu6};
use crate::activations::activation;

activation! {
    /// The rectified linear unit, `max(x, 0)`. The slope at 0 is 0.
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
    /// let relu = ActivationRef::by_name("relu")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 2.0]);
    /// assert_eq!(relu.eval(&x)?.slice::<f32>(), [0.0, 0.0, 2.0]);
    /// assert_eq!(relu.slope(&x)?.slice::<f32>(), [0.0, 0.0, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Glorot, Bordes & Bengio (2011), *Deep sparse rectifier neural networks*, <https://proceedings.mlr.press/v15/glorot11a.html>
    Relu, "relu", &[], |g, x| compose::relu(g, x)
}

/// The rectified linear unit with all of Keras' arguments.
///
/// `max_value` where `x ≥ max_value`, `x` where `threshold ≤ x < max_value`, `negative_slope · (x − threshold)` below.
///
/// # Errors
/// `x` is not of a floating-point type.
pub fn relu(
    g: &mut Graph,
    x: Value,
    negative_slope: f64,
    max_value: Option<f64>,
    threshold: f64,
) -> Result<Value, GraphError> {
    if negative_slope != 0.0 && max_value.is_none() && threshold == 0.0 {
        return super::leaky_relu(g, x, negative_slope);
    }
    let mut positive = match (threshold == 0.0, max_value) {
        (true, Some(6.0)) => Relu6.apply(g, x)?,
        (true, _) => compose::relu(g, x)?,
        (false, _) => super::threshold(g, x, threshold, 0.0)?,
    };
    if let Some(max_value) = max_value {
        positive = compose::clip(g, positive, 0.0, max_value)?;
    }
    if negative_slope == 0.0 {
        return Ok(positive);
    }
    let below = compose::subtract_from_scalar(g, threshold, x)?;
    let below = compose::relu(g, below)?;
    let below = compose::multiply_scalar(g, below, negative_slope)?;
    ops::subtract(g, positive, below)
}
