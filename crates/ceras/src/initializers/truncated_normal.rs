//! A truncated normal distribution.

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::variance_scaling::truncated_normal;
use super::{InitCx, Initializer, Seed, configurable};
use crate::error::Result;

/// A normal distribution without what lies more than two standard deviations from the mean: mean 0 and standard
/// deviation (before the cut) 0.05 unless said otherwise.
///
/// # Shapes
/// Any.
///
/// # Errors
/// The dimensions are too large.
///
/// # Examples
/// ```
/// use ceras::initializers::{InitCx, Initializer, TruncatedNormal};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[100], dtype: DType::F32, seed: 0, stream: 0 };
/// let weights = TruncatedNormal::new().sample(&cx)?;
/// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 0.1));
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TruncatedNormal {
    seed: Option<Seed>,
    mean: f64,
    stddev: f64,
}

configurable!(TruncatedNormal, &["truncated_normal"]);

impl Default for TruncatedNormal {
    fn default() -> TruncatedNormal {
        TruncatedNormal { seed: None, mean: 0.0, stddev: 0.05 }
    }
}

impl TruncatedNormal {
    /// The initializer with Keras' defaults.
    #[must_use]
    pub fn new() -> TruncatedNormal {
        TruncatedNormal::default()
    }

    /// The same with another mean.
    #[must_use]
    pub fn mean(mut self, mean: f64) -> TruncatedNormal {
        self.mean = mean;
        self
    }

    /// The same with another standard deviation.
    #[must_use]
    pub fn stddev(mut self, stddev: f64) -> TruncatedNormal {
        self.stddev = stddev;
        self
    }

    /// The same with its own seed: every weight that it fills is then filled alike.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> TruncatedNormal {
        self.seed = Some(seed.into());
        self
    }
}

impl Initializer for TruncatedNormal {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        let mut random = cx.random(self.seed.as_ref());
        cx.fill(|| self.mean + self.stddev * truncated_normal(&mut random))
    }
}
