//! The continuously differentiable exponential linear unit.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use crate::activations::activation;

activation! {
    /// The continuously differentiable exponential linear unit, `max(x, 0) + min(0, exp(x) − 1)`.
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
    /// let celu = ActivationRef::by_name("celu")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.5, 2.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&celu.eval(&x)?, [-0.632121, 0.5, 2.0]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Barron (2017), *Continuously differentiable exponential linear units*, <https://arxiv.org/abs/1704.07483>
    Celu, "celu", &[], |g, x| celu(g, x, 1.0)
}

/// `max(x, 0) + alpha · (exp(min(x, 0) / alpha) − 1)`.
///
/// # Errors
/// `x` is not of a floating-point type.
pub fn celu(g: &mut Graph, x: Value, alpha: f64) -> Result<Value, GraphError> {
    let zero = compose::scalar(g, 0.0, g.ty(x).dtype)?;
    let positive = compose::greater(g, x, zero)?;
    let below = compose::minimum_scalar(g, x, 0.0)?;
    let scaled = compose::divide_scalar(g, below, alpha)?;
    let curve = ops::exponential_minus_one(g, scaled)?;
    let curve = compose::multiply_scalar(g, curve, alpha)?;
    ops::select(g, positive, x, curve)
}
