//! Powers.
//!
//! Method in single precision: `|x|ʸ = 2^(y·log₂|x|)`, all in double precision, rounded once at the end. With `x = 2ᵉ·m`,
//! `√½ ≤ m < √2` and `s = (m − 1)/(m + 1)`, `log₂ m = s·l(s²)` (relative error 2⁻⁴³); `2ʳ` for `|r| ≤ ½` is a
//! polynomial (2⁻⁴⁰). Error: below 0.51 ULP. Special cases are C's. Double precision is the standard library's.

use super::kernel::{Level, Map2, function};

/// See [`POWER`].
pub(crate) enum Power {}

function!(
    /// `aᵇ`. An integer to a negative power is 1 or −1 for the bases 1 and −1, else 0.
    POWER, "power", 2, Power,
    [F32 => f32, F64 => f64, I32 => i32, I64 => i64, U32 => u32, U64 => u64, U8 => u8]
);

/// Of `2·atanh(s) / (s·ln 2)` as a polynomial of `s²`: minimax (Remez) over `|s| ≤ (√2 − 1)/(√2 + 1)`.
const LOG2: [f64; 6] = [
    2.885390081777849,
    0.9617966941149134,
    0.5770779418970045,
    0.4122093007804419,
    0.3199036661302396,
    0.28292981511520127,
];
/// Of `2ʳ`: minimax (Remez) over ±½.
const EXP2: [f64; 9] = [
    1.000000000000027,
    0.6931471805459051,
    0.24022650695466904,
    0.05550410941314787,
    0.009618129228626988,
    0.0013333450466568664,
    0.0001540341154486197,
    1.531010586495096e-05,
    1.3264087087519594e-06,
];

/// log₂ of a number that is not negative; −∞ of zero.
#[inline(always)]
fn log2<L: Level>(x: f32) -> f64 {
    /// The high half of the bits of √½.
    const ROOT_HALF: u64 = 0x3FE6_A09E_0000_0000;
    // A float's denormals are normal numbers in double precision.
    let above = f64::from(x).to_bits().wrapping_sub(ROOT_HALF);
    let m = f64::from_bits((above & 0x000F_FFFF_FFFF_FFFF).wrapping_add(ROOT_HALF));
    // The exponent as a number: in the low bits of 1.5·2⁵², as not every level converts 64-bit integers.
    const SHIFTER: f64 = 6_755_399_441_055_744.0;
    let biased = above.wrapping_add(1024 << 52) >> 52;
    let e = f64::from_bits(SHIFTER.to_bits().wrapping_add(biased)) - (SHIFTER + 1024.0);
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let l = LOG2.iter().rev().skip(1).fold(LOG2[5], |sum, &c| L::fma64(sum, square, c));
    let value = L::fma64(s, l, e);
    let value = if x < f32::INFINITY { value } else { f64::INFINITY };
    if x == 0.0 { f64::NEG_INFINITY } else { value }
}

/// 2ᵗ, rounded to single precision.
#[inline(always)]
fn exp2<L: Level>(t: f64) -> f32 {
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let t = if t > 200.0 { 200.0 } else { t };
    let t = if t < -200.0 { -200.0 } else { t };
    let shifted = t + ROUNDER;
    let r = t - (shifted - ROUNDER);
    let p = EXP2.iter().rev().skip(1).fold(EXP2[8], |sum, &c| L::fma64(sum, r, c));
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    (p * scale) as f32
}

impl Map2<f32, f32> for Power {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32, b: f32) -> f32 {
        if L::REFERENCE {
            return a.powf(b);
        }
        let (x, y) = (a.abs(), b.abs());
        let t = f64::from(b) * log2::<L>(x);
        // 1 to an infinite power is 1, though 0·∞ is NaN.
        let value = exp2::<L>(if x == 1.0 { 0.0 } else { t });
        // Adding and taking away 2²³ rounds to a whole number; from there on all floats are whole, from 2²⁴ on even.
        const LAST: f32 = 8_388_608.0;
        let shifted = y + LAST;
        let whole = y >= LAST || shifted - LAST == y;
        let low_bit = if y >= LAST { y.to_bits() } else { shifted.to_bits() } & 1;
        let odd = whole & (low_bit == 1) & (y < 2.0 * LAST);
        let value = if (a < 0.0) & !whole & (x < f32::INFINITY) { f32::NAN } else { value };
        let value = if odd & a.is_sign_negative() { -value } else { value };
        let value = if a.is_nan() | b.is_nan() { f32::NAN } else { value };
        if (b == 0.0) | (a == 1.0) { 1.0 } else { value }
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
