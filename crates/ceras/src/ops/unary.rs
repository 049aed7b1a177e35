//! Operations on each element of one tensor.

use ceras_graph::{DType, Graph, Value, compose, ops as primitives};
use serde::{Deserialize, Serialize};

use super::promote::{converted, float};
use super::{NUMPY, Operand, Operation, configurable, node, one, operation_entry};
use crate::error::Result;
use crate::models::KerasTensor;
use crate::registry::Entry;

/// Keras' module of the functions that NumPy does not have.
const MATH: &str = "keras.src.ops.math";

macro_rules! unary {
    ($($(#[$doc:meta])* $function:ident, $class_name:ident, $module:expr, $emit:expr;)*) => {
        /// The entries of the registry.
        pub(super) const ENTRIES: &[&Entry<dyn Operation>] = &[$({
            static ENTRY: Entry<dyn Operation> = operation_entry!($class_name, { stringify!($class_name) });
            &ENTRY
        }),*];

        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// The operation does not take elements of that type.
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
                    $module
                }

                fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
                    let x = one(stringify!($class_name), operands)?;
                    let emit: fn(&mut Graph, Value) -> Result<Value> = $emit;
                    emit(g, x)
                }
            }
        )*
    };
}

/// An op of floating-point numbers; integers become those first.
macro_rules! of_floats {
    ($op:expr) => {
        |g, x| {
            let x = float(g, x)?;
            Ok($op(g, x)?)
        }
    };
}

unary! {
    /// −x.
    negative, Negative, NUMPY, |g, x| Ok(primitives::negate(g, x)?);
    /// |x|.
    absolute, Absolute, NUMPY, |g, x| Ok(primitives::abs(g, x)?);
    /// x².
    square, Square, NUMPY, |g, x| Ok(compose::square(g, x)?);
    /// −1, 0 or 1.
    sign, Sign, NUMPY, |g, x| Ok(primitives::sign(g, x)?);
    /// √x.
    sqrt, Sqrt, NUMPY, of_floats!(primitives::sqrt);
    /// 1/√x.
    rsqrt, Rsqrt, MATH, of_floats!(primitives::rsqrt);
    /// eˣ.
    exp, Exp, NUMPY, of_floats!(primitives::exponential);
    /// eˣ − 1, precise near 0.
    expm1, Expm1, NUMPY, of_floats!(primitives::exponential_minus_one);
    /// The natural logarithm.
    log, Log, NUMPY, of_floats!(primitives::log);
    /// ln(1 + x), precise near 0.
    log1p, Log1p, NUMPY, of_floats!(primitives::log_plus_one);
    /// The sine of an angle in radians.
    sin, Sin, NUMPY, of_floats!(primitives::sine);
    /// The cosine of an angle in radians.
    cos, Cos, NUMPY, of_floats!(primitives::cosine);
    /// The hyperbolic tangent.
    tanh, Tanh, NUMPY, of_floats!(primitives::tanh);
    /// The largest integer not above x.
    floor, Floor, NUMPY, of_floats!(primitives::floor);
    /// The smallest integer not below x.
    ceil, Ceil, NUMPY, of_floats!(primitives::ceil);
    /// 1/x.
    reciprocal, Reciprocal, NUMPY, of_floats!(|g: &mut Graph, x: Value| {
        let one = compose::scalar(g, 1.0, g.ty(x).dtype)?;
        compose::divide(g, one, x)
    });
    /// The opposite truth value.
    logical_not, LogicalNot, NUMPY, |g, x| {
        let x = converted(g, x, DType::Bool)?;
        Ok(primitives::not(g, x)?)
    };
}

/// |x|: Keras' other name of [`absolute`].
///
/// # Errors
/// The operation does not take elements of that type.
#[track_caller]
pub fn abs(x: &KerasTensor) -> Result<KerasTensor> {
    absolute(x)
}
