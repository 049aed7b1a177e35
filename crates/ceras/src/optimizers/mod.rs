//! Optimizers: how weights move along their gradients.

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adam_w;
mod adamax;
mod apply;
pub(crate) mod average;
mod clip;
mod common;
mod ftrl;
mod lamb;
mod lion;
mod loss_scale_optimizer;
mod muon;
mod nadam;
mod rms_prop;
mod schedule_free_adam_w;
pub mod schedules;
mod sgd;
mod slot;
mod update;

use ceras_graph::{Graph, GraphError, Value, compose};

use crate::error::Result;
use crate::registry::{Configurable, Registry, envelope, family};

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adam_w::AdamW;
pub use adamax::Adamax;
pub use apply::{Applied, Inputs, first_step};
pub use common::{Common, LearningRate, check};
pub use ftrl::Ftrl;
pub use lamb::Lamb;
pub use lion::Lion;
pub use loss_scale_optimizer::LossScaleOptimizer;
pub use muon::Muon;
pub use nadam::Nadam;
pub use rms_prop::RmsProp;
pub use schedule_free_adam_w::ScheduleFreeAdamW;
pub use sgd::Sgd;
pub use slot::{Initial, Slot, Variable};
pub use update::UpdateCx;

/// An optimizer.
pub trait Optimizer: Configurable {
    /// What all optimizers have: learning rate, clipping, weight decay.
    fn common(&self) -> &Common;

    /// The optimizer's own state for these variables, in the order of Keras' file. [`Optimizer::layout`] is all of it.
    fn slots(&self, variables: &[Variable]) -> Vec<Slot>;

    /// All state for these variables, in the order of Keras' file, without the iteration and the learning rate.
    fn layout(&self, variables: &[Variable]) -> Vec<Slot> {
        let mut layout = apply::common_slots(self.common(), variables);
        layout.extend(self.slots(variables));
        layout
    }

    /// How many slots come before the iteration and the learning rate in Keras' file.
    fn leading_slots(&self) -> usize {
        0
    }

    /// Whether a step whose gradients are not finite is left out by the optimizer itself; where not, it is an error of the
    /// training.
    fn skips_bad_steps(&self) -> bool {
        false
    }

    /// Fails when the optimizer's own options cannot be. [`check`] looks at everything.
    ///
    /// # Errors
    /// An option that cannot be, named.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Emits the loss whose gradients a step wants: the loss itself, or that times a scale.
    ///
    /// # Errors
    /// An op that could not be emitted.
    fn scale_loss(&self, g: &mut Graph, loss: Value, slots: &[Value]) -> Result<Value, GraphError> {
        let _ = slots;
        match self.common().loss_scale_factor {
            Some(factor) => compose::multiply_scalar(g, loss, factor),
            None => Ok(loss),
        }
    }

    /// Emits a step over all variables. It is made of [`Optimizer::begin`] and [`Optimizer::update`], and rarely written.
    ///
    /// # Errors
    /// The numbers of values, gradients and slots do not fit, or an op could not be emitted.
    fn apply(&self, g: &mut Graph, inputs: Inputs) -> Result<Applied, GraphError> {
        apply::step(g, self, inputs, self.common().loss_scale_factor)
    }

    /// The weight decay of a variable.
    fn weight_decay(&self, variable: &Variable) -> Option<f64> {
        let _ = variable;
        self.common().weight_decay
    }

    /// Emits what is done once in a step, before the first variable.
    ///
    /// # Errors
    /// An op that could not be emitted.
    fn begin(&self, cx: &mut UpdateCx<'_>) -> Result<(), GraphError> {
        let _ = cx;
        Ok(())
    }

    /// Emits the new value of a variable; the gradient is clipped already, the value decayed.
    ///
    /// # Errors
    /// An op that could not be emitted.
    fn update(
        &self,
        cx: &mut UpdateCx<'_>,
        variable: usize,
        value: Value,
        gradient: Value,
    ) -> Result<Value, GraphError>;
}

/// The optimizers that `compile` and a file may name.
pub static OPTIMIZERS: Registry<dyn Optimizer> = Registry {
    kind: "optimizer",
    module: "keras.optimizers",
    any_case: true,
    entries: &[
        &adadelta::ENTRY,
        &adafactor::ENTRY,
        &adagrad::ENTRY,
        &adam::ENTRY,
        &adam_w::ENTRY,
        &adamax::ENTRY,
        &ftrl::ENTRY,
        &lamb::ENTRY,
        &lion::ENTRY,
        &loss_scale_optimizer::ENTRY,
        &muon::ENTRY,
        &nadam::ENTRY,
        &rms_prop::ENTRY,
        &schedule_free_adam_w::ENTRY,
        &sgd::ENTRY,
    ],
};

family! {
    /// A shared handle of an optimizer.
    OptimizerRef, Optimizer, OPTIMIZERS, |optimizer| envelope("keras.optimizers", &*optimizer.0)
}

/// Declares an optimizer: its struct with what all have and its own options, and a builder method for each.
macro_rules! optimizer {
    ($(#[$doc:meta])* $type:ident, $class:literal, $alias:literal, $name:literal, $learning_rate:expr,
     $weight_decay:expr, { $($field:ident: $field_type:ty = $default:expr, $says:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $type {
            #[serde(skip, default = "defaults")]
            common: $crate::optimizers::Common,
            $($field: $field_type,)*
        }

        fn defaults() -> $crate::optimizers::Common {
            $crate::optimizers::Common::new($name, $learning_rate, $weight_decay)
        }

        pub(super) static ENTRY: $crate::registry::Entry<dyn $crate::optimizers::Optimizer> =
            $crate::registry::Entry {
                class_name: $class,
                aliases: &[$alias],
                parse: |config| {
                    let (common, own) = $crate::optimizers::Common::split(defaults(), config)?;
                    let mut optimizer = $crate::registry::parse_config::<$type>(&own)?;
                    optimizer.common = common;
                    Ok(std::sync::Arc::new(optimizer))
                },
            };

        impl Default for $type {
            fn default() -> $type {
                $type { common: defaults(), $($field: $default,)* }
            }
        }

        impl $type {
            /// The optimizer with Keras' defaults.
            #[must_use]
            pub fn new() -> $type {
                $type::default()
            }

            $(
                #[doc = $says]
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$field_type>) -> $type {
                    self.$field = $field.into();
                    self
                }
            )*

            $crate::optimizers::common::common_builders!();
        }

        impl $crate::registry::Configurable for $type {
            fn class_name(&self) -> &'static str {
                $class
            }

            fn config(&self) -> $crate::registry::Config {
                let mut config = $crate::registry::to_config(&self.common);
                config.extend($crate::registry::to_config(self));
                config
            }
        }
    };
}
pub(crate) use optimizer;

#[cfg(test)]
mod tests;
