//! The natural logarithm of one more.

use super::kernel::{Level, Map1, function};

/// See [`LOG_PLUS_ONE`].
pub(crate) enum LogPlusOne {}

function!(
    /// `ln(1 + a)`, exact near zero too.
    LOG_PLUS_ONE, "log_plus_one", 1, LogPlusOne, [F32 => f32, F64 => f64]
);

impl Map1<f32> for LogPlusOne {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        a.ln_1p()
    }
}

impl Map1<f64> for LogPlusOne {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.ln_1p()
    }
}
