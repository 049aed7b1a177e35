//! The piecewise linear sigmoid of Keras 1 and 2.

use ceras_graph::compose;

use crate::activations::activation;

activation! {
    /// `min(max(x / 5 + 1/2, 0), 1)`: what `hard_sigmoid` was until Keras 3 made it less steep.
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
    /// let old = ActivationRef::by_name("hard_sigmoid_keras_2")?;
    /// let x = Tensor::from_slice(&[-4.0f32, 0.0, 2.5]);
    /// assert_eq!(old.eval(&x)?.slice::<f32>(), [0.0, 0.5, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Keras 3 has it no more and computes files of Keras 2 with its own `hard_sigmoid`. Here they keep the function that they
    /// were trained with, under this name, which Keras 3 refuses.
    HardSigmoidKeras2, "hard_sigmoid_keras_2", &[], |g, x| {
        let scaled = compose::multiply_scalar(g, x, 0.2)?;
        let shifted = compose::add_scalar(g, scaled, 0.5)?;
        compose::clip(g, shifted, 0.0, 1.0)
    }
}
