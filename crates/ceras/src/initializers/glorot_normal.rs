//! Glorot's normal initializer, also called Xavier's.

use super::scaled;

scaled! {
    /// Glorot's normal initializer: a truncated normal distribution of variance `2 / (inputs + outputs)`.
    ///
    /// # Shapes
    /// Any; see [`compute_fans`](super::compute_fans) for how inputs and outputs are counted.
    ///
    /// # Errors
    /// `input_axes` or `output_axes` of its config are not axes of the weight.
    ///
    /// # Examples
    /// ```
    /// use ceras::initializers::{GlorotNormal, InitCx, Initializer};
    /// use ceras_graph::DType;
    /// // Cut off at two standard deviations, which are 1 / 0.8796 before the cut.
    /// let cx = InitCx { dims: &[1, 1], dtype: DType::F32, seed: 0, stream: 0 };
    /// let weights = GlorotNormal::new().sample(&cx)?;
    /// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 2.274));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Glorot & Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, <https://proceedings.mlr.press/v9/glorot10a.html>
    GlorotNormal, &["glorot_normal"], 1.0, FanAvg, TruncatedNormal
}
