//! Regularizers: what the size of a weight or an output adds to the loss.

mod l1;
mod l1_l2;
mod l2;
mod orthogonal_regularizer;

use ceras_graph::{Function, Graph, GraphError, Tensor, Value, compose, ops};

use crate::activations::run;
use crate::error::Result;
use crate::registry::{Configurable, Registry, envelope, family};

pub use l1::L1;
pub use l1_l2::L1L2;
pub use l2::L2;
pub use orthogonal_regularizer::{OrthogonalRegularizer, Pairs};

/// What the size of a weight or an output adds to the loss.
pub trait Regularizer: Configurable {
    /// Emits the penalty of `x`, a scalar.
    ///
    /// # Errors
    /// `x` has another rank or type than the regularizer works on.
    fn penalty(&self, g: &mut Graph, x: Value) -> Result<Value, GraphError>;
}

/// The regularizers that a config may name.
pub static REGULARIZERS: Registry<dyn Regularizer> = Registry {
    kind: "regularizer",
    module: "keras.regularizers",
    any_case: false,
    entries: &[&l1::ENTRY, &l2::ENTRY, &l1_l2::ENTRY, &orthogonal_regularizer::ENTRY],
};

family! {
    /// A shared handle of a regularizer.
    RegularizerRef, Regularizer, REGULARIZERS,
    |regularizer| envelope("keras.regularizers", &*regularizer.0)
}

impl RegularizerRef {
    /// The penalty of a tensor.
    ///
    /// # Errors
    /// The tensor has another rank or type than the regularizer works on.
    pub fn eval(&self, x: &Tensor) -> Result<f64> {
        let function = Function::trace(&[("x", x.ty())], |g, inputs| Ok(vec![self.penalty(g, inputs[0])?]))?;
        Ok(run(&function, std::slice::from_ref(x), 0)?.item()?)
    }
}

/// The sum over all axes.
fn total(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let axes: Vec<usize> = (0..g.ty(x).shape.rank()).collect();
    compose::sum(g, x, &axes, false)
}

/// `factor · Σ |x|`
fn absolute(g: &mut Graph, x: Value, factor: f64) -> Result<Value, GraphError> {
    let size = ops::abs(g, x)?;
    let sum = total(g, size)?;
    compose::multiply_scalar(g, sum, factor)
}

/// `factor · Σ x²`
fn squared(g: &mut Graph, x: Value, factor: f64) -> Result<Value, GraphError> {
    let square = compose::square(g, x)?;
    let sum = total(g, square)?;
    compose::multiply_scalar(g, sum, factor)
}

/// An entry of [`REGULARIZERS`] and the config of a struct that is its own config.
macro_rules! configurable {
    ($type:ident, $aliases:expr) => {
        pub(super) static ENTRY: $crate::registry::Entry<dyn $crate::regularizers::Regularizer> =
            $crate::registry::Entry {
                class_name: stringify!($type),
                aliases: $aliases,
                parse: |config| {
                    let regularizer = $crate::registry::parse_config::<$type>(config)?;
                    regularizer.check()?;
                    Ok(std::sync::Arc::new(regularizer))
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

/// Fails unless a factor is a number from 0 on.
///
/// # Errors
/// It is not.
fn not_negative(name: &str, factor: f64) -> Result<()> {
    if factor.is_finite() && factor >= 0.0 {
        return Ok(());
    }
    let text = format!("`{name}` must be 0 or more; it is {factor}");
    Err(crate::error::Error::new(crate::error::ErrorKind::Usage, text))
}

#[cfg(test)]
mod tests;
