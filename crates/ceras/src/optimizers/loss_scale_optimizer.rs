//! A loss that is scaled up so that small gradients are not lost.

use std::sync::Arc;

use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, compose, ops};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::apply::{Applied, Inputs, check_counts, either, step, zeros};
use super::{Common, Optimizer, OptimizerRef, Slot, UpdateCx, Variable};
use crate::error::{Error, ErrorKind, Result};
use crate::registry::{Config, Configurable, Entry, parse_config, to_config};

/// Another optimizer along gradients of the loss times a scale that finds itself.
///
/// Gradients are those of `scale · loss`, and the inner optimizer is given them divided by `scale`. When one of them is not
/// finite, the step is left out and the scale halved; after `dynamic_growth_steps` good steps in a row it is doubled.
///
/// # Errors
/// [`check`](super::check) refuses a scale that is not above 0, 0 growth steps, and another of its kind inside.
///
/// # Examples
/// One step of the inner optimizer from 1 along a gradient of 2, which a scale of 4 made 8.
/// ```
/// use ceras::optimizers::{LossScaleOptimizer, Sgd, first_step};
/// use ceras_graph::Tensor;
/// let optimizer = LossScaleOptimizer::new(Sgd::new().learning_rate(0.25)).initial_scale(4.0);
/// let after = first_step(&optimizer, &Tensor::scalar(1.0f32), &Tensor::scalar(8.0f32))?;
/// assert_eq!(after.item()?, 0.5);
/// let skipped = first_step(&optimizer, &Tensor::scalar(1.0f32), &Tensor::scalar(f32::INFINITY))?;
/// assert_eq!(skipped.item()?, 1.0);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # References
/// Micikevicius et al. (2017), *Mixed precision training*, <https://arxiv.org/abs/1710.03740>
///
/// # Keras
/// A loss that is not finite itself ends the training with an error, as with every optimizer here; Keras takes it for one
/// more step to leave out and goes on for ever. `loss_scale_factor` of the inner optimizer does nothing, as in Keras.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossScaleOptimizer {
    #[serde(default = "default_name")]
    name: String,
    inner_optimizer: OptimizerRef,
    #[serde(default = "default_scale")]
    initial_scale: f64,
    #[serde(default = "default_steps")]
    dynamic_growth_steps: u64,
}

fn default_name() -> String {
    "loss_scale_optimizer".to_owned()
}

fn default_scale() -> f64 {
    32768.0
}

fn default_steps() -> u64 {
    2000
}

pub(super) static ENTRY: Entry<dyn Optimizer> = Entry {
    class_name: "LossScaleOptimizer",
    aliases: &["lossscaleoptimizer"],
    parse: |config| {
        // Older Keras wrote the options that all optimizers have, at their defaults.
        let defaults = to_config(&Common::new("", 0.0, None));
        let mut config = config.clone();
        config.retain(|key, value| key == "name" || defaults.get(key) != Some(value));
        if config.get("dynamic") == Some(&json!(true)) {
            config.remove("dynamic");
        }
        Ok(Arc::new(parse_config::<LossScaleOptimizer>(&config)?))
    },
};

impl LossScaleOptimizer {
    /// The inner optimizer with a scale that begins at 32768 and grows after 2000 good steps.
    #[must_use]
    pub fn new(inner_optimizer: impl Into<OptimizerRef>) -> LossScaleOptimizer {
        LossScaleOptimizer {
            name: default_name(),
            inner_optimizer: inner_optimizer.into(),
            initial_scale: default_scale(),
            dynamic_growth_steps: default_steps(),
        }
    }

    /// The same under another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> LossScaleOptimizer {
        self.name = name.into();
        self
    }

    /// The same with another scale to begin with.
    #[must_use]
    pub fn initial_scale(mut self, initial_scale: f64) -> LossScaleOptimizer {
        self.initial_scale = initial_scale;
        self
    }

    /// The same with a scale that is doubled after so many good steps in a row.
    #[must_use]
    pub fn dynamic_growth_steps(mut self, steps: u64) -> LossScaleOptimizer {
        self.dynamic_growth_steps = steps;
        self
    }

    /// The inner optimizer.
    pub fn inner_optimizer(&self) -> &OptimizerRef {
        &self.inner_optimizer
    }

    /// The counter of good steps and the scale after one more of them.
    fn grown(&self, g: &mut Graph, counter: Value, scale: Value) -> Result<[Value; 2], GraphError> {
        let last = self.dynamic_growth_steps as i64 - 1;
        let (last, one) = (Tensor::scalar(last), Tensor::scalar(1i64));
        let (last, one) = (ops::constant(g, last)?, ops::constant(g, one)?);
        let grows = compose::equal(g, counter, last)?;
        let next = ops::add(g, counter, one)?;
        let zero = zeros(g, counter)?;
        let doubled = compose::multiply_scalar(g, scale, 2.0)?;
        Ok([ops::select(g, grows, zero, next)?, ops::select(g, grows, doubled, scale)?])
    }
}

