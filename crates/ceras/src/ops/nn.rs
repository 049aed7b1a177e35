//! Activation functions as operations.

use ceras_graph::{Graph, Value};
use serde::{Deserialize, Serialize};

use super::promote::float;
use super::{Operand, Operation, configurable, node, one, operation_entry};
use crate::activations::{ActivationRef, log_softmax as emit_log_softmax, softmax as emit_softmax};
use crate::error::Result;
use crate::models::KerasTensor;
use crate::registry::Entry;

const MODULE: &str = "keras.src.ops.nn";

/// Operations that are an activation function with its defaults.
macro_rules! activations {
    ($($function:ident, $class_name:ident;)*) => {
        /// The entries of the registry.
        pub(super) const ENTRIES: &[&Entry<dyn Operation>] = &[&SOFTMAX, &LOG_SOFTMAX, $({
            static ENTRY: Entry<dyn Operation> = operation_entry!($class_name, { stringify!($class_name) });
            &ENTRY
        }),*];

        $(
            #[doc = concat!("The activation function `", stringify!($function), "`.")]
            ///
            /// # Errors
            /// The tensor carries an earlier problem.
            #[track_caller]
            pub fn $function(x: &KerasTensor) -> Result<KerasTensor> {
                node($class_name {}, vec![x.into()])
            }

            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            struct $class_name {}

            configurable!($class_name, { stringify!($class_name) });

            impl Operation for $class_name {
                fn module(&self) -> &'static str {
                    MODULE
                }

                fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
                    let x = one(stringify!($class_name), operands)?;
                    let x = float(g, x)?;
                    Ok(ActivationRef::by_name(stringify!($function))?.apply(g, x)?)
                }
            }
        )*
    };
}

activations! {
    relu, Relu;
    relu6, Relu6;
    sigmoid, Sigmoid;
    silu, Silu;
    softplus, Softplus;
    softsign, Softsign;
    selu, Selu;
    hard_sigmoid, HardSigmoid;
    hard_silu, HardSilu;
    log_sigmoid, LogSigmoid;
}

/// Operations along an axis.
macro_rules! along {
    ($($(#[$doc:meta])* $function:ident, $class_name:ident, $entry:ident, $emit:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// There is no such axis.
        #[track_caller]
        pub fn $function(x: &KerasTensor, axis: i64) -> Result<KerasTensor> {
            node($class_name { axis }, vec![x.into()])
        }

        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $class_name {
            #[serde(default = "last")]
            axis: i64,
        }

        static $entry: Entry<dyn Operation> = operation_entry!($class_name, { stringify!($class_name) });

        configurable!($class_name, { stringify!($class_name) });

        impl Operation for $class_name {
            fn module(&self) -> &'static str {
                MODULE
            }

            fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
                let x = one(stringify!($class_name), operands)?;
                let x = float(g, x)?;
                Ok($emit(g, x, self.axis)?)
            }
        }
    )*};
}

along! {
    /// eˣ divided by its sum along an axis.
    softmax, Softmax, SOFTMAX, emit_softmax;
    /// The logarithm of [`softmax`].
    log_softmax, LogSoftmax, LOG_SOFTMAX, emit_log_softmax;
}

fn last() -> i64 {
    -1
}
