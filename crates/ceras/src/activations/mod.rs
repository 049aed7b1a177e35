//! Activation functions: what a layer does to each number that it makes.

pub(crate) mod rules;

mod celu;
mod elu;
mod exponential;
mod gelu;
mod glu;
mod hard_shrink;
mod hard_sigmoid;
mod hard_sigmoid_keras_2;
mod hard_silu;
mod hard_tanh;
mod leaky_relu;
mod linear;
mod log_sigmoid;
mod log_softmax;
mod mish;
mod of_layer;
mod relu;
mod relu6;
mod selu;
mod sigmoid;
mod silu;
mod soft_shrink;
mod softmax;
mod softplus;
mod softsign;
mod sparse_plus;
mod sparse_sigmoid;
mod sparsemax;
mod squareplus;
mod tanh;
mod tanh_shrink;
mod threshold;

use ceras_graph::{Function, Graph, GraphError, Tensor, Value, compose, eval, function};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, ErrorKind, Result};
use crate::registry::{Configurable, Registry, family};

pub use celu::{Celu, celu};
pub use elu::{Elu, elu};
pub use exponential::Exponential;
pub use gelu::{Gelu, gelu};
pub use glu::{Glu, glu};
pub use hard_shrink::{HardShrink, hard_shrink};
pub use hard_sigmoid::HardSigmoid;
pub use hard_sigmoid_keras_2::HardSigmoidKeras2;
pub use hard_silu::HardSilu;
pub use hard_tanh::HardTanh;
pub use leaky_relu::{LeakyRelu, leaky_relu};
pub use linear::Linear;
pub use log_sigmoid::LogSigmoid;
pub use log_softmax::{LogSoftmax, log_softmax};
pub use mish::Mish;
pub use relu::{Relu, relu};
pub use relu6::Relu6;
pub use selu::Selu;
pub use sigmoid::Sigmoid;
pub use silu::Silu;
pub use soft_shrink::{SoftShrink, soft_shrink};
pub use softmax::{Softmax, softmax};
pub use softplus::Softplus;
pub use softsign::Softsign;
pub use sparse_plus::SparsePlus;
pub use sparse_sigmoid::SparseSigmoid;
pub use sparsemax::{Sparsemax, sparsemax};
pub use squareplus::{Squareplus, squareplus};
pub use tanh::Tanh;
pub use tanh_shrink::TanhShrink;
pub use threshold::{Threshold, threshold};

/// An activation function.
///
/// Those of Keras take their default arguments here, because a layer's config keeps a name alone; the functions of
/// this module, such as [`relu`], take all arguments.
pub trait Activation: Configurable {
    /// Keras' name, such as `relu`.
    fn name(&self) -> &'static str;

    /// Emits the function of `x`.
    ///
    /// # Errors
    /// `x` is not of a floating-point type, or has not the axis that the function works along.
    fn apply(&self, g: &mut Graph, x: Value) -> Result<Value, GraphError>;

    /// The layer that this is, when it is one.
    fn layer(&self) -> Option<&crate::layers::LayerRef> {
        None
    }
}

/// The activation functions that a layer may name.
pub static ACTIVATIONS: Registry<dyn Activation> = Registry {
    kind: "activation",
    module: "keras.activations",
    any_case: false,
    entries: &[
        &celu::ENTRY,
        &elu::ENTRY,
        &exponential::ENTRY,
        &gelu::ENTRY,
        &glu::ENTRY,
        &hard_shrink::ENTRY,
        &hard_sigmoid::ENTRY,
        &hard_sigmoid_keras_2::ENTRY,
        &hard_silu::ENTRY,
        &hard_tanh::ENTRY,
        &leaky_relu::ENTRY,
        &linear::ENTRY,
        &log_sigmoid::ENTRY,
        &log_softmax::ENTRY,
        &mish::ENTRY,
        &relu::ENTRY,
        &relu6::ENTRY,
        &selu::ENTRY,
        &sigmoid::ENTRY,
        &silu::ENTRY,
        &soft_shrink::ENTRY,
        &softmax::ENTRY,
        &softplus::ENTRY,
        &softsign::ENTRY,
        &sparse_plus::ENTRY,
        &sparse_sigmoid::ENTRY,
        &sparsemax::ENTRY,
        &squareplus::ENTRY,
        &tanh::ENTRY,
        &tanh_shrink::ENTRY,
        &threshold::ENTRY,
    ],
};

