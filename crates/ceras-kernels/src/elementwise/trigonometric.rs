//! Sine and cosine.

use super::kernel::{Level, Map1, function};

/// See [`COSINE`].
pub(crate) enum Cosine {}

function!(
    /// The cosine of an angle in radians.
    COSINE, "cosine", 1, Cosine, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Cosine {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        a.cos()
    }
}

impl Map1<f64> for Cosine {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.cos()
    }
}

/// See [`SINE`].
pub(crate) enum Sine {}

function!(
    /// The sine of an angle in radians.
    SINE, "sine", 1, Sine, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Sine {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        a.sin()
    }
}

impl Map1<f64> for Sine {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.sin()
    }
}
