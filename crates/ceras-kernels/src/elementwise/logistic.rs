//! The logistic function.
//!
//! Method: with `z = e^−|x|`, which does not overflow, `1 / (1 + z)` or, for negative `x`, `z / (1 + z)`.
//! Error: below 2.5 ULP in single precision.

use super::exponential::exponential;
use super::kernel::{Level, Map1, function};

/// See [`LOGISTIC`].
pub(crate) enum Logistic {}

function!(
    /// `1 / (1 + e⁻ᵃ)`.
    LOGISTIC, "logistic", 1, Logistic, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Logistic {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        let z = if L::REFERENCE { (-a.abs()).exp() } else { exponential::<L>(-a.abs()) };
        (if a < 0.0 { z } else { 1.0 }) / (1.0 + z)
    }
}

impl Map1<f64> for Logistic {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        let z = (-a.abs()).exp();
        (if a < 0.0 { z } else { 1.0 }) / (1.0 + z)
    }
}
