//! The hyperbolic tangent.

use ceras_graph::ops;

use crate::activations::activation;

activation! {
    /// The hyperbolic tangent: between −1 and 1.
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
    /// let tanh = ActivationRef::by_name("tanh")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 1.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&tanh.eval(&x)?, [-0.761594, 0.0, 0.761594]));
    /// assert!(near(&tanh.slope(&x)?, [0.419974, 1.0, 0.419974]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Tanh, "tanh", &[], ops::tanh
}
