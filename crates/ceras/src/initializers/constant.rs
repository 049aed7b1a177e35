//! One number everywhere.

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::{InitCx, Initializer, configurable};
use crate::error::Result;

/// Fills a weight with one number, 0 unless said otherwise.
///
/// # Shapes
/// Any.
///
/// # Errors
/// The dimensions are too large.
///
/// # Examples
/// ```
/// use ceras::initializers::{Constant, InitCx, Initializer};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[2], dtype: DType::F32, seed: 0, stream: 0 };
/// assert_eq!(Constant::new(0.5).sample(&cx)?.slice::<f32>(), [0.5, 0.5]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// Keras also takes an array; here a number only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Constant {
    value: f64,
}

configurable!(Constant, &["constant"]);

impl Constant {
    /// Fills a weight with this number.
    #[must_use]
    pub fn new(value: f64) -> Constant {
        Constant { value }
    }
}

impl Initializer for Constant {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        cx.fill(|| self.value)
    }
}
