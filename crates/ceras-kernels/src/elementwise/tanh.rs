//! The hyperbolic tangent.

use super::kernel::{Level, Map1, function};

/// See [`TANH`].
pub(crate) enum Tanh {}

function!(
    /// The hyperbolic tangent.
    TANH, "tanh", 1, Tanh, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Tanh {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        a.tanh()
    }
}

impl Map1<f64> for Tanh {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.tanh()
    }
}
