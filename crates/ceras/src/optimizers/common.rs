//! What all optimizers have.

use ceras_graph::{Graph, GraphError, Tensor, Value as GraphValue, ops};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::schedules::ScheduleRef;
use super::{Optimizer, Variable};
use crate::error::{Error, ErrorKind, Result};
use crate::registry::{Config, parse_config};

/// A learning rate: a number, or a schedule over the steps.
#[derive(Clone, Debug)]
pub enum LearningRate {
    /// The same at every step, until it is set anew. Keras keeps it in single precision.
    Constant(f64),
    /// A function of the number of steps done.
    Schedule(ScheduleRef),
}

impl LearningRate {
    /// The learning rate of the step that follows `step` others, in single precision.
    pub fn at(&self, step: u64) -> f32 {
        match self {
            LearningRate::Constant(rate) => *rate as f32,
            LearningRate::Schedule(schedule) => schedule.at(step),
        }
    }
}

impl From<f64> for LearningRate {
    fn from(rate: f64) -> LearningRate {
        LearningRate::Constant(rate)
    }
}

impl<T: Into<ScheduleRef>> From<T> for LearningRate {
    fn from(schedule: T) -> LearningRate {
        LearningRate::Schedule(schedule.into())
    }
}

/// Equal when they are written alike.
impl PartialEq for LearningRate {
    fn eq(&self, other: &LearningRate) -> bool {
        serde_json::to_value(self).ok() == serde_json::to_value(other).ok()
    }
}

impl Serialize for LearningRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // As Keras prints it: the single-precision number.
            LearningRate::Constant(rate) => f64::from(*rate as f32).serialize(serializer),
            LearningRate::Schedule(schedule) => schedule.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for LearningRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LearningRate, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match value.as_f64() {
            Some(rate) => Ok(LearningRate::Constant(rate)),
            None => ScheduleRef::from_json(&value).map(LearningRate::Schedule).map_err(D::Error::custom),
        }
    }
}

/// What all optimizers have, in the order of Keras' config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// The optimizer's name.
    pub name: String,
    /// The learning rate.
    pub learning_rate: LearningRate,
    /// The part, times the learning rate, that weights lose in each step.
    pub weight_decay: Option<f64>,
    /// The greatest norm of the gradient of one variable.
    pub clipnorm: Option<f64>,
    /// The greatest norm of the gradients of all variables together.
    pub global_clipnorm: Option<f64>,
    /// The greatest magnitude of an element of a gradient.
    pub clipvalue: Option<f64>,
    /// Whether a moving average of the weights is kept.
    pub use_ema: bool,
    /// The momentum of that moving average, from 0 to 1.
    pub ema_momentum: f64,
    /// After how many steps the weights are overwritten with it.
    pub ema_overwrite_frequency: Option<u64>,
    /// What the loss is multiplied by, and gradients divided by.
    pub loss_scale_factor: Option<f64>,
    /// Over how many steps gradients are averaged before they are applied.
    pub gradient_accumulation_steps: Option<u64>,
    /// Words in the paths of the variables that do not decay; no part of the config, as in Keras.
    #[serde(skip)]
    pub excluded_from_weight_decay: Vec<String>,
}

const KEYS: [&str; 11] = [
    "name",
    "learning_rate",
    "weight_decay",
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
];

impl Common {
    /// Keras' defaults but for these.
    pub fn new(name: &str, learning_rate: f64, weight_decay: Option<f64>) -> Common {
        Common {
            name: name.to_owned(),
            learning_rate: LearningRate::Constant(learning_rate),
            weight_decay,
            clipnorm: None,
            global_clipnorm: None,
            clipvalue: None,
            use_ema: false,
            ema_momentum: 0.99,
            ema_overwrite_frequency: None,
            loss_scale_factor: None,
            gradient_accumulation_steps: None,
            excluded_from_weight_decay: Vec::new(),
        }
    }

    /// Over how many steps gradients are summed up before they are applied, if they are. Keras takes 0 for "no".
    pub fn accumulated(&self) -> Option<u64> {
        self.gradient_accumulation_steps.filter(|steps| *steps > 0)
    }

