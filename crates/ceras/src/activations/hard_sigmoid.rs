//! The piecewise linear sigmoid.

use ceras_graph::compose;

use super::Relu6;
use crate::activations::activation;

activation! {
    /// `min(max(x / 6 + 1/2, 0), 1)`: a sigmoid of straight lines.
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
    /// let hard_sigmoid = ActivationRef::by_name("hard_sigmoid")?;
    /// let x = Tensor::from_slice(&[-4.0f32, 0.0, 6.0]);
    /// assert_eq!(hard_sigmoid.eval(&x)?.slice::<f32>(), [0.0, 0.5, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    HardSigmoid, "hard_sigmoid", &[], |g, x| {
        let shifted = compose::add_scalar(g, x, 3.0)?;
        let clipped = Relu6.apply(g, shifted)?;
        compose::divide_scalar(g, clipped, 6.0)
    }
}
