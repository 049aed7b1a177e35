//! Glorot's uniform initializer, also called Xavier's.

use super::scaled;

scaled! {
    /// Glorot's uniform initializer: from −L to L with `L = √(6 / (inputs + outputs))`. Keras' default for kernels.
    ///
    /// # Shapes
    /// Any; see [`compute_fans`](super::compute_fans) for how inputs and outputs are counted.
    ///
    /// # Errors
    /// `input_axes` or `output_axes` of its config are not axes of the weight.
    ///
    /// # Examples
    /// ```
    /// use ceras::initializers::{GlorotUniform, InitCx, Initializer};
    /// use ceras_graph::DType;
    /// // L = √(6 / (4 + 2)) = 1.
    /// let cx = InitCx { dims: &[4, 2], dtype: DType::F32, seed: 0, stream: 0 };
    /// let weights = GlorotUniform::new().sample(&cx)?;
    /// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 1.0));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Glorot & Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, <https://proceedings.mlr.press/v9/glorot10a.html>
    GlorotUniform, &["glorot_uniform"], 1.0, FanAvg, Uniform
}
