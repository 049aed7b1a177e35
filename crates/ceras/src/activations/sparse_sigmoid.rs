//! The sparse sigmoid.

use ceras_graph::compose;

use crate::activations::activation;

activation! {
    /// 0 where `x ≤ −1`, `(x + 1) / 2` where `−1 < x < 1`, 1 where `x ≥ 1`.
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
    /// let sparse_sigmoid = ActivationRef::by_name("sparse_sigmoid")?;
    /// let x = Tensor::from_slice(&[-2.0f32, 0.0, 3.0]);
    /// assert_eq!(sparse_sigmoid.eval(&x)?.slice::<f32>(), [0.0, 0.5, 1.0]);
    /// assert_eq!(sparse_sigmoid.slope(&x)?.slice::<f32>(), [0.0, 0.5, 0.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    SparseSigmoid, "sparse_sigmoid", &[], |g, x| {
        let dtype = g.ty(x).dtype;
        let shifted = compose::add_scalar(g, x, 1.0)?;
        let half = compose::multiply_scalar(g, shifted, 0.5)?;
        let (low, zero) = (compose::scalar(g, -1.0, dtype)?, compose::scalar(g, 0.0, dtype)?);
        let one = compose::scalar(g, 1.0, dtype)?;
        let above = compose::greater(g, x, low)?;
        let below = compose::less(g, x, one)?;
        let upper = compose::select(g, below, half, one)?;
        compose::select(g, above, upper, zero)
    }
}
