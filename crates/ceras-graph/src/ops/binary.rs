//! Elementwise ops of two operands of one type and one shape.

use std::sync::Arc;

use ceras_kernels::elementwise as f;
use ceras_kernels::elementwise::{Direction, Function};

use crate::compose;
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, Op, Vjp, VjpCx};
use crate::ops::{self, Given, elementwise_methods, rules, zeros_like};
use crate::types::TensorType;

/// Operands, result and cotangent of a binary op.
struct Binary {
    a: Value,
    b: Value,
    y: Value,
    ct: Value,
}

/// The cotangent of one operand.
type Side = fn(&mut Graph, &Binary) -> Result<Value, GraphError>;

/// Declares binary ops: the op, its builder, its kernel and the cotangents of both operands (`None` is zero).
macro_rules! binary {
    ($($(#[$doc:meta])* $op:ident, $name:ident, $function:ident, $first:expr, $second:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $op;

        impl $op {
            pub(super) fn parse(_given: &mut Given) -> Result<Arc<dyn Op>, String> {
                Ok(Arc::new($op))
            }

            fn function(&self) -> &'static Function {
                &f::$function
            }
        }

        impl Op for $op {
            fn name(&self) -> &'static str {
                stringify!($name)
            }

            fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
                rules::elementwise(self.function(), inputs)
            }

            fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
                both(cx, $first, $second)
            }

            fn attributes(&self) -> Attributes {
                Attributes::none()
            }

            elementwise_methods!(Self::function);
        }

        $(#[$doc])*
        ///
        /// # Errors
        /// The operands' types or shapes differ, or the op does not take elements of that type.
        #[track_caller]
        pub fn $name(g: &mut Graph, a: Value, b: Value) -> Result<Value, GraphError> {
            g.emit_one($op, &[a, b])
        }
    )*};
}

binary! {
    /// a + b.
    Add, add, ADD, Some(|_, s| Ok(s.ct)), Some(|_, s| Ok(s.ct));
    /// a − b.
    Subtract, subtract, SUBTRACT, Some(|_, s| Ok(s.ct)), Some(|g, s| ops::negate(g, s.ct));
    /// a · b.
    Multiply, multiply, MULTIPLY, Some(|g, s| ops::multiply(g, s.ct, s.b)), Some(|g, s| ops::multiply(g, s.ct, s.a));
    /// a / b; integers are divided towards 0.
    Divide, divide, DIVIDE, Some(|g, s| ops::divide(g, s.ct, s.b)), Some(|g, s| {
        let ratio = ops::divide(g, s.y, s.b)?;
        let slope = ops::negate(g, ratio)?;
        ops::multiply(g, s.ct, slope)
    });
    /// The larger; NaN if one is NaN. Where they tie, the whole gradient goes to `a`.
    Maximum, maximum, MAXIMUM,
        Some(|g, s| share(g, s, Direction::Ge, true)), Some(|g, s| share(g, s, Direction::Ge, false));
    /// The smaller; NaN if one is NaN. Where they tie, the whole gradient goes to `a`.
    Minimum, minimum, MINIMUM,
        Some(|g, s| share(g, s, Direction::Le, true)), Some(|g, s| share(g, s, Direction::Le, false));
    /// aᵇ; NaN for a negative base and an exponent that is not an integer.
    Power, power, POWER, Some(power_base), Some(power_exponent);
    /// The remainder of a / b with the sign of `a`.
    Remainder, remainder, REMAINDER, Some(|_, s| Ok(s.ct)), Some(remainder_divisor);
    /// Logical and (bit by bit for integers). It carries no gradient.
    And, and, AND, None, None;
    /// Logical or (bit by bit for integers). It carries no gradient.
    Or, or, OR, None, None;
    /// Exclusive or (bit by bit for integers). It carries no gradient.
    Xor, xor, XOR, None, None;
}

fn both(cx: &mut VjpCx<'_>, first: Option<Side>, second: Option<Side>) -> Result<Vjp, GraphError> {
    let sides = Binary { a: cx.inputs[0], b: cx.inputs[1], y: cx.outputs[0], ct: cx.cotangent() };
    let mut cotangents = Vec::with_capacity(2);
    for (side, wanted) in [first, second].into_iter().zip(cx.wanted) {
        let side = side.filter(|_| *wanted);
        cotangents.push(side.map(|side| side(cx.graph, &sides)).transpose()?);
    }
    Ok(Vjp::Cotangents(cotangents))
}

/// The cotangent where `a direction b` holds, for `a`; where it does not, for `b`.
fn share(g: &mut Graph, s: &Binary, direction: Direction, first: bool) -> Result<Value, GraphError> {
    let to_first = ops::compare(g, s.a, s.b, direction)?;
    let zeros = zeros_like(g, s.ct)?;
    if first { ops::select(g, to_first, s.ct, zeros) } else { ops::select(g, to_first, zeros, s.ct) }
}

/// ct · b · a^(b − 1).
fn power_base(g: &mut Graph, s: &Binary) -> Result<Value, GraphError> {
    let less = compose::subtract_scalar(g, s.b, 1.0)?;
    let power = ops::power(g, s.a, less)?;
    let scaled = ops::multiply(g, s.ct, s.b)?;
    ops::multiply(g, scaled, power)
}

/// ct · aᵇ · ln a where a > 0, else 0: below 0 there is no real logarithm, and at 0 the limit is 0 for b > 0.
fn power_exponent(g: &mut Graph, s: &Binary) -> Result<Value, GraphError> {
    let zeros = zeros_like(g, s.a)?;
    let positive = ops::compare(g, s.a, zeros, Direction::Gt)?;
    // The logarithm of 1 where it is not used, so that no infinity gets into second derivatives.
    let ones = ops::full_like(g, s.a, 1.0)?;
    let safe = ops::select(g, positive, s.a, ones)?;
    let log = ops::log(g, safe)?;
    let slope = ops::multiply(g, s.y, log)?;
    let slope = ops::select(g, positive, slope, zeros)?;
    ops::multiply(g, s.ct, slope)
}

/// −ct · trunc(a / b).
fn remainder_divisor(g: &mut Graph, s: &Binary) -> Result<Value, GraphError> {
    let ratio = ops::divide(g, s.a, s.b)?;
    let zeros = zeros_like(g, ratio)?;
    let negative = ops::compare(g, ratio, zeros, Direction::Lt)?;
    let (up, down) = (ops::ceil(g, ratio)?, ops::floor(g, ratio)?);
    let whole = ops::select(g, negative, up, down)?;
    let slope = ops::negate(g, whole)?;
    ops::multiply(g, s.ct, slope)
}
