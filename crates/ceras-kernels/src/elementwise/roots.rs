//! The square root and its inverse.

use super::kernel::{Level, Map1, function};

/// See [`SQRT`].
pub(crate) enum Sqrt {}

function!(
    /// The square root, exactly rounded.
    SQRT, "sqrt", 1, Sqrt, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Sqrt {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        a.sqrt()
    }
}

impl Map1<f64> for Sqrt {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.sqrt()
    }
}

/// See [`RSQRT`].
pub(crate) enum Rsqrt {}

function!(
    /// `1 / √a`.
    RSQRT, "rsqrt", 1, Rsqrt, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Rsqrt {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        1.0 / a.sqrt()
    }
}

impl Map1<f64> for Rsqrt {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        1.0 / a.sqrt()
    }
}
