//! LeCun's normal initializer.

use super::scaled;

scaled! {
    /// LeCun's normal initializer: a truncated normal distribution of variance `1 / inputs`. It suits SELU.
    ///
    /// # Shapes
    /// Any; see [`compute_fans`](super::compute_fans) for how inputs and outputs are counted.
    ///
    /// # Errors
    /// `input_axes` or `output_axes` of its config are not axes of the weight.
    ///
    /// # Examples
    /// ```
    /// use ceras::initializers::{LecunNormal, InitCx, Initializer};
    /// use ceras_graph::DType;
    /// // Cut off at two standard deviations, which are 1 / 0.8796 before the cut.
    /// let cx = InitCx { dims: &[1, 3], dtype: DType::F32, seed: 0, stream: 0 };
    /// let weights = LecunNormal::new().sample(&cx)?;
    /// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 2.274));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// LeCun et al. (1998), *Efficient backprop*, <https://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf>
    LecunNormal, &["lecun_normal"], 1.0, FanIn, TruncatedNormal
}
