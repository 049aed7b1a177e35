//! He's normal initializer.

use super::scaled;

scaled! {
    /// He's normal initializer: a truncated normal distribution of variance `2 / inputs`. It suits ReLU.
    ///
    /// # Shapes
    /// Any; see [`compute_fans`](super::compute_fans) for how inputs and outputs are counted.
    ///
    /// # Errors
    /// `input_axes` or `output_axes` of its config are not axes of the weight.
    ///
    /// # Examples
    /// ```
    /// use ceras::initializers::{HeNormal, InitCx, Initializer};
    /// use ceras_graph::DType;
    /// // Cut off at two standard deviations, which are 1 / 0.8796 before the cut.
    /// let cx = InitCx { dims: &[2, 3], dtype: DType::F32, seed: 0, stream: 0 };
    /// let weights = HeNormal::new().sample(&cx)?;
    /// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 2.274));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// He et al. (2015), *Delving deep into rectifiers*, <https://arxiv.org/abs/1502.01852>
    HeNormal, &["he_normal"], 2.0, FanIn, TruncatedNormal
}
