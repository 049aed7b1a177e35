//! The natural logarithm.
//!
//! Method: `x = 2ᵉ·m` with `√½ ≤ m < √2`; `ln x = e·ln 2 + ln(1 + f)` with `f = m − 1`, and
//! `ln(1 + f) = f − f²/2 + f³·p(f)`. Error: below 1 ULP with, 1.5 without fused multiply-add. Double precision is the
//! standard library's.

use super::exponential::{LN2_HIGH, LN2_LOW};
use super::kernel::{Level, Map1, function};

/// See [`LOG`].
pub(crate) enum Log {}

function!(
    /// The natural logarithm: −∞ of zero, NaN of negative numbers.
    LOG, "log", 1, Log, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Log {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        if L::REFERENCE { a.ln() } else { log::<L>(a) }
    }
}

impl Map1<f64> for Log {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.ln()
    }
}

/// Of `(ln(1 + f) − f + f²/2) / f³`: minimax (Remez) over `√½ − 1 … √2 − 1` for the relative error of the logarithm,
/// 2⁻³⁰.
const P: [f32; 9] = [
    0.333_333_1,
    -0.249_999_87,
    0.200_022_34,
    -0.166_692_61,
    0.142_185_02,
    -0.123_840_6,
    0.118_739_5,
    -0.117_920_004,
    0.069_156_98,
];

/// The bits of √½.
const ROOT_HALF: u32 = 0x3F35_04F3;

/// `e` and `m` of a positive normal number.
#[inline(always)]
pub(super) fn split(x: f32) -> (i32, f32) {
    let above = x.to_bits().wrapping_sub(ROOT_HALF);
    let m = f32::from_bits((above & 0x007F_FFFF).wrapping_add(ROOT_HALF));
    ((above as i32) >> 23, m)
}

/// `e·ln 2 + ln(1 + f) + correction`.
#[inline(always)]
pub(super) fn assemble<L: Level>(e: f32, f: f32, correction: f32) -> f32 {
    let p = P.iter().rev().skip(1).fold(P[8], |sum, &c| L::fma(sum, f, c));
    let square = f * f;
    let small = L::fma(e, LN2_LOW, L::fma(square * f, p, -0.5 * square) + correction);
    L::fma(e, LN2_HIGH, f + small)
}

/// `ln x` in single precision.
#[inline(always)]
pub(super) fn log<L: Level>(x: f32) -> f32 {
    let tiny = x < f32::MIN_POSITIVE;
    let normal = if tiny { x * 8_388_608.0 } else { x };
    let (e, m) = split(normal);
    let e = if tiny { e.wrapping_sub(23) } else { e };
    let value = assemble::<L>(e as f32, m - 1.0, 0.0);
    // Infinity and NaN are their own logarithms.
    let value = if x < f32::INFINITY { value } else { x };
    let value = if x == 0.0 { f32::NEG_INFINITY } else { value };
    if x < 0.0 { f32::NAN } else { value }
}
