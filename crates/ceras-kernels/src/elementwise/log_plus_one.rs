//! The natural logarithm of one more.
//!
//! Method: as for [`log`](super::log) with `1 + x = 2ᵉ·m`. Where `e = 0`, `f = x` exactly; elsewhere what was lost in
//! rounding `1 + x`, divided by it, is added. Error: below 2 ULP. Double precision is the standard library's.

use super::kernel::{Level, Map1, function};
use super::log::{assemble, split};

/// See [`LOG_PLUS_ONE`].
pub(crate) enum LogPlusOne {}

function!(
    /// `ln(1 + a)`, exact near zero too: −∞ of −1, NaN below.
    LOG_PLUS_ONE, "log_plus_one", 1, LogPlusOne, [F32 => f32, F64 => f64]
);

impl Map1<f32> for LogPlusOne {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        if L::REFERENCE { a.ln_1p() } else { log_plus_one::<L>(a) }
    }
}

impl Map1<f64> for LogPlusOne {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.ln_1p()
    }
}

/// `ln(1 + x)` in single precision.
#[inline(always)]
fn log_plus_one<L: Level>(x: f32) -> f32 {
    let sum = 1.0 + x;
    // What the sum lost, exactly (Knuth's two-sum).
    let back = sum - 1.0;
    let lost = (1.0 - (sum - back)) + (x - back);
    let (e, m) = split(sum);
    let f = if e == 0 { x } else { m - 1.0 };
    let correction = if e == 0 { 0.0 } else { lost / sum };
    let value = assemble::<L>(e as f32, f, correction);
    let value = if x < f32::INFINITY { value } else { x };
    let value = if x == -1.0 { f32::NEG_INFINITY } else { value };
    let value = if x < -1.0 { f32::NAN } else { value };
    // Here x²/2 is below half an ULP of x; this keeps −0 and denormals.
    if x.abs() < 5e-8 { x } else { value }
}
