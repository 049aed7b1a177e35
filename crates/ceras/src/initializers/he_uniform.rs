//! He's uniform initializer.

use super::scaled;

scaled! {
    /// He's uniform initializer: from −L to L with `L = √(6 / inputs)`. It suits ReLU.
    ///
    /// # Shapes
    /// Any; see [`compute_fans`](super::compute_fans) for how inputs and outputs are counted.
    ///
    /// # Errors
    /// `input_axes` or `output_axes` of its config are not axes of the weight.
    ///
    /// # Examples
    /// ```
    /// use ceras::initializers::{HeUniform, InitCx, Initializer};
    /// use ceras_graph::DType;
    /// // L = √(6 / 6) = 1.
    /// let cx = InitCx { dims: &[6, 2], dtype: DType::F32, seed: 0, stream: 0 };
    /// let weights = HeUniform::new().sample(&cx)?;
    /// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 1.0));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// He et al. (2015), *Delving deep into rectifiers*, <https://arxiv.org/abs/1502.01852>
    HeUniform, &["he_uniform"], 2.0, FanIn, Uniform
}
