//! Elementwise ops of one operand.

use std::f64::consts::FRAC_2_SQRT_PI;
use std::sync::Arc;

use ceras_kernels::elementwise as f;
use ceras_kernels::elementwise::Function;

use crate::compose;
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, Op, Vjp, VjpCx};
use crate::ops::{self, Given, elementwise_methods, rules};
use crate::types::TensorType;

/// Operand, result and cotangent of a unary op.
struct Unary {
    x: Value,
    y: Value,
    ct: Value,
}

/// Declares unary ops: the op, its builder, its kernel and its gradient (`none` or the cotangent of the operand).
macro_rules! unary {
    ($($(#[$doc:meta])* $op:ident, $name:ident, $function:ident, $vjp:expr;)*) => {$(
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
                let rule: Option<fn(&mut Graph, Unary) -> Result<Value, GraphError>> = $vjp;
                let Some(rule) = rule else { return Ok(Vjp::Cotangents(vec![None])) };
                let operands = Unary { x: cx.inputs[0], y: cx.outputs[0], ct: cx.cotangent() };
                Ok(Vjp::Cotangents(vec![Some(rule(cx.graph, operands)?)]))
            }

            fn attributes(&self) -> Attributes {
                Attributes::none()
            }

            elementwise_methods!(Self::function);
        }

        $(#[$doc])*
        ///
        /// # Errors
        /// The op does not take elements of that type.
        #[track_caller]
        pub fn $name(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
            g.emit_one($op, &[x])
        }
    )*};
}

unary! {
    /// The magnitude, |x|; the gradient at 0 is 0.
    Abs, abs, ABS, Some(|g, u| {
        let sign = ops::sign(g, u.x)?;
        ops::multiply(g, u.ct, sign)
    });
    /// The opposite, −x.
    Negate, negate, NEGATE, Some(|g, u| ops::negate(g, u.ct));
    /// eˣ.
    Exponential, exponential, EXPONENTIAL, Some(|g, u| ops::multiply(g, u.ct, u.y));
    /// eˣ − 1, precise near 0.
    ExponentialMinusOne, exponential_minus_one, EXPONENTIAL_MINUS_ONE, Some(|g, u| {
        // eˣ anew: adding 1 to the result would lose the digits of a small eˣ.
        let slope = ops::exponential(g, u.x)?;
        ops::multiply(g, u.ct, slope)
    });
    /// The natural logarithm, ln x: −∞ at 0, NaN below.
    Log, log, LOG, Some(|g, u| ops::divide(g, u.ct, u.x));
    /// ln(1 + x), precise near 0.
    LogPlusOne, log_plus_one, LOG_PLUS_ONE, Some(|g, u| {
        let one_more = compose::add_scalar(g, u.x, 1.0)?;
        ops::divide(g, u.ct, one_more)
    });
    /// The square root, √x; the gradient at 0 is ∞.
    Sqrt, sqrt, SQRT, Some(|g, u| {
        let half = compose::multiply_scalar(g, u.ct, 0.5)?;
        ops::divide(g, half, u.y)
    });
    /// 1/√x.
    Rsqrt, rsqrt, RSQRT, Some(|g, u| {
        let square = ops::multiply(g, u.y, u.y)?;
        let cube = ops::multiply(g, square, u.y)?;
        let half = compose::multiply_scalar(g, u.ct, -0.5)?;
        ops::multiply(g, half, cube)
    });
    /// The hyperbolic tangent.
    Tanh, tanh, TANH, Some(|g, u| {
        let square = ops::multiply(g, u.y, u.y)?;
        let slope = compose::subtract_from_scalar(g, 1.0, square)?;
        ops::multiply(g, u.ct, slope)
    });
    /// The logistic function (sigmoid), 1/(1 + e⁻ˣ).
    Logistic, logistic, LOGISTIC, Some(|g, u| {
        let rest = compose::subtract_from_scalar(g, 1.0, u.y)?;
        let slope = ops::multiply(g, u.y, rest)?;
        ops::multiply(g, u.ct, slope)
    });
    /// −1, 0 or 1; NaN stays. The gradient is 0.
    Sign, sign, SIGN, None;
    /// The largest integer not above x. The gradient is 0.
    Floor, floor, FLOOR, None;
    /// The smallest integer not below x. The gradient is 0.
    Ceil, ceil, CEIL, None;
    /// The nearest integer, the even one of two equally near. The gradient is 0.
    RoundNearestEven, round_nearest_even, ROUND_NEAREST_EVEN, None;
    /// The cosine of an angle in radians.
    Cosine, cosine, COSINE, Some(|g, u| {
        let sine = ops::sine(g, u.x)?;
        let slope = ops::negate(g, sine)?;
        ops::multiply(g, u.ct, slope)
    });
    /// The sine of an angle in radians.
    Sine, sine, SINE, Some(|g, u| {
        let cosine = ops::cosine(g, u.x)?;
        ops::multiply(g, u.ct, cosine)
    });
    /// The error function, 2/√π ∫₀ˣ e^(−t²) dt.
    Erf, erf, ERF, Some(|g, u| {
        let square = ops::multiply(g, u.x, u.x)?;
        let exponent = ops::negate(g, square)?;
        let bell = ops::exponential(g, exponent)?;
        let slope = compose::multiply_scalar(g, bell, FRAC_2_SQRT_PI)?;
        ops::multiply(g, u.ct, slope)
    });
    /// The opposite truth value (bit by bit for integers). It carries no gradient.
    Not, not, NOT, None;
    /// Whether a number is neither infinite nor NaN. It carries no gradient.
    IsFinite, is_finite, IS_FINITE, None;
}
