//! Powers.

use super::kernel::{Level, Map2, function};

/// See [`POWER`].
pub(crate) enum Power {}

function!(
    /// `aᵇ`. An integer to a negative power is 1 or −1 for the bases 1 and −1, else 0.
    POWER, "power", 2, Power,
    [F32 => f32, F64 => f64, I32 => i32, I64 => i64, U32 => u32, U64 => u64, U8 => u8]
);

impl Map2<f32, f32> for Power {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32, b: f32) -> f32 {
        a.powf(b)
    }
}

impl Map2<f64, f64> for Power {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64, b: f64) -> f64 {
        a.powf(b)
    }
}

macro_rules! integers {
    ($($t:ty, $negative:expr);* $(;)?) => {$(
        impl Map2<$t, $t> for Power {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t {
                let negative: fn($t, $t) -> Option<$t> = $negative;
                if let Some(value) = negative(a, b) {
                    return value;
                }
                let (mut base, mut exponent, mut value) = (a, b, 1 as $t);
                while exponent > 0 {
                    if exponent & 1 == 1 {
                        value = value.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    exponent >>= 1;
                }
                value
            }
        }
    )*};
}

macro_rules! negative {
    () => {
        |a, b| match a {
            _ if b >= 0 => None,
            1 => Some(1),
            -1 => Some(if b & 1 == 0 { 1 } else { -1 }),
            _ => Some(0),
        }
    };
}

integers!(
    i32, negative!();
    i64, negative!();
    u8, |_, _| None;
    u32, |_, _| None;
    u64, |_, _| None;
);
