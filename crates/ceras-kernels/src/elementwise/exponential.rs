//! The exponential function.

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
        a.exp()
    }
}

impl Map1<f64> for Exponential {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.exp()
    }
}
