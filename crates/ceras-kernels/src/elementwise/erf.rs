//! The error function.
//!
//! Method in single precision: below 0.9, `x·a(x²)`; from there on `1 − e^q(x)`, where `q` is the logarithm of the
//! complement; from 4 on, 1. Error: below 2.5 ULP.

use super::exponential::exponential;
use super::kernel::{Level, Map1, function};

/// See [`ERF`].
pub(crate) enum Erf {}

function!(
    /// `2/√π ∫₀ᵃ e^−t² dt`.
    ERF, "erf", 1, Erf, [F32 => f32, F64 => f64]
);

/// Of `erf(x) / x` as a polynomial of `x²`: minimax (Remez) over 0 … 0.9, 2⁻³¹.
const NEAR: [f32; 7] = [
    std::f32::consts::FRAC_2_SQRT_PI,
    -0.376_126_35,
    0.112_837_195,
    -0.026_860_753,
    0.005_204_436_4,
    -0.000_818_192_96,
    8.538_84e-5,
];
/// Of `ln(1 − erf(x))`: minimax (Remez) over 0.9 … 4 for the error of the complement, 2⁻³⁴.
const FAR: [f32; 8] = [
    0.000_170_552_1,
    -1.129_495_1,
    -0.633_386_7,
    -0.108_236_626,
    0.025_091_501,
    -0.004_160_528_5,
    0.000_432_303_44,
    -2.090_96e-5,
];

impl Map1<f32> for Erf {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        if L::REFERENCE {
            return erf(f64::from(a)) as f32;
        }
        let x = a.abs();
        let square = x * x;
        let near = a * NEAR.iter().rev().skip(1).fold(NEAR[6], |sum, &c| L::fma(sum, square, c));
        let bounded = if x > 4.0 { 4.0 } else { x };
        let q = FAR.iter().rev().skip(1).fold(FAR[7], |sum, &c| L::fma(sum, bounded, c));
        let far = (1.0 - exponential::<L>(q)).copysign(a);
        if x < 0.9 { near } else { far }
    }
}

impl Map1<f64> for Erf {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        erf(a)
    }
}

/// The error function in double precision.
///
/// Below 3: the series 2/√π e^−x² Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)), whose terms are all positive, so nothing cancels.
/// From 3 on: one less the continued fraction of the complement, e^−x²/√π · 1/(x + (1/2)/(x + (2/2)/(x + …))).
/// (Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 7.1.6 and 7.1.14.)
pub(super) fn erf(a: f64) -> f64 {
    let x = a.abs();
    if x.is_nan() {
        return a;
    }
    let root_pi = std::f64::consts::PI.sqrt();
    let value = if x >= 6.0 {
        1.0
    } else if x < 3.0 {
        let (mut term, mut sum, mut n) = (x, x, 1.0);
        while term > sum * 1e-17 {
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
            n += 1.0;
        }
        // A term and not a factor at zero keeps denormals.
        if x < 1e-10 { x * (2.0 / root_pi) } else { 2.0 / root_pi * (-x * x).exp() * sum }
    } else {
        let fraction = (1..60).rev().fold(x, |tail, n| x + f64::from(n) / 2.0 / tail);
        1.0 - (-x * x).exp() / root_pi / fraction
    };
    value.copysign(a)
}
