//! The exponential function less one.
//!
//! Method: `x = n·ln 2 + r` as for [`exponential`](super::exponential); `eˣ − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1)` with
//! `eʳ − 1 = r + r²·q(r)`. Error: below 2 ULP. Double precision is the standard library's.

use super::exponential::{power_of_two, reduced};
use super::kernel::{Level, Map1, function};

/// See [`EXPONENTIAL_MINUS_ONE`].
pub(crate) enum ExponentialMinusOne {}

function!(
    /// `eᵃ − 1`, exact near zero too.
    EXPONENTIAL_MINUS_ONE, "exponential_minus_one", 1, ExponentialMinusOne, [F32 => f32, F64 => f64]
);

impl Map1<f32> for ExponentialMinusOne {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        if L::REFERENCE { a.exp_m1() } else { exponential_minus_one::<L>(a) }
    }
}

impl Map1<f64> for ExponentialMinusOne {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.exp_m1()
    }
}

/// Of `(eʳ − 1 − r) / r²`: minimax (Remez) over ±ln 2 / 2 for the relative error of `eʳ − 1`, 2⁻³².
const Q: [f32; 6] = [0.5, 0.166_666_67, 0.041_666_355, 0.008_333_273, 0.001_394_100_8, 0.000_199_141_71];

/// `eˣ − 1` in single precision.
#[inline(always)]
pub(super) fn exponential_minus_one<L: Level>(x: f32) -> f32 {
    // Beyond these the result is infinite, or rounds to −1.
    let bounded = if x > 89.0 { 89.0 } else { x };
    let bounded = if bounded < -18.0 { -18.0 } else { bounded };
    let (_, n, r) = reduced::<L>(bounded);
    let q = Q.iter().rev().skip(1).fold(Q[5], |sum, &c| L::fma(sum, r, c));
    let minus_one = L::fma(r * r, q, r);
    // Half of everything, as 2¹²⁸ is no float.
    let half = power_of_two(n.wrapping_sub(1));
    let value = 2.0 * L::fma(half, minus_one, half - 0.5);
    // Here x²/2 is below half an ULP of x; this keeps −0 and denormals.
    if x.abs() < 5e-8 { x } else { value }
}
