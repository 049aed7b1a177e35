//! The exponential linear unit.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use crate::activations::activation;

activation! {
    /// The exponential linear unit: `x` where it is positive, `exp(x) − 1` elsewhere.
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
    /// let elu = ActivationRef::by_name("elu")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 2.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&elu.eval(&x)?, [-0.632121, 0.0, 2.0]));
    /// assert!(near(&elu.slope(&x)?, [0.367879, 1.0, 1.0]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Clevert, Unterthiner & Hochreiter (2015), *Fast and accurate deep network learning by exponential linear units*, <https://arxiv.org/abs/1511.07289>
    Elu, "elu", &[], |g, x| elu(g, x, 1.0)
}

/// `x` where it is positive, `alpha · (exp(x) − 1)` elsewhere.
///
/// # Errors
/// `x` is not of a floating-point type.
pub fn elu(g: &mut Graph, x: Value, alpha: f64) -> Result<Value, GraphError> {
    let zero = compose::scalar(g, 0.0, g.ty(x).dtype)?;
    let positive = compose::greater(g, x, zero)?;
    // The exponential of a large positive number is infinite, and its zero cotangent would become NaN.
    let below = compose::minimum_scalar(g, x, 0.0)?;
    let mut curve = ops::exponential_minus_one(g, below)?;
    if alpha != 1.0 {
        curve = compose::multiply_scalar(g, curve, alpha)?;
    }
    ops::select(g, positive, x, curve)
}
