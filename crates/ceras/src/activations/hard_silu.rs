//! The piecewise linear SiLU.

use ceras_graph::ops;

use super::HardSigmoid;
use crate::activations::activation;

activation! {
    /// `x · hard_sigmoid(x)`; also called hard swish.
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
    /// let hard_silu = ActivationRef::by_name("hard_silu")?;
    /// let x = Tensor::from_slice(&[-4.0f32, 0.0, 6.0]);
    /// assert_eq!(hard_silu.eval(&x)?.slice::<f32>(), [-0.0, 0.0, 6.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Howard et al. (2019), *Searching for MobileNetV3*, <https://arxiv.org/abs/1905.02244>
    HardSilu, "hard_silu", &["hard_silu", "hard_swish"], |g, x| {
        let gate = HardSigmoid.apply(g, x)?;
        ops::multiply(g, x, gate)
    }
}
