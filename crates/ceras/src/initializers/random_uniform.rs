//! A uniform distribution.

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::{InitCx, Initializer, Seed, configurable};
use crate::error::Result;

/// A uniform distribution from `minval` (included) to `maxval` (excluded): −0.05 to 0.05 unless said otherwise.
///
/// # Shapes
/// Any.
///
/// # Errors
/// The dimensions are too large.
///
/// # Examples
/// ```
/// use ceras::initializers::{InitCx, Initializer, RandomUniform};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[100], dtype: DType::F32, seed: 0, stream: 0 };
/// let weights = RandomUniform::new().sample(&cx)?;
/// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 0.05));
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomUniform {
    seed: Option<Seed>,
    minval: f64,
    maxval: f64,
}

configurable!(RandomUniform, &["random_uniform", "uniform"]);

impl Default for RandomUniform {
    fn default() -> RandomUniform {
        RandomUniform { seed: None, minval: -0.05, maxval: 0.05 }
    }
}

impl RandomUniform {
    /// The initializer with Keras' defaults.
    #[must_use]
    pub fn new() -> RandomUniform {
        RandomUniform::default()
    }

    /// The same with another lower bound.
    #[must_use]
    pub fn minval(mut self, minval: f64) -> RandomUniform {
        self.minval = minval;
        self
    }

    /// The same with another upper bound.
    #[must_use]
    pub fn maxval(mut self, maxval: f64) -> RandomUniform {
        self.maxval = maxval;
        self
    }

    /// The same with its own seed: every weight that it fills is then filled alike.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> RandomUniform {
        self.seed = Some(seed.into());
        self
    }
}

impl Initializer for RandomUniform {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        let mut random = cx.random(self.seed.as_ref());
        cx.fill(|| self.minval + (self.maxval - self.minval) * random.uniform())
    }
}
