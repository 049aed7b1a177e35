//! The sparse plus function.

use ceras_graph::{compose, ops};

use crate::activations::activation;

activation! {
    /// 0 where `x ≤ −1`, `(x + 1)² / 4` where `−1 < x < 1`, `x` where `x ≥ 1`.
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
    /// let sparse_plus = ActivationRef::by_name("sparse_plus")?;
    /// let x = Tensor::from_slice(&[-2.0f32, 0.0, 3.0]);
    /// assert_eq!(sparse_plus.eval(&x)?.slice::<f32>(), [0.0, 0.25, 3.0]);
    /// assert_eq!(sparse_plus.slope(&x)?.slice::<f32>(), [0.0, 0.5, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    SparsePlus, "sparse_plus", &[], |g, x| {
        // Clipped first, so that no large square reaches the gradient of the branch that is not taken.
        let middle = compose::clip(g, x, -1.0, 1.0)?;
        let middle = compose::add_scalar(g, middle, 1.0)?;
        let middle = compose::square(g, middle)?;
        let middle = compose::multiply_scalar(g, middle, 0.25)?;
        let dtype = g.ty(x).dtype;
        let one = compose::scalar(g, 1.0, dtype)?;
        let inside = compose::less(g, x, one)?;
        ops::select(g, inside, middle, x)
    }
}
