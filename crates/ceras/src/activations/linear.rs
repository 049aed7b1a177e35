//! The identity.

use crate::activations::activation;

activation! {
    /// The identity, `x`.
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
    /// let linear = ActivationRef::by_name("linear")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 2.0]);
    /// assert_eq!(linear.eval(&x)?.slice::<f32>(), [-1.0, 0.0, 2.0]);
    /// assert_eq!(linear.slope(&x)?.slice::<f32>(), [1.0, 1.0, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Linear, "linear", &[], |_, x| Ok(x)
}
