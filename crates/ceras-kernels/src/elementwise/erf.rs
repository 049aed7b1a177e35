//! The error function.

use super::kernel::{Level, Map1, function};

/// See [`ERF`].
pub(crate) enum Erf {}

function!(
    /// `2/√π ∫₀ᵃ e^−t² dt`.
    ERF, "erf", 1, Erf, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Erf {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        erf(f64::from(a)) as f32
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
fn erf(a: f64) -> f64 {
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