    /// After how many steps variables are overwritten with their averages, if they are. Keras takes 0 for "never".
    pub fn overwritten(&self) -> Option<u64> {
        self.ema_overwrite_frequency.filter(|steps| *steps > 0)
    }

    /// Whether a variable loses a part of itself in each step, if there is weight decay.
    pub fn decays(&self, variable: &Variable) -> bool {
        !variable.is_named_by(&self.excluded_from_weight_decay)
    }

    /// Emits how many updates were done before this step: one for each step, or fewer where gradients accumulate.
    pub(super) fn steps_done(&self, g: &mut Graph, iterations: GraphValue) -> Result<GraphValue, GraphError> {
        match self.accumulated() {
            Some(every) => {
                let every = ops::constant(g, Tensor::scalar(every as i64))?;
                ops::divide(g, iterations, every)
            }
            None => Ok(iterations),
        }
    }

    /// The learning rate of the step that follows `step` others (a single-precision number).
    pub fn learning_rate_at(&self, step: u64) -> f64 {
        f64::from(self.learning_rate.at(step))
    }

    /// Whether the learning rate is a schedule: a file then has no place for it.
    pub fn is_scheduled(&self) -> bool {
        matches!(self.learning_rate, LearningRate::Schedule(_))
    }

    /// The part of a config that all optimizers have, over these defaults, and the rest.
    ///
    /// # Errors
    /// A value of another type.
    pub fn split(defaults: Common, config: &Config) -> Result<(Common, Config)> {
        let mut common = crate::registry::to_config(&defaults);
        let mut own = Config::new();
        for (key, value) in config {
            // Keras 2 wrote what Keras 3 ignores.
            let outdated = matches!(key.as_str(), "decay" | "jit_compile" | "is_legacy_optimizer");
            if KEYS.contains(&key.as_str()) {
                common.insert(key.clone(), value.clone());
            } else if !outdated {
                own.insert(key.clone(), value.clone());
            }
        }
        Ok((parse_config(&common)?, own))
    }
}

/// Fails when an optimizer has options that cannot be or are not supported.
///
/// # Errors
/// The option, named.
pub fn check(optimizer: &dyn Optimizer) -> Result<()> {
    let common = optimizer.common();
    check_learning_rate(common)?;
    let clips = [
        ("clipnorm", common.clipnorm),
        ("clipvalue", common.clipvalue),
        ("global_clipnorm", common.global_clipnorm),
    ];
    let given: Vec<&str> = clips.iter().filter(|(_, clip)| clip.is_some()).map(|(name, _)| *name).collect();
    if given.len() > 1 {
        let text = format!(
            "only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set; {} are",
            given.join(", ")
        );
        return Err(Error::new(ErrorKind::Usage, text));
    }
    let decay = ("weight_decay", common.weight_decay);
    for (name, value) in clips.into_iter().chain([decay]) {
        if let Some(value) = value.filter(|value| !value.is_finite() || *value < 0.0) {
            return Err(Error::new(ErrorKind::Usage, format!("`{name}` must be 0 or more; it is {value}")));
        }
    }
    if common.accumulated() == Some(1) {
        let text = "`gradient_accumulation_steps` must be 2 or more; it is 1";
        return Err(Error::new(ErrorKind::Usage, text));
    }
    if common.use_ema {
        within("ema_momentum", common.ema_momentum, 0.0, 1.0)?;
    }
    if let Some(factor) = common.loss_scale_factor.filter(|factor| !factor.is_finite() || *factor <= 0.0) {
        let text = format!("`loss_scale_factor` must be above 0; it is {factor}");
        return Err(Error::new(ErrorKind::Usage, text));
    }
    plain_words("exclude_from_weight_decay", &common.excluded_from_weight_decay)?;
    optimizer.check()
}

fn check_learning_rate(common: &Common) -> Result<()> {
    match &common.learning_rate {
        LearningRate::Constant(rate) if !rate.is_finite() || *rate < 0.0 => {
            Err(Error::new(ErrorKind::Usage, format!("the learning rate must be 0 or more; it is {rate}")))
        }
        LearningRate::Schedule(schedule) => schedule.check(),
        LearningRate::Constant(_) => Ok(()),
    }
}

