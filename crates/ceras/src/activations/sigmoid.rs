//! The logistic function.

use ceras_graph::ops;

use crate::activations::activation;

activation! {
    /// The logistic function, `1 / (1 + exp(−x))`: between 0 and 1.
    ///
    /// A cross-entropy of its result works on `x`, which loses no digits where the result is close to 0 or 1.
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
    /// let sigmoid = ActivationRef::by_name("sigmoid")?;
    /// let x = Tensor::from_slice(&[-2.0f32, 0.0, 2.0]);
    /// let near = |a: &Tensor, b: [f32; 3]| a.slice::<f32>().iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    /// assert!(near(&sigmoid.eval(&x)?, [0.119203, 0.5, 0.880797]));
    /// assert!(near(&sigmoid.slope(&x)?, [0.104994, 0.25, 0.104994]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Sigmoid, "sigmoid", &[], |g, x| {
        let y = ops::logistic(g, x)?;
        g.set_logits(y, x);
        Ok(y)
    }
}