family! {
    /// A shared handle of an activation function. In a config it is its name.
    ActivationRef, Activation, ACTIVATIONS, |activation| match activation.registered_name() {
        None if activation.layer().is_some() => crate::registry::envelope("keras.layers", &*activation.0),
        Some(_) => crate::registry::envelope("keras.activations", &*activation.0),
        None => serde_json::Value::from(activation.name()),
    }
}

impl ActivationRef {
    /// The identity, which layers have where nothing else is said.
    pub fn linear() -> ActivationRef {
        Linear.into()
    }

    /// The values of the function.
    ///
    /// # Errors
    /// `x` is not of a floating-point type, or has not the axis that the function works along.
    ///
    /// # Examples
    /// ```
    /// use ceras::activations::ActivationRef;
    /// use ceras_graph::Tensor;
    /// let y = ActivationRef::by_name("relu")?.eval(&Tensor::from_slice(&[-1.0f32, 0.0, 2.0]))?;
    /// assert_eq!(y.slice::<f32>(), [0.0, 0.0, 2.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn eval(&self, x: &Tensor) -> Result<Tensor> {
        let function = Function::trace(&[("x", x.ty())], |g, inputs| Ok(vec![self.apply(g, inputs[0])?]))?;
        run(&function, std::slice::from_ref(x), 0)
    }

    /// The slopes of the function: the gradient of the sum of its values.
    ///
    /// # Errors
    /// As [`ActivationRef::eval`].
    ///
    /// # Examples
    /// ```
    /// use ceras::activations::ActivationRef;
    /// use ceras_graph::Tensor;
    /// let slope = ActivationRef::by_name("relu")?.slope(&Tensor::from_slice(&[-1.0f32, 0.0, 2.0]))?;
    /// assert_eq!(slope.slice::<f32>(), [0.0, 0.0, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn slope(&self, x: &Tensor) -> Result<Tensor> {
        let function = Function::trace(&[("x", x.ty())], |g, inputs| {
            let y = self.apply(g, inputs[0])?;
            let axes: Vec<usize> = (0..g.ty(y).shape.rank()).collect();
            Ok(vec![compose::sum(g, y, &axes, false)?])
        })?;
        run(&gradient(&function, &[0])?, std::slice::from_ref(x), 1)
    }
}

/// The function that computes a traced function's first output and its gradients.
pub(crate) fn gradient(function: &Function, with_respect_to: &[usize]) -> Result<Function> {
    function::grad(function, with_respect_to).map_err(|error| Error::new(ErrorKind::Usage, error.to_string()))
}

/// One output of a function, worked out node by node.
pub(crate) fn run(function: &Function, inputs: &[Tensor], output: usize) -> Result<Tensor> {
    let outputs = eval::interpret(function.graph(), inputs)
        .map_err(|error| Error::new(ErrorKind::Usage, error.to_string()))?;
    Ok(outputs[output].clone())
}

/// Reads an activation of a config, where null is the identity.
///
/// # Errors
/// The activation is unknown.
pub fn or_linear<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ActivationRef, D::Error> {
    let given = Option::<ActivationRef>::deserialize(deserializer)?;
    Ok(given.unwrap_or_else(ActivationRef::linear))
}

/// Declares an activation function of Keras: a type without fields, its name and what it emits.
macro_rules! activation {
    ($(#[$doc:meta])* $type:ident, $name:literal, $aliases:expr, $apply:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $type;

        pub(super) static ENTRY: $crate::registry::Entry<dyn $crate::activations::Activation> =
            $crate::registry::Entry {
                class_name: $name,
                aliases: $aliases,
                parse: |_| Ok(std::sync::Arc::new($type)),
            };

        impl $crate::registry::Configurable for $type {
            fn class_name(&self) -> &'static str {
                $name
            }

            fn config(&self) -> $crate::registry::Config {
                $crate::registry::Config::new()
            }
        }

        impl $crate::activations::Activation for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn apply(
                &self,
                g: &mut ceras_graph::Graph,
                x: ceras_graph::Value,
            ) -> Result<ceras_graph::Value, ceras_graph::GraphError> {
                let apply: fn(&mut ceras_graph::Graph, ceras_graph::Value) -> Result<_, _> = $apply;
                $crate::activations::rules::must_be_float(g, $name, x)?;
                apply(g, x)
            }
        }
    };
}
pub(crate) use activation;

#[cfg(test)]
pub(crate) mod oracle;
#[cfg(test)]
mod tests;
