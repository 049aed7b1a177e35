//! Ones.

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::{InitCx, Initializer, configurable};
use crate::error::Result;

/// Fills a weight with ones.
///
/// # Shapes
/// Any.
///
/// # Errors
/// The dimensions are too large.
///
/// # Examples
/// ```
/// use ceras::initializers::{InitCx, Initializer, Ones};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[2], dtype: DType::F32, seed: 0, stream: 0 };
/// assert_eq!(Ones.sample(&cx)?.slice::<f32>(), [1.0, 1.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Nothing", into = "Nothing")]
pub struct Ones;

/// The config, which is empty.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl From<Nothing> for Ones {
    fn from(_: Nothing) -> Ones {
        Ones
    }
}

impl From<Ones> for Nothing {
    fn from(_: Ones) -> Nothing {
        Nothing {}
    }
}

configurable!(Ones, &["ones", "one"]);

impl Initializer for Ones {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        cx.fill(|| 1.0)
    }
}
