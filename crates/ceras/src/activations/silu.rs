//! The sigmoid-weighted linear unit.

use ceras_graph::ops;

use crate::activations::activation;

activation! {
    /// The sigmoid-weighted linear unit, `x · sigmoid(x)`; also called swish.
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
    /// let silu = ActivationRef::by_name("silu")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 1.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&silu.eval(&x)?, [-0.268941, 0.0, 0.731059]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Ramachandran, Zoph & Le (2017), *Searching for activation functions*, <https://arxiv.org/abs/1710.05941>
    Silu, "silu", &["silu", "swish"], |g, x| {
        let gate = ops::logistic(g, x)?;
        ops::multiply(g, x, gate)
    }
}
