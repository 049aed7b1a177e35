//! Sums, products and their kin.
//!
//! Integers wrap around. On truth values `add` is *or* and `multiply` is *and*. Division of an integer by zero gives
//! −1 (all bits set), and the remainder is then the dividend, as in XLA: no input makes a kernel panic.

use super::kernel::{Level, Map1, Map2, Truth, function};

/// See [`ADD`].
pub(crate) enum Add {}
/// See [`SUBTRACT`].
pub(crate) enum Subtract {}
/// See [`MULTIPLY`].
pub(crate) enum Multiply {}
/// See [`DIVIDE`].
pub(crate) enum Divide {}
/// See [`REMAINDER`].
pub(crate) enum Remainder {}
/// See [`NEGATE`].
pub(crate) enum Negate {}
/// See [`ABS`].
pub(crate) enum Abs {}
/// See [`SIGN`].
pub(crate) enum Sign {}

macro_rules! numbers {
    ($static:ident, $name:literal, $arity:tt, $marker:ident, $doc:literal) => {
        function!(
            #[doc = $doc]
            $static, $name, $arity, $marker,
            [F32 => f32, F64 => f64, I32 => i32, I64 => i64, U32 => u32, U64 => u64, U8 => u8]
        );
    };
    ($static:ident, $name:literal, $arity:tt, $marker:ident, $doc:literal, bool) => {
        function!(
            #[doc = $doc]
            $static, $name, $arity, $marker,
            [F32 => f32, F64 => f64, I32 => i32, I64 => i64, U32 => u32, U64 => u64, U8 => u8, Bool => Truth]
        );
    };
}

numbers!(ADD, "add", 2, Add, "`a + b`; *or* for truth values.", bool);
numbers!(SUBTRACT, "subtract", 2, Subtract, "`a − b`.");
numbers!(MULTIPLY, "multiply", 2, Multiply, "`a · b`; *and* for truth values.", bool);
numbers!(DIVIDE, "divide", 2, Divide, "`a / b`, towards zero for integers.");
numbers!(
    REMAINDER,
    "remainder",
    2,
    Remainder,
    "What is left of `a` after division by `b`, with the sign of `a`."
);
numbers!(NEGATE, "negate", 1, Negate, "`−a`.");
numbers!(ABS, "abs", 1, Abs, "`|a|`; the smallest integer of a type stays as it is.");
numbers!(SIGN, "sign", 1, Sign, "−1, 0 or 1 with the sign of `a`; a zero keeps its sign, and NaN stays NaN.");

macro_rules! floats {
    ($($t:ty),*) => {$(
        impl Map2<$t, $t> for Add {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { a + b }
        }
        impl Map2<$t, $t> for Subtract {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { a - b }
        }
        impl Map2<$t, $t> for Multiply {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { a * b }
        }
        impl Map2<$t, $t> for Divide {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { a / b }
        }
        impl Map2<$t, $t> for Remainder {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { a % b }
        }
        impl Map1<$t> for Negate {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t) -> $t { -a }
        }
        impl Map1<$t> for Abs {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t) -> $t { a.abs() }
        }
        impl Map1<$t> for Sign {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t) -> $t {
                let one = (1.0 as $t).copysign(a);
                // Zeros and NaN stay.
                if a == 0.0 || a.is_nan() { a } else { one }
            }
        }
    )*};
}

macro_rules! integers {
    ($($t:ty, $abs:expr, $sign:expr, $minus_one:expr);* $(;)?) => {$(
        impl Map2<$t, $t> for Add {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { a.wrapping_add(b) }
        }
        impl Map2<$t, $t> for Subtract {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { a.wrapping_sub(b) }
        }
        impl Map2<$t, $t> for Multiply {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { a.wrapping_mul(b) }
        }
        impl Map2<$t, $t> for Divide {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { if b == 0 { $minus_one } else { a.wrapping_div(b) } }
        }
        impl Map2<$t, $t> for Remainder {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { if b == 0 { a } else { a.wrapping_rem(b) } }
        }
        impl Map1<$t> for Negate {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t) -> $t { a.wrapping_neg() }
        }
        impl Map1<$t> for Abs {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t) -> $t { let abs: fn($t) -> $t = $abs; abs(a) }
        }
        impl Map1<$t> for Sign {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t) -> $t { let sign: fn($t) -> $t = $sign; sign(a) }
        }
    )*};
}

floats!(f32, f64);
integers!(
    i32, i32::wrapping_abs, i32::signum, -1;
    i64, i64::wrapping_abs, i64::signum, -1;
    u8, |a| a, |a| u8::from(a != 0), u8::MAX;
    u32, |a| a, |a| u32::from(a != 0), u32::MAX;
    u64, |a| a, |a| u64::from(a != 0), u64::MAX;
);

impl Map2<Truth, Truth> for Add {
    type Out = Truth;
    #[inline(always)]
    fn map<L: Level>(a: Truth, b: Truth) -> Truth {
        Truth(a.0 | b.0)
    }
}

impl Map2<Truth, Truth> for Multiply {
    type Out = Truth;
    #[inline(always)]
    fn map<L: Level>(a: Truth, b: Truth) -> Truth {
        Truth(a.0 & b.0)
    }
}
