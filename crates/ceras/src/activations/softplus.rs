//! The smooth rectified linear unit.

use ceras_graph::compose;

use crate::activations::activation;

activation! {
    /// `ln(1 + exp(x))`: a smooth rectified linear unit.
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
    /// let softplus = ActivationRef::by_name("softplus")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 1.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&softplus.eval(&x)?, [0.313262, 0.693147, 1.313262]));
    /// assert!(near(&softplus.slope(&x)?, [0.268941, 0.5, 0.731059]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Softplus, "softplus", &[], compose::softplus
}
