//! The exponential function less one.

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
        a.exp_m1()
    }
}

impl Map1<f64> for ExponentialMinusOne {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.exp_m1()
    }
}
