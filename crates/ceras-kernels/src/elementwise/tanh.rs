//! The hyperbolic tangent.
//!
//! Method: `tanh |x| = t / (t + 2)` with `t = e^(2|x|) − 1`. Error: below 2.5 ULP. Double precision is the standard
//! library's.

use super::exponential_minus_one::exponential_minus_one;
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
        if L::REFERENCE {
            return a.tanh();
        }
        // From 9.02 on the result rounds to 1.
        let twice = 2.0 * a.abs();
        let t = exponential_minus_one::<L>(if twice > 20.0 { 20.0 } else { twice });
        (t / (t + 2.0)).copysign(a)
    }
}

impl Map1<f64> for Tanh {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.tanh()
    }
}
