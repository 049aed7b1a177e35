//! Variance scaling, the family of Glorot's, He's and LeCun's initializers.

use ceras_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::{Fans, InitCx, Initializer, Seed, compute_fans, configurable};
use crate::error::{Error, ErrorKind, Result};
use crate::random::Random;

/// The standard deviation of a standard normal distribution cut off at ±2.
const CUT_DEVIATION: f64 = 0.879_625_661_034_239_8;

/// What the scale is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The inputs of a unit.
    #[default]
    FanIn,
    /// The units that an input feeds.
    FanOut,
    /// The mean of both.
    FanAvg,
}

impl Mode {
    /// The variance of the weights.
    pub(super) fn scale(self, scale: f64, fans: Fans) -> f64 {
        let fan = match self {
            Mode::FanIn => fans.fan_in,
            Mode::FanOut => fans.fan_out,
            Mode::FanAvg => (fans.fan_in + fans.fan_out) / 2.0,
        };
        scale / fan.max(1.0)
    }
}

/// The distribution that weights are drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// The normal distribution without what lies more than two standard deviations from the mean.
    #[default]
    #[serde(alias = "normal")]
    TruncatedNormal,
    /// The normal distribution.
    UntruncatedNormal,
    /// The uniform distribution.
    Uniform,
}

/// Weights with variance `scale / n`, where `n` is the number of inputs, of outputs, or their mean.
///
/// # Shapes
/// Any; see [`compute_fans`] for how inputs and outputs are counted.
///
/// # Errors
/// `scale` is not positive.
///
/// # Examples
/// ```
/// use ceras::initializers::{Distribution, InitCx, Initializer, VarianceScaling};
/// use ceras_graph::DType;
/// let cx = InitCx { dims: &[6, 2], dtype: DType::F32, seed: 0, stream: 0 };
/// // Uniform with variance 2/6: up to √(3 · 2/6) = 1.
/// let weights = VarianceScaling::new().scale(2.0).distribution(Distribution::Uniform).sample(&cx)?;
/// assert!(weights.slice::<f32>().iter().all(|weight| weight.abs() <= 1.0));
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VarianceScaling {
    seed: Option<Seed>,
    scale: f64,
    mode: Mode,
    distribution: Distribution,
    input_axes: Option<Vec<i64>>,
    output_axes: Option<Vec<i64>>,
}

configurable!(VarianceScaling, &["variance_scaling"]);

impl Default for VarianceScaling {
    fn default() -> VarianceScaling {
        VarianceScaling {
            seed: None,
            scale: 1.0,
            mode: Mode::FanIn,
            distribution: Distribution::TruncatedNormal,
            input_axes: None,
            output_axes: None,
        }
    }
}

impl VarianceScaling {
    /// Variance 1 / inputs, from a truncated normal distribution.
    #[must_use]
    pub fn new() -> VarianceScaling {
        VarianceScaling::default()
    }

    /// The same with another scale, which is positive.
    #[must_use]
    pub fn scale(mut self, scale: f64) -> VarianceScaling {
        self.scale = scale;
        self
    }

    /// The same, divided by something else.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> VarianceScaling {
        self.mode = mode;
        self
    }

    /// The same from another distribution.
    #[must_use]
    pub fn distribution(mut self, distribution: Distribution) -> VarianceScaling {
        self.distribution = distribution;
        self
    }

    /// The same with its own seed: every weight that it fills is then filled alike.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> VarianceScaling {
        self.seed = Some(seed.into());
        self
    }
}

impl Initializer for VarianceScaling {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        if self.scale.is_nan() || self.scale <= 0.0 {
            let text = format!("`scale` of VarianceScaling must be positive; it is {}", self.scale);
            return Err(Error::new(ErrorKind::Usage, text));
        }
        let fans = compute_fans(cx.dims, self.input_axes.as_deref(), self.output_axes.as_deref())?;
        sample(cx, self.seed.as_ref(), self.mode.scale(self.scale, fans), self.distribution)
    }
}

/// Numbers of this variance.
pub(super) fn sample(
    cx: &InitCx<'_>,
    seed: Option<&Seed>,
    variance: f64,
    distribution: Distribution,
) -> Result<Tensor> {
    let mut random = cx.random(seed);
    match distribution {
        Distribution::TruncatedNormal => {
            // Wider before the cut, so that the variance is right after it.
            let deviation = variance.sqrt() / CUT_DEVIATION;
            cx.fill(|| deviation * truncated_normal(&mut random))
        }
        Distribution::UntruncatedNormal => cx.fill(|| variance.sqrt() * random.normal()),
        Distribution::Uniform => {
            let limit = (3.0 * variance).sqrt();
            cx.fill(|| limit * (2.0 * random.uniform() - 1.0))
        }
    }
}

/// A number from the standard normal distribution, drawn anew while it is more than 2 from 0.
pub(super) fn truncated_normal(random: &mut Random) -> f64 {
    loop {
        let number = random.normal();
        if number.abs() <= 2.0 {
            return number;
        }
    }
}
