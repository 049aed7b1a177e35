//! Rounding to whole numbers.

use super::kernel::{Level, Map1, function};

/// See [`FLOOR`].
pub(crate) enum Floor {}

function!(
    /// The largest whole number that is not above `a`.
    FLOOR, "floor", 1, Floor, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Floor {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        a.floor()
    }
}

impl Map1<f64> for Floor {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.floor()
    }
}

/// See [`CEIL`].
pub(crate) enum Ceil {}

function!(
    /// The smallest whole number that is not below `a`.
    CEIL, "ceil", 1, Ceil, [F32 => f32, F64 => f64]
);

impl Map1<f32> for Ceil {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        a.ceil()
    }
}

impl Map1<f64> for Ceil {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.ceil()
    }
}

/// See [`ROUND_NEAREST_EVEN`].
pub(crate) enum RoundNearestEven {}

function!(
    /// The nearest whole number; halves go to the even one.
    ROUND_NEAREST_EVEN, "round_nearest_even", 1, RoundNearestEven, [F32 => f32, F64 => f64]
);

impl Map1<f32> for RoundNearestEven {
    type Out = f32;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        a.round_ties_even()
    }
}

impl Map1<f64> for RoundNearestEven {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.round_ties_even()
    }
}
