//! What the hyperbolic tangent takes away.

use ceras_graph::ops;

use crate::activations::activation;

activation! {
    /// `x − tanh(x)`.
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
    /// let tanh_shrink = ActivationRef::by_name("tanh_shrink")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 2.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&tanh_shrink.eval(&x)?, [-0.238406, 0.0, 1.035972]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    TanhShrink, "tanh_shrink", &[], |g, x| {
        let y = ops::tanh(g, x)?;
        ops::subtract(g, x, y)
    }
}
