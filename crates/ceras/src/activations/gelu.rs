//! The Gaussian error linear unit.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use crate::activations::activation;

activation! {
    /// The Gaussian error linear unit, `x · P(X ≤ x)` for a standard normal `X`: `x (1 + erf(x / √2)) / 2`.
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
    /// let gelu = ActivationRef::by_name("gelu")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 1.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&gelu.eval(&x)?, [-0.158655, 0.0, 0.841345]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Hendrycks & Gimpel (2016), *Gaussian error linear units*, <https://arxiv.org/abs/1606.08415>
    Gelu, "gelu", &[], |g, x| gelu(g, x, false)
}

/// The Gaussian error linear unit; `approximate` takes a hyperbolic tangent in place of the error function.
///
/// # Errors
/// `x` is not of a floating-point type.
pub fn gelu(g: &mut Graph, x: Value, approximate: bool) -> Result<Value, GraphError> {
    let half = compose::multiply_scalar(g, x, 0.5)?;
    let curve = if approximate {
        let square = compose::square(g, x)?;
        let cube = ops::multiply(g, square, x)?;
        let cube = compose::multiply_scalar(g, cube, 0.044715)?;
        let inner = ops::add(g, x, cube)?;
        // √(2/π) = (2/√π) · (1/√2)
        let inner = compose::multiply_scalar(g, inner, FRAC_2_SQRT_PI * FRAC_1_SQRT_2)?;
        ops::tanh(g, inner)?
    } else {
        let scaled = compose::multiply_scalar(g, x, FRAC_1_SQRT_2)?;
        ops::erf(g, scaled)?
    };
    let curve = compose::add_scalar(g, curve, 1.0)?;
    ops::multiply(g, half, curve)
}
