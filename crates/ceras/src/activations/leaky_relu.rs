//! The rectified linear unit that leaks.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use crate::activations::activation;

activation! {
    /// `x` where it is positive, `0.2 x` elsewhere.
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
    /// let leaky_relu = ActivationRef::by_name("leaky_relu")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 2.0]);
    /// assert_eq!(leaky_relu.eval(&x)?.slice::<f32>(), [-0.2, 0.0, 2.0]);
    /// assert_eq!(leaky_relu.slope(&x)?.slice::<f32>(), [0.2, 0.2, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Maas, Hannun & Ng (2013), *Rectifier nonlinearities improve neural network acoustic models*, <https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf>
    LeakyRelu, "leaky_relu", &[], |g, x| leaky_relu(g, x, 0.2)
}

/// `x` where it is positive, `negative_slope · x` elsewhere.
///
/// # Errors
/// `x` is not of a floating-point type.
pub fn leaky_relu(g: &mut Graph, x: Value, negative_slope: f64) -> Result<Value, GraphError> {
    let leak = compose::multiply_scalar(g, x, negative_slope)?;
    let zero = compose::scalar(g, 0.0, g.ty(x).dtype)?;
    let positive = compose::greater(g, x, zero)?;
    ops::select(g, positive, x, leak)
}
