//! A normal distribution.

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::{InitCx, Initializer, Seed, configurable};
use crate::error::Result;

/// A normal distribution: mean 0 and standard deviation 0.05 unless said otherwise.
///
/// # Shapes
/// Any.
///
/// # Errors
/// The dimensions are too large.
///
/// # Examples
/// ```
/// use ceras::initializers::{InitCx, Initializer, RandomNormal};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[100], dtype: DType::F32, seed: 0, stream: 0 };
/// let weights = RandomNormal::new().sample(&cx)?;
/// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 0.5));
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomNormal {
    seed: Option<Seed>,
    mean: f64,
    stddev: f64,
}

configurable!(RandomNormal, &["random_normal", "normal"]);

impl Default for RandomNormal {
    fn default() -> RandomNormal {
        RandomNormal { seed: None, mean: 0.0, stddev: 0.05 }
    }
}

impl RandomNormal {
    /// The initializer with Keras' defaults.
    #[must_use]
    pub fn new() -> RandomNormal {
        RandomNormal::default()
    }

    /// The same with another mean.
    #[must_use]
    pub fn mean(mut self, mean: f64) -> RandomNormal {
        self.mean = mean;
        self
    }

    /// The same with another standard deviation.
    #[must_use]
    pub fn stddev(mut self, stddev: f64) -> RandomNormal {
        self.stddev = stddev;
        self
    }

    /// The same with its own seed: every weight that it fills is then filled alike.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> RandomNormal {
        self.seed = Some(seed.into());
        self
    }
}

impl Initializer for RandomNormal {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        let mut random = cx.random(self.seed.as_ref());
        cx.fill(|| self.mean + self.stddev * random.normal())
    }
}
