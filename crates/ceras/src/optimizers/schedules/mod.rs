//! Learning rate schedules: the learning rate as a function of the number of steps done.
//!
//! They are worked out on the host in single precision, as Keras works them out in the graph.

mod cosine_decay;
mod cosine_decay_restarts;
mod exponential_decay;
mod inverse_time_decay;
mod piecewise_constant_decay;
mod polynomial_decay;

use crate::error::{Error, ErrorKind, Result};
use crate::registry::{Configurable, Registry, envelope, family};

pub use cosine_decay::CosineDecay;
pub use cosine_decay_restarts::CosineDecayRestarts;
pub use exponential_decay::ExponentialDecay;
pub use inverse_time_decay::InverseTimeDecay;
pub use piecewise_constant_decay::PiecewiseConstantDecay;
pub use polynomial_decay::PolynomialDecay;

/// A learning rate schedule.
pub trait Schedule: Configurable {
    /// The learning rate of the step that follows `step` others.
    fn at(&self, step: u64) -> f32;

    /// Fails when the schedule's options cannot be.
    ///
    /// # Errors
    /// The option, named.
    fn check(&self) -> Result<()>;
}

/// The schedules that a file may name.
pub static SCHEDULES: Registry<dyn Schedule> = Registry {
    kind: "learning rate schedule",
    module: "keras.optimizers.schedules",
    any_case: false,
    entries: &[
        &cosine_decay::ENTRY,
        &cosine_decay_restarts::ENTRY,
        &exponential_decay::ENTRY,
        &inverse_time_decay::ENTRY,
        &piecewise_constant_decay::ENTRY,
        &polynomial_decay::ENTRY,
    ],
};

family! {
    /// A shared handle of a learning rate schedule.
    ScheduleRef, Schedule, SCHEDULES, |schedule| envelope("keras.optimizers.schedules", &*schedule.0)
}

/// Fails unless a number of steps is positive.
///
/// # Errors
/// It is not.
fn positive_steps(name: &str, steps: f64) -> Result<()> {
    if steps > 0.0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Usage, format!("`{name}` must be above 0; it is {steps}")))
}

/// An entry of a config; numbers of steps are whole numbers, as they were given to Keras.
pub(crate) fn entry(key: &str, value: serde_json::Value) -> serde_json::Value {
    if !key.ends_with("steps") && key != "boundaries" {
        return value;
    }
    match value {
        serde_json::Value::Array(items) => items.into_iter().map(|item| entry(key, item)).collect(),
        value => match value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15) {
            Some(number) => serde_json::Value::from(number as i64),
            None => value,
        },
    }
}

/// Declares a schedule: its struct, which is Keras' config, made by `new` of what has no default and by builders.
macro_rules! schedule {
    ($(#[$doc:meta])* $type:ident, $class:literal, $name:literal,
     ($($(#[$argument_attribute:meta])* $argument:ident: $argument_type:ty),*),
     { $($field:ident: $field_type:ty = $default:expr, $key:literal, $says:literal;)* }, [$($order:ident),*]) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $type {
            $($argument: $argument_type,)*
            $(#[serde(default = $key)] $field: $field_type,)*
            #[serde(default = "named")]
            name: String,
        }

        mod default {
            $(pub(super) fn $field() -> $field_type {
                $default
            })*
        }

        fn named() -> String {
            $name.to_owned()
        }

        pub(super) static ENTRY: $crate::registry::Entry<dyn $crate::optimizers::schedules::Schedule> =
            $crate::registry::Entry {
                class_name: $class,
                aliases: &[],
                parse: |config| {
                    let schedule = $crate::registry::parse_config::<$type>(config)?;
                    Ok(std::sync::Arc::new(schedule))
                },
            };

        impl $type {
            /// The schedule of these, with Keras' defaults for the rest.
            #[must_use]
            pub fn new($($argument: impl Into<$argument_type>),*) -> $type {
                $type {
                    $($argument: $argument.into(),)*
                    $($field: default::$field(),)*
                    name: named(),
                }
            }

            $(
                #[doc = $says]
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$field_type>) -> $type {
                    self.$field = $field.into();
                    self
                }
            )*
        }

        impl $crate::registry::Configurable for $type {
            fn class_name(&self) -> &'static str {
                $class
            }

            fn config(&self) -> $crate::registry::Config {
                let mut config = $crate::registry::Config::new();
                $(
                    let key = stringify!($order);
                    let value = $crate::optimizers::schedules::entry(key, serde_json::json!(self.$order));
                    config.insert(key.to_owned(), value);
                )*
                config
            }
        }
    };
}
pub(crate) use schedule;
