//! The Mish function.

use ceras_graph::{compose, ops};

use crate::activations::activation;

activation! {
    /// `x · tanh(softplus(x))`.
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
    /// let mish = ActivationRef::by_name("mish")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 1.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&mish.eval(&x)?, [-0.303401, 0.0, 0.865098]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Misra (2019), *Mish: a self regularized non-monotonic activation function*, <https://arxiv.org/abs/1908.08681>
    Mish, "mish", &[], |g, x| {
        let gate = compose::softplus(g, x)?;
        let gate = ops::tanh(g, gate)?;
        ops::multiply(g, x, gate)
    }
}
