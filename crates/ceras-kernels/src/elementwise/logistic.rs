//! The logistic function.

use super::kernel::{Level, Map1, function};

/// See [`LOGISTIC`].
pub(crate) enum Logistic {}

function!(
    /// `1 / (1 + e⁻ᵃ)`.
    LOGISTIC, "logistic", 1, Logistic, [F32 => f32, F64 => f64]
);

macro_rules! plain {
    ($($t:ty),*) => {$(
        impl Map1<$t> for Logistic {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t) -> $t {
                // e^−|a| does not overflow.
                let e = (-a.abs()).exp();
                (if a < 0.0 { e } else { 1.0 }) / (1.0 + e)
            }
        }
    )*};
}

plain!(f32, f64);
