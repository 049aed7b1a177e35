//! The soft sign.

use ceras_graph::{compose, ops};

use crate::activations::activation;

activation! {
    /// `x / (1 + |x|)`: between −1 and 1.
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
    /// let softsign = ActivationRef::by_name("softsign")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 3.0]);
    /// assert_eq!(softsign.eval(&x)?.slice::<f32>(), [-0.5, 0.0, 0.75]);
    /// assert_eq!(softsign.slope(&x)?.slice::<f32>(), [0.25, 1.0, 0.0625]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Softsign, "softsign", &[], |g, x| {
        let size = ops::abs(g, x)?;
        let size = compose::add_scalar(g, size, 1.0)?;
        ops::divide(g, x, size)
    }
}
