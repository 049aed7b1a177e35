//! The rectified linear unit up to 6.

use ceras_graph::compose;

use crate::activations::activation;

activation! {
    /// The rectified linear unit up to 6, `min(max(x, 0), 6)`. The slopes at 0 and 6 are 0.
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
    /// let relu6 = ActivationRef::by_name("relu6")?;
    /// let x = Tensor::from_slice(&[-1.0f32, 2.0, 9.0]);
    /// assert_eq!(relu6.eval(&x)?.slice::<f32>(), [0.0, 2.0, 6.0]);
    /// assert_eq!(relu6.slope(&x)?.slice::<f32>(), [0.0, 1.0, 0.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Howard et al. (2017), *MobileNets*, <https://arxiv.org/abs/1704.04861>
    Relu6, "relu6", &[], |g, x| {
        let positive = compose::relu(g, x)?;
        let six = compose::scalar(g, 6.0, g.ty(x).dtype)?;
        let beyond = compose::greater_equal(g, x, six)?;
        compose::select(g, beyond, six, positive)
    }
}
