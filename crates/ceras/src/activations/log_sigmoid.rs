//! The logarithm of the sigmoid.

use ceras_graph::{compose, ops};

use crate::activations::activation;

activation! {
    /// `ln sigmoid(x) = −softplus(−x)`.
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
    /// let log_sigmoid = ActivationRef::by_name("log_sigmoid")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 1.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&log_sigmoid.eval(&x)?, [-1.313262, -0.693147, -0.313262]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    LogSigmoid, "log_sigmoid", &[], |g, x| {
        let opposite = ops::negate(g, x)?;
        let y = compose::softplus(g, opposite)?;
        ops::negate(g, y)
    }
}
