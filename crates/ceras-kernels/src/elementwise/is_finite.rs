//! Which numbers are finite.

use super::Function;
use super::kernel::{Level, Loop1, Map1, Truth, compile};
use crate::dtype::DType;

enum IsFinite {}

/// Whether `a` is neither infinite nor NaN.
pub static IS_FINITE: Function = Function {
    name: "is_finite",
    arity: 1,
    result: |types| match types {
        [DType::F32 | DType::F64] => Some(DType::Bool),
        _ => None,
    },
    select: |isa, types| match types[0] {
        DType::F32 => compile::<Loop1<IsFinite, f32>>(isa),
        DType::F64 => compile::<Loop1<IsFinite, f64>>(isa),
        _ => None,
    },
};

impl Map1<f32> for IsFinite {
    type Out = Truth;
    #[inline(always)]
    fn map<L: Level>(a: f32) -> Truth {
        Truth(u8::from(a.is_finite()))
    }
}

impl Map1<f64> for IsFinite {
    type Out = Truth;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> Truth {
        Truth(u8::from(a.is_finite()))
    }
}
