//! The exponential function.

use ceras_graph::ops;

use crate::activations::activation;

activation! {
    /// The exponential function, `exp(x)`.
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
    /// let exponential = ActivationRef::by_name("exponential")?;
    /// let x = Tensor::from_slice(&[0.0f32, 1.0]);
    /// let near = |a: &Tensor, b: [f32; 2]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&exponential.eval(&x)?, [1.0, 2.718282]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Exponential, "exponential", &[], ops::exponential
}
