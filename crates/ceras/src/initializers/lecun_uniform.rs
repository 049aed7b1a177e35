//! LeCun's uniform initializer.

use super::scaled;

scaled! {
    /// LeCun's uniform initializer: from −L to L with `L = √(3 / inputs)`.
    ///
    /// # Shapes
    /// Any; see [`compute_fans`](super::compute_fans) for how inputs and outputs are counted.
    ///
    /// # Errors
    /// `input_axes` or `output_axes` of its config are not axes of the weight.
    ///
    /// # Examples
    /// ```
    /// use ceras::initializers::{LecunUniform, InitCx, Initializer};
    /// use ceras_graph::DType;
    /// // L = √(3 / 3) = 1.
    /// let cx = InitCx { dims: &[3, 2], dtype: DType::F32, seed: 0, stream: 0 };
    /// let weights = LecunUniform::new().sample(&cx)?;
    /// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 1.0));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// LeCun et al. (1998), *Efficient backprop*, <https://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf>
    LecunUniform, &["lecun_uniform"], 1.0, FanIn, Uniform
}
