//! The piecewise linear hyperbolic tangent.

use ceras_graph::compose;

use crate::activations::activation;

activation! {
    /// `min(max(x, −1), 1)`.
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
    /// let hard_tanh = ActivationRef::by_name("hard_tanh")?;
    /// let x = Tensor::from_slice(&[-2.0f32, 0.5, 3.0]);
    /// assert_eq!(hard_tanh.eval(&x)?.slice::<f32>(), [-1.0, 0.5, 1.0]);
    /// assert_eq!(hard_tanh.slope(&x)?.slice::<f32>(), [0.0, 1.0, 0.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    HardTanh, "hard_tanh", &[], |g, x| compose::clip(g, x, -1.0, 1.0)
}
