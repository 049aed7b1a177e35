//! The scaled exponential linear unit.

use ceras_graph::{compose, ops};

use crate::activations::activation;

activation! {
    /// The scaled exponential linear unit: `1.0507 x` where `x` is positive, `1.7581 (exp(x) − 1)` elsewhere. The slope at 0 is 1.0507.
    ///
    /// With `LecunNormal` kernels, means and variances stay near 0 and 1 from layer to layer.
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
    /// let selu = ActivationRef::by_name("selu")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 1.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&selu.eval(&x)?, [-1.111331, 0.0, 1.050701]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Klambauer et al. (2017), *Self-normalizing neural networks*, <https://arxiv.org/abs/1706.02515>
    Selu, "selu", &[], |g, x| {
        let zero = compose::scalar(g, 0.0, g.ty(x).dtype)?;
        let negative = compose::less(g, x, zero)?;
        let below = compose::minimum_scalar(g, x, 0.0)?;
        let curve = ops::exponential_minus_one(g, below)?;
        let curve = compose::multiply_scalar(g, curve, SCALE * ALPHA)?;
        let line = compose::multiply_scalar(g, x, SCALE)?;
        ops::select(g, negative, curve, line)
    }
}

/// α₀₁ of the paper (equation 14): the fixed point of means 0 and variances 1.
const ALPHA: f64 = 1.673_263_242_354_377_2;
/// λ₀₁ of the paper.
const SCALE: f64 = 1.050_700_987_355_480_5;
