//! The squareplus function.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use crate::activations::activation;

activation! {
    /// `(x + √(x² + 4)) / 2`: a rectified linear unit made smooth without exponentials.
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
    /// let squareplus = ActivationRef::by_name("squareplus")?;
    /// let x = Tensor::from_slice(&[0.0f32, 1.5]);
    /// assert_eq!(squareplus.eval(&x)?.slice::<f32>(), [1.0, 2.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Barron (2021), *Squareplus: a softplus-like algebraic rectifier*, <https://arxiv.org/abs/2112.11687>
    Squareplus, "squareplus", &[], |g, x| squareplus(g, x, 4.0)
}

/// `(x + √(x² + b)) / 2`.
///
/// # Errors
/// `x` is not of a floating-point type.
pub fn squareplus(g: &mut Graph, x: Value, b: f64) -> Result<Value, GraphError> {
    let square = compose::square(g, x)?;
    let square = compose::add_scalar(g, square, b)?;
    let root = ops::sqrt(g, square)?;
    let sum = ops::add(g, x, root)?;
    compose::multiply_scalar(g, sum, 0.5)
}
