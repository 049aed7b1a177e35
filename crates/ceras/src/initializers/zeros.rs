//! Zeros.

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::{InitCx, Initializer, configurable};
use crate::error::Result;

/// Fills a weight with zeros.
///
/// # Shapes
/// Any.
///
/// # Errors
/// The dimensions are too large.
///
/// # Examples
/// ```
/// use ceras::initializers::{InitCx, Initializer, Zeros};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[2], dtype: DType::F32, seed: 0, stream: 0 };
/// assert_eq!(Zeros.sample(&cx)?.slice::<f32>(), [0.0, 0.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Nothing", into = "Nothing")]
pub struct Zeros;

/// The config, which is empty.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl From<Nothing> for Zeros {
    fn from(_: Nothing) -> Zeros {
        Zeros
    }
}

impl From<Zeros> for Nothing {
    fn from(_: Zeros) -> Nothing {
        Nothing {}
    }
}

configurable!(Zeros, &["zeros", "zero"]);

impl Initializer for Zeros {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        cx.fill(|| 0.0)
    }
}
