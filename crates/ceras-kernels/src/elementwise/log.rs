//! The natural logarithm.

use super::kernel::{Level, Map1, function};

/// See [`LOG`].
pub(crate) enum Log {}

function!(
    /// The natural logarithm.
    LOG, "log", 1, Log, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Log {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        a.ln()
    }
}

impl Map1<f64> for Log {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.ln()
    }
}