/// The places of the wrapper's own slots: an iteration and a learning rate that do nothing, then these two.
const COUNTER: usize = 2;
const SCALE: usize = 3;
const OWN: usize = 4;

impl Configurable for LossScaleOptimizer {
    fn class_name(&self) -> &'static str {
        "LossScaleOptimizer"
    }

    fn config(&self) -> Config {
        let mut config = to_config(self);
        if let Some(factor) = config["inner_optimizer"].pointer_mut("/config/loss_scale_factor") {
            *factor = json!(null);
        }
        config
    }
}

impl Optimizer for LossScaleOptimizer {
    fn common(&self) -> &Common {
        self.inner_optimizer.common()
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        self.inner_optimizer.slots(variables)
    }

    fn layout(&self, variables: &[Variable]) -> Vec<Slot> {
        let (whole, number) = (TensorType::scalar(DType::I64), TensorType::scalar(DType::F32));
        let mut layout = vec![
            Slot::shared("iteration", whole.clone(), 0.0),
            Slot::shared("learning_rate", number.clone(), 0.0),
            Slot::shared("step_counter", whole, 0.0),
            Slot::shared("dynamic_scale", number, self.initial_scale),
        ];
        layout.extend(self.inner_optimizer.layout(variables));
        layout
    }

    fn leading_slots(&self) -> usize {
        OWN
    }

    fn skips_bad_steps(&self) -> bool {
        true
    }

    fn check(&self) -> Result<()> {
        let wrong = if self.inner_optimizer.leading_slots() > 0 {
            "an optimizer that scales the loss cannot be inside of another".to_owned()
        } else if !self.initial_scale.is_finite() || self.initial_scale <= 0.0 {
            format!("`initial_scale` must be above 0; it is {}", self.initial_scale)
        } else if self.dynamic_growth_steps == 0 {
            "`dynamic_growth_steps` must be 1 or more; it is 0".to_owned()
        } else {
            return super::check(&*self.inner_optimizer);
        };
        Err(Error::new(ErrorKind::Usage, wrong))
    }

    fn scale_loss(&self, g: &mut Graph, loss: Value, slots: &[Value]) -> Result<Value, GraphError> {
        compose::multiply(g, loss, slots[SCALE])
    }

    fn apply(&self, g: &mut Graph, inputs: Inputs) -> Result<Applied, GraphError> {
        check_counts(g, &inputs, self.layout(&inputs.variables).len())?;
        let Inputs { variables, values, gradients, slots, learning_rate, iterations } = inputs;
        let is_good = ops::all_finite(g, &gradients)?;
        let (count, slot_count) = (values.len(), slots.len());
        let changing = count + slot_count + 1;
        let mut operands = values;
        operands.extend(slots);
        operands.push(iterations);
        operands.extend(gradients);
        operands.push(learning_rate);
        let good = |g: &mut Graph, x: &[Value]| {
            let slots = &x[count..count + slot_count];
            let unscaled = |gradient: &Value| compose::divide(g, *gradient, slots[SCALE]);
            let gradients = x[changing..changing + count].iter().map(unscaled);
            let inputs = Inputs {
                variables,
                gradients: gradients.collect::<Result<Vec<Value>, GraphError>>()?,
                values: x[..count].to_vec(),
                slots: slots[OWN..].to_vec(),
                learning_rate: x[changing + count],
                iterations: x[changing - 1],
            };
            let applied = step(g, &*self.inner_optimizer, inputs, None)?;
            let mut results = applied.values;
            results.extend_from_slice(&slots[..COUNTER]);
            results.extend(self.grown(g, slots[COUNTER], slots[SCALE])?);
            results.extend(applied.slots);
            results.push(applied.iterations);
            Ok(results)
        };
        let bad = |g: &mut Graph, x: &[Value]| {
            let mut results = x[..changing].to_vec();
            results[count + COUNTER] = zeros(g, x[count + COUNTER])?;
            results[count + SCALE] = compose::multiply_scalar(g, x[count + SCALE], 0.5)?;
            Ok(results)
        };
        let mut values = either(g, is_good, &operands, good, bad)?;
        let mut slots = values.split_off(count);
        let iterations = slots.pop().unwrap_or(iterations);
        Ok(Applied { values, slots, iterations })
    }

    fn weight_decay(&self, variable: &Variable) -> Option<f64> {
        self.inner_optimizer.weight_decay(variable)
    }

    fn begin(&self, cx: &mut UpdateCx<'_>) -> Result<(), GraphError> {
        self.inner_optimizer.begin(cx)
    }

    fn update(
        &self,
        cx: &mut UpdateCx<'_>,
        variable: usize,
        value: Value,
        gradient: Value,
    ) -> Result<Value, GraphError> {
        self.inner_optimizer.update(cx, variable, value, gradient)
    }
}
