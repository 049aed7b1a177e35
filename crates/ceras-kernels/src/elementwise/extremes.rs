//! The larger, the smaller, and what lies between.

use super::kernel::{Level, Map2, Map3, Truth, function};

/// See [`MAXIMUM`].
pub(crate) enum Maximum {}
/// See [`MINIMUM`].
pub(crate) enum Minimum {}
/// See [`CLAMP`].
pub(crate) enum Clamp {}

function!(
    /// The larger of `a` and `b`; NaN if either is NaN; *or* for truth values.
    MAXIMUM, "maximum", 2, Maximum,
    [F32 => f32, F64 => f64, I32 => i32, I64 => i64, U32 => u32, U64 => u64, U8 => u8, Bool => Truth]
);
function!(
    /// The smaller of `a` and `b`; NaN if either is NaN; *and* for truth values.
    MINIMUM, "minimum", 2, Minimum,
    [F32 => f32, F64 => f64, I32 => i32, I64 => i64, U32 => u32, U64 => u64, U8 => u8, Bool => Truth]
);
function!(
    /// Of (low, `x`, high): `minimum(maximum(x, low), high)`.
    CLAMP, "clamp", 3, Clamp,
    [F32 => f32, F64 => f64, I32 => i32, I64 => i64, U32 => u32, U64 => u64, U8 => u8, Bool => Truth]
);

macro_rules! floats {
    ($($t:ty),*) => {$(
        impl Map2<$t, $t> for Maximum {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t {
                // `a` wins when it is larger or NaN; a zero with a plus wins over one with a minus.
                let larger = if a > b || a.is_nan() { a } else { b };
                if a == b { <$t>::from_bits(a.to_bits() & b.to_bits()) } else { larger }
            }
        }
        impl Map2<$t, $t> for Minimum {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t {
                let smaller = if a < b || a.is_nan() { a } else { b };
                if a == b { <$t>::from_bits(a.to_bits() | b.to_bits()) } else { smaller }
            }
        }
    )*};
}

macro_rules! ordered {
    ($($t:ty),*) => {$(
        impl Map2<$t, $t> for Maximum {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { if a > b { a } else { b } }
        }
        impl Map2<$t, $t> for Minimum {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { if a < b { a } else { b } }
        }
    )*};
}

floats!(f32, f64);
ordered!(i32, i64, u32, u64, u8, Truth);

impl<T> Map3<T, T, T> for Clamp
where
    Maximum: Map2<T, T, Out = T>,
    Minimum: Map2<T, T, Out = T>,
{
    type Out = T;
    #[inline(always)]
    fn map<L: Level>(low: T, x: T, high: T) -> T {
        Minimum::map::<L>(Maximum::map::<L>(x, low), high)
    }
}
