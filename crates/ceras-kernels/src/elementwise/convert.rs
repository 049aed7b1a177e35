//! Conversion between element types, and the plain copy.
//!
//! Numbers become integers by dropping the fraction and stopping at the type's limits; NaN becomes 0. Everything but
//! zero becomes *true*; *true* becomes 1.

use super::Function;
use super::kernel::{Level, Loop1, Map1, Truth, compile};
use crate::dtype::DType;

/// See [`COPY`].
enum Same {}

impl<T> Map1<T> for Same {
    type Out = T;
    #[inline(always)]
    fn map<L: Level>(a: T) -> T {
        a
    }
}

/// `a` itself, of any type.
pub static COPY: Function = Function {
    name: "copy",
    arity: 1,
    result: |types| types.first().copied(),
    select: |isa, types| match types[0].size() {
        1 => compile::<Loop1<Same, u8>>(isa),
        4 => compile::<Loop1<Same, u32>>(isa),
        _ => compile::<Loop1<Same, u64>>(isa),
    },
};

/// The function that converts every type to `to`.
pub fn convert(to: DType) -> &'static Function {
    match to {
        DType::Bool => &TO_BOOL,
        DType::U8 => &TO_U8,
        DType::I32 => &TO_I32,
        DType::U32 => &TO_U32,
        DType::I64 => &TO_I64,
        DType::U64 => &TO_U64,
        DType::F32 => &TO_F32,
        DType::F64 => &TO_F64,
    }
}

enum ToBool {}

macro_rules! to_bool {
    ($($from:ty, $zero:literal);*) => {$(
        impl Map1<$from> for ToBool {
            type Out = Truth;
            #[inline(always)]
            fn map<L: Level>(a: $from) -> Truth { Truth(u8::from(a != $zero)) }
        }
    )*};
}

to_bool!(u8, 0; i32, 0; u32, 0; i64, 0; u64, 0; f32, 0.0; f64, 0.0);

impl Map1<Truth> for ToBool {
    type Out = Truth;
    #[inline(always)]
    fn map<L: Level>(a: Truth) -> Truth {
        a
    }
}

macro_rules! target {
    ($static:ident, $marker:ident, $to:ty, $dtype:ident, [$($from:ty),*]) => {
        enum $marker {}
        $(impl Map1<$from> for $marker {
            type Out = $to;
            #[inline(always)]
            fn map<L: Level>(a: $from) -> $to { a as $to }
        })*
        impl Map1<Truth> for $marker {
            type Out = $to;
            #[inline(always)]
            fn map<L: Level>(a: Truth) -> $to { a.0 as $to }
        }
        source!($static, $marker, $dtype);
    };
}

macro_rules! source {
    ($static:ident, $marker:ident, $dtype:ident) => {
        static $static: Function = Function {
            name: concat!("convert_", stringify!($dtype)),
            arity: 1,
            result: |types| if types.len() == 1 { Some(DType::$dtype) } else { None },
            select: |isa, types| match types[0] {
                DType::Bool => compile::<Loop1<$marker, Truth>>(isa),
                DType::U8 => compile::<Loop1<$marker, u8>>(isa),
                DType::I32 => compile::<Loop1<$marker, i32>>(isa),
                DType::U32 => compile::<Loop1<$marker, u32>>(isa),
                DType::I64 => compile::<Loop1<$marker, i64>>(isa),
                DType::U64 => compile::<Loop1<$marker, u64>>(isa),
                DType::F32 => compile::<Loop1<$marker, f32>>(isa),
                DType::F64 => compile::<Loop1<$marker, f64>>(isa),
            },
        };
    };
}

source!(TO_BOOL, ToBool, Bool);
target!(TO_U8, ToU8, u8, U8, [u8, i32, u32, i64, u64, f32, f64]);
target!(TO_I32, ToI32, i32, I32, [u8, i32, u32, i64, u64, f32, f64]);
target!(TO_U32, ToU32, u32, U32, [u8, i32, u32, i64, u64, f32, f64]);
target!(TO_I64, ToI64, i64, I64, [u8, i32, u32, i64, u64, f32, f64]);
target!(TO_U64, ToU64, u64, U64, [u8, i32, u32, i64, u64, f32, f64]);
target!(TO_F32, ToF32, f32, F32, [u8, i32, u32, i64, u64, f32, f64]);
target!(TO_F64, ToF64, f64, F64, [u8, i32, u32, i64, u64, f32, f64]);
