//! Operations of two operands, by NumPy's broadcasting.

use ceras_graph::{DType, Graph, Value, compose, ops as primitives};
use serde::{Deserialize, Serialize};

use super::promote::{converted, float, pair};
use super::{NUMPY, Operand, Operation, Term, configurable, node, operation_entry};
use crate::error::Result;
use crate::models::KerasTensor;
use crate::registry::Entry;

macro_rules! binary {
    ($($(#[$doc:meta])* $function:ident, $class_name:ident, $emit:expr;)*) => {
        /// The entries of the registry.
        pub(super) const ENTRIES: &[&Entry<dyn Operation>] = &[$({
            static ENTRY: Entry<dyn Operation> = operation_entry!($class_name, { stringify!($class_name) });
            &ENTRY
        }),*];

        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// The shapes do not broadcast; no operand is a tensor.
            #[track_caller]
            pub fn $function(a: impl Into<Term>, b: impl Into<Term>) -> Result<KerasTensor> {
                node($class_name {}, vec![a.into(), b.into()])
            }

            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            struct $class_name {}

            configurable!($class_name, { stringify!($class_name) });

            impl Operation for $class_name {
                fn module(&self) -> &'static str {
                    NUMPY
                }

                fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
                    let (a, b) = pair(g, stringify!($class_name), operands)?;
                    let emit: fn(&mut Graph, Value, Value) -> Result<Value> = $emit;
                    emit(g, a, b)
                }
            }
        )*
    };
}

binary! {
    /// a + b.
    add, Add, |g, a, b| Ok(compose::add(g, a, b)?);
    /// a − b.
    subtract, Subtract, |g, a, b| Ok(compose::subtract(g, a, b)?);
    /// a · b.
    multiply, Multiply, |g, a, b| Ok(compose::multiply(g, a, b)?);
    /// a / b, of integers too.
    divide, Divide, quotient;
    /// a / b, of integers too: what the operator `/` means.
    true_divide, TrueDivide, quotient;
    /// The largest integer not above a / b.
    floor_divide, FloorDivide, whole_quotient;
    /// The remainder of a / b with the sign of `b`, as Python's `%`.
    mod_, Mod, remainder;
    /// aᵇ.
    power, Power, |g, a, b| Ok(compose::power(g, a, b)?);
    /// The larger.
    maximum, Maximum, |g, a, b| Ok(compose::maximum(g, a, b)?);
    /// The smaller.
    minimum, Minimum, |g, a, b| Ok(compose::minimum(g, a, b)?);
    /// Whether a = b, as `bool`.
    equal, Equal, |g, a, b| Ok(compose::equal(g, a, b)?);
    /// Whether a ≠ b, as `bool`.
    not_equal, NotEqual, |g, a, b| Ok(compose::not_equal(g, a, b)?);
    /// Whether a > b, as `bool`.
    greater, Greater, |g, a, b| Ok(compose::greater(g, a, b)?);
    /// Whether a ≥ b, as `bool`.
    greater_equal, GreaterEqual, |g, a, b| Ok(compose::greater_equal(g, a, b)?);
    /// Whether a < b, as `bool`.
    less, Less, |g, a, b| Ok(compose::less(g, a, b)?);
    /// Whether a ≤ b, as `bool`.
    less_equal, LessEqual, |g, a, b| Ok(compose::less_equal(g, a, b)?);
    /// Whether both are true (not 0).
    logical_and, LogicalAnd, |g, a, b| truths(g, a, b, compose::logical_and);
    /// Whether one is true (not 0).
    logical_or, LogicalOr, |g, a, b| truths(g, a, b, compose::logical_or);
}

fn quotient(g: &mut Graph, a: Value, b: Value) -> Result<Value> {
    let (a, b) = (float(g, a)?, float(g, b)?);
    Ok(compose::divide(g, a, b)?)
}

fn whole_quotient(g: &mut Graph, a: Value, b: Value) -> Result<Value> {
    if g.ty(a).dtype.is_float() {
        let quotient = compose::divide(g, a, b)?;
        return Ok(primitives::floor(g, quotient)?);
    }
    // Of integers the division cuts towards 0; without its remainder there is nothing to cut.
    let rest = remainder(g, a, b)?;
    let whole = compose::subtract(g, a, rest)?;
    Ok(compose::divide(g, whole, b)?)
}

fn remainder(g: &mut Graph, a: Value, b: Value) -> Result<Value> {
    let rest = compose::remainder(g, a, b)?;
    let dtype = g.ty(rest).dtype;
    let zero = compose::scalar(g, 0.0, dtype)?;
    let some = compose::not_equal(g, rest, zero)?;
    let below = compose::less(g, rest, zero)?;
    let negative = compose::less(g, b, zero)?;
    let differ = compose::not_equal(g, below, negative)?;
    let moves = compose::logical_and(g, some, differ)?;
    let moved = compose::add(g, rest, b)?;
    Ok(compose::select(g, moves, moved, rest)?)
}

type Truth = fn(&mut Graph, Value, Value) -> Result<Value, ceras_graph::GraphError>;

fn truths(g: &mut Graph, a: Value, b: Value, emit: Truth) -> Result<Value> {
    let (a, b) = (converted(g, a, DType::Bool)?, converted(g, b, DType::Bool)?);
    Ok(emit(g, a, b)?)
}