/// Fails unless a number lies from `low` to `high`.
///
/// # Errors
/// It does not.
pub(super) fn within(name: &str, value: f64, low: f64, high: f64) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    let range = if high.is_finite() { format!("between {low} and {high}") } else { format!("{low} or more") };
    Err(Error::new(ErrorKind::Usage, format!("`{name}` must be {range}; it is {value}")))
}

/// Fails unless each word stands for itself only: Keras would take it for a regular expression.
///
/// # Errors
/// One does not.
pub(super) fn plain_words(name: &str, words: &[String]) -> Result<()> {
    let plain = |word: &&String| {
        !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || "_-/ ".contains(letter))
    };
    match words.iter().find(|word| !plain(word)) {
        None => Ok(()),
        Some(word) => {
            let text = format!("`{name}` takes parts of names, such as `bias`; `{word}` is a pattern");
            Err(Error::new(ErrorKind::Unsupported, text).hint("give the names one by one"))
        }
    }
}

/// Builder methods for what all optimizers have.
macro_rules! common_builders {
    () => {
        /// The same under another name.
        #[must_use]
        pub fn name(mut self, name: impl Into<String>) -> Self {
            self.common.name = name.into();
            self
        }

        /// The same with another learning rate, a number or a schedule.
        #[must_use]
        pub fn learning_rate(mut self, learning_rate: impl Into<$crate::optimizers::LearningRate>) -> Self {
            self.common.learning_rate = learning_rate.into();
            self
        }

        /// The same with weights losing this part of them, times the learning rate, in each step.
        #[must_use]
        pub fn weight_decay(mut self, weight_decay: f64) -> Self {
            self.common.weight_decay = Some(weight_decay);
            self
        }

        /// The same with the gradient of each variable shortened to this norm.
        #[must_use]
        pub fn clipnorm(mut self, clipnorm: f64) -> Self {
            self.common.clipnorm = Some(clipnorm);
            self
        }

        /// The same with all gradients shortened alike, so that they have this norm together.
        #[must_use]
        pub fn global_clipnorm(mut self, global_clipnorm: f64) -> Self {
            self.common.global_clipnorm = Some(global_clipnorm);
            self
        }

        /// The same with every element of a gradient kept within this magnitude.
        #[must_use]
        pub fn clipvalue(mut self, clipvalue: f64) -> Self {
            self.common.clipvalue = Some(clipvalue);
            self
        }

        /// The same with moving averages of the weights, which replace the weights at the end of `fit`.
        #[must_use]
        pub fn use_ema(mut self, use_ema: bool) -> Self {
            self.common.use_ema = use_ema;
            self
        }

        /// The same with another momentum of the moving averages, from 0 to 1.
        #[must_use]
        pub fn ema_momentum(mut self, ema_momentum: f64) -> Self {
            self.common.ema_momentum = ema_momentum;
            self
        }

        /// The same with weights that are overwritten with their moving averages after every so many steps.
        #[must_use]
        pub fn ema_overwrite_frequency(mut self, steps: u64) -> Self {
            self.common.ema_overwrite_frequency = Some(steps);
            self
        }

        /// The same with gradients of the loss times this factor, divided by it again before they are used.
        #[must_use]
        pub fn loss_scale_factor(mut self, factor: f64) -> Self {
            self.common.loss_scale_factor = Some(factor);
            self
        }

        /// The same with one update for every so many steps, 2 or more, along the mean of their gradients.
        #[must_use]
        pub fn gradient_accumulation_steps(mut self, steps: u64) -> Self {
            self.common.gradient_accumulation_steps = Some(steps);
            self
        }

        /// The same with weights whose path holds one of these words, such as `bias`, left out of weight decay. It is no
        /// part of the config.
        #[must_use]
        pub fn exclude_from_weight_decay(mut self, words: &[&str]) -> Self {
            self.common.excluded_from_weight_decay = words.iter().map(|word| (*word).to_owned()).collect();
            self
        }

        /// The value of a variable after the first step along a gradient.
        ///
        /// # Errors
        /// The gradient does not fit the variable.
        pub fn first_step(
            &self,
            value: &ceras_graph::Tensor,
            gradient: &ceras_graph::Tensor,
        ) -> $crate::error::Result<ceras_graph::Tensor> {
            $crate::optimizers::first_step(self, value, gradient)
        }
    };
}
pub(crate) use common_builders;
