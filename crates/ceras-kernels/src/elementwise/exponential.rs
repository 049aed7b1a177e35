//! The exponential function.
//!
//! Method: `x = n·ln 2 + r` with `n` whole and `|r| ≤ ln 2 / 2`; `eˣ = 2ⁿ·eʳ`, and `eʳ = 1 + r + r²·q(r)`.
//! Error: below 1 ULP at every level (1.5 where there is no fused multiply-add), denormal results included.
//! Double precision is the standard library's.

use super::kernel::{Level, Map1, function};

/// See [`EXPONENTIAL`].
pub(crate) enum Exponential {}

function!(
    /// `eᵃ`.
    EXPONENTIAL, "exponential", 1, Exponential, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Exponential {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        if L::REFERENCE { a.exp() } else { exponential::<L>(a) }
    }
}

impl Map1<f64> for Exponential {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.exp()
    }
}

/// The leading ten bits of ln 2, so that a product with a whole number up to 2¹⁴ is exact.
pub(super) const LN2_HIGH: f32 = 0.693_359_4;
/// The rest of ln 2.
pub(super) const LN2_LOW: f32 = -2.121_944_4e-4;

/// Of `(eʳ − 1 − r) / r²`: minimax (Remez) over ±ln 2 / 2 for the relative error of `eʳ`, 2⁻²⁸.
const Q: [f32; 5] = [0.499_999_94, 0.166_665_21, 0.041_668_39, 0.008_368_717, 0.001_381_464];

/// `n` as a number and as an integer, and `r`, such that `x = n·ln 2 + r`. NaN gives some `n` and NaN.
#[inline(always)]
pub(super) fn reduced<L: Level>(x: f32) -> (f32, i32, f32) {
    // Adding and taking away 1.5·2²³ rounds to the nearest whole number, whose low bits are then in the sum.
    const ROUNDER: f32 = 12_582_912.0;
    let shifted = L::fma(x, std::f32::consts::LOG2_E, ROUNDER);
    let n = shifted - ROUNDER;
    let whole = (shifted.to_bits() as i32).wrapping_sub(ROUNDER.to_bits() as i32);
    let r = L::fma(n, -LN2_LOW, L::fma(n, -LN2_HIGH, x));
    (n, whole, r)
}

/// `2ⁿ` for `−126 ≤ n ≤ 127`.
#[inline(always)]
pub(super) fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// `eˣ` in single precision.
#[inline(always)]
pub(super) fn exponential<L: Level>(x: f32) -> f32 {
    // Beyond these the result is infinite, or less than half of the least denormal number. NaN passes.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let (_, n, r) = reduced::<L>(x);
    let q = Q.iter().rev().skip(1).fold(Q[4], |sum, &c| L::fma(sum, r, c));
    let exp = 1.0 + L::fma(r * r, q, r);
    // In two steps: 2ⁿ itself may be too large or too small for a float.
    let half = n >> 1;
    exp * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}
