//! Constraints: what is done to a weight after each step.

mod max_norm;
mod min_max_norm;
mod non_neg;
mod unit_norm;

use ceras_graph::{Function, Graph, GraphError, Tensor, Value, compose, ops};

use crate::activations::{rules, run};
use crate::error::Result;
use crate::registry::{Configurable, Registry, envelope, family};

pub use max_norm::MaxNorm;
pub use min_max_norm::MinMaxNorm;
pub use non_neg::NonNeg;
pub use unit_norm::UnitNorm;

/// Keras' `backend.epsilon()`, which keeps denominators from 0.
pub(crate) const EPSILON: f64 = 1e-7;

/// What is done to a weight after each step.
pub trait Constraint: Configurable {
    /// Emits the weight that satisfies the constraint.
    ///
    /// # Errors
    /// The weight has not the axis that the constraint works along.
    fn apply(&self, g: &mut Graph, w: Value) -> Result<Value, GraphError>;
}

/// The constraints that a config may name.
pub static CONSTRAINTS: Registry<dyn Constraint> = Registry {
    kind: "constraint",
    module: "keras.constraints",
    any_case: false,
    entries: &[&max_norm::ENTRY, &min_max_norm::ENTRY, &non_neg::ENTRY, &unit_norm::ENTRY],
};

family! {
    /// A shared handle of a constraint.
    ConstraintRef, Constraint, CONSTRAINTS, |constraint| envelope("keras.constraints", &*constraint.0)
}

impl ConstraintRef {
    /// The tensor that satisfies the constraint.
    ///
    /// # Errors
    /// The tensor has not the axis that the constraint works along.
    pub fn eval(&self, w: &Tensor) -> Result<Tensor> {
        let function = Function::trace(&[("w", w.ty())], |g, inputs| Ok(vec![self.apply(g, inputs[0])?]))?;
        run(&function, std::slice::from_ref(w), 0)
    }
}

/// One axis or several, as in a config.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Axes {
    /// One axis.
    One(i64),
    /// Several.
    Several(Vec<i64>),
}

impl From<i64> for Axes {
    fn from(axis: i64) -> Axes {
        Axes::One(axis)
    }
}

impl<const N: usize> From<[i64; N]> for Axes {
    fn from(axes: [i64; N]) -> Axes {
        Axes::Several(axes.to_vec())
    }
}

impl Axes {
    /// The axes of a value, from the front.
    pub(crate) fn of(&self, g: &Graph, word: &'static str, x: Value) -> Result<Vec<usize>, GraphError> {
        match self {
            Axes::One(axis) => Ok(vec![rules::axis_of(g, word, x, *axis)?]),
            Axes::Several(axes) => axes.iter().map(|axis| rules::axis_of(g, word, x, *axis)).collect(),
        }
    }
}

/// The lengths of the vectors along some axes, which stay with dimension 1.
fn norms(g: &mut Graph, w: Value, axes: &[usize]) -> Result<Value, GraphError> {
    let square = compose::square(g, w)?;
    let sum = compose::sum(g, square, axes, true)?;
    ops::sqrt(g, sum)
}

/// `w · desired / (epsilon + norms)`
fn rescale(g: &mut Graph, w: Value, desired: Value, norms: Value) -> Result<Value, GraphError> {
    let norms = compose::add_scalar(g, norms, EPSILON)?;
    let ratio = ops::divide(g, desired, norms)?;
    compose::multiply(g, w, ratio)
}

/// Vectors along an axis divided by their lengths, where lengths below Keras' epsilon count as that: `x / max(‖x‖, ε)`.
pub(crate) fn normalize(g: &mut Graph, x: Value, axis: usize) -> Result<Value, GraphError> {
    let square = compose::square(g, x)?;
    let sum = compose::sum(g, square, &[axis], true)?;
    // Bounded before the root, where Keras bounds after it: the gradient of a zero vector is then finite.
    let sum = compose::maximum_scalar(g, sum, EPSILON * EPSILON)?;
    let scale = ops::rsqrt(g, sum)?;
    compose::multiply(g, x, scale)
}

/// An entry of [`CONSTRAINTS`] and the config of a struct that is its own config.
macro_rules! configurable {
    ($type:ident, $aliases:expr) => {
        pub(super) static ENTRY: $crate::registry::Entry<dyn $crate::constraints::Constraint> =
            $crate::registry::Entry {
                class_name: stringify!($type),
                aliases: $aliases,
                parse: |config| {
                    let constraint = $crate::registry::parse_config::<$type>(config)?;
                    Ok(std::sync::Arc::new(constraint))
                },
            };

        impl $crate::registry::Configurable for $type {
            fn class_name(&self) -> &'static str {
                stringify!($type)
            }

            fn config(&self) -> $crate::registry::Config {
                $crate::registry::to_config(self)
            }
        }
    };
}
pub(crate) use configurable;

#[cfg(test)]
mod tests;
