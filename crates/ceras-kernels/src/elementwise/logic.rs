//! Bitwise logic, comparisons and choice.

use super::Function;
use super::kernel::{Level, Loop2, Loop3, Map1, Map2, Map3, Truth, compile, function};
use crate::dtype::DType;

/// See [`NOT`].
pub(crate) enum Not {}
/// See [`AND`].
pub(crate) enum And {}
/// See [`OR`].
pub(crate) enum Or {}
/// See [`XOR`].
pub(crate) enum Xor {}
/// See [`SELECT`].
pub(crate) enum Select {}

function!(
    /// The opposite of a truth value; every bit flipped for integers.
    NOT, "not", 1, Not,
    [Bool => Truth, U8 => u8, I32 => i32, U32 => u32, I64 => i64, U64 => u64]
);
function!(
    /// Bitwise *and*.
    AND, "and", 2, And,
    [Bool => Truth, U8 => u8, I32 => i32, U32 => u32, I64 => i64, U64 => u64]
);
function!(
    /// Bitwise *or*.
    OR, "or", 2, Or,
    [Bool => Truth, U8 => u8, I32 => i32, U32 => u32, I64 => i64, U64 => u64]
);
function!(
    /// Bitwise *exclusive or*.
    XOR, "xor", 2, Xor,
    [Bool => Truth, U8 => u8, I32 => i32, U32 => u32, I64 => i64, U64 => u64]
);

impl Map1<Truth> for Not {
    type Out = Truth;
    #[inline(always)]
    fn map<L: Level>(a: Truth) -> Truth {
        Truth(a.0 ^ 1)
    }
}

impl std::ops::BitAnd for Truth {
    type Output = Truth;
    #[inline(always)]
    fn bitand(self, other: Truth) -> Truth {
        Truth(self.0 & other.0)
    }
}

impl std::ops::BitOr for Truth {
    type Output = Truth;
    #[inline(always)]
    fn bitor(self, other: Truth) -> Truth {
        Truth(self.0 | other.0)
    }
}

impl std::ops::BitXor for Truth {
    type Output = Truth;
    #[inline(always)]
    fn bitxor(self, other: Truth) -> Truth {
        Truth(self.0 ^ other.0)
    }
}

macro_rules! bitwise {
    ($marker:ident, $operator:path, $($t:ty),*) => {$(
        impl Map2<$t, $t> for $marker {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t, b: $t) -> $t { $operator(a, b) }
        }
    )*};
}

macro_rules! flipped {
    ($($t:ty),*) => {$(
        impl Map1<$t> for Not {
            type Out = $t;
            #[inline(always)]
            fn map<L: Level>(a: $t) -> $t { !a }
        }
    )*};
}

flipped!(u8, i32, u32, i64, u64);
bitwise!(And, std::ops::BitAnd::bitand, Truth, u8, i32, u32, i64, u64);
bitwise!(Or, std::ops::BitOr::bitor, Truth, u8, i32, u32, i64, u64);
bitwise!(Xor, std::ops::BitXor::bitxor, Truth, u8, i32, u32, i64, u64);

/// Of (condition, `a`, `b`): `a` where the condition is true, else `b`.
pub static SELECT: Function = Function {
    name: "select",
    arity: 3,
    result: |types| match types {
        [DType::Bool, a, b] if a == b => Some(*a),
        _ => None,
    },
    // Only the size of the elements matters.
    select: |isa, types| match types[1].size() {
        1 => compile::<Loop3<Select, Truth, u8, u8>>(isa),
        4 => compile::<Loop3<Select, Truth, u32, u32>>(isa),
        _ => compile::<Loop3<Select, Truth, u64, u64>>(isa),
    },
};

impl<T> Map3<Truth, T, T> for Select {
    type Out = T;
    #[inline(always)]
    fn map<L: Level>(condition: Truth, a: T, b: T) -> T {
        if condition.0 != 0 { a } else { b }
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `a = b`
    Eq,
    /// `a ≠ b`; true when either is NaN.
    Ne,
    /// `a < b`
    Lt,
    /// `a ≤ b`
    Le,
    /// `a > b`
    Gt,
    /// `a ≥ b`
    Ge,
}

impl Direction {
    /// All six.
    pub const ALL: [Direction; 6] =
        [Direction::Eq, Direction::Ne, Direction::Lt, Direction::Le, Direction::Gt, Direction::Ge];
}

/// The function that compares two numbers of one type and gives a truth value.
///
/// Comparisons with NaN are false, but [`Direction::Ne`] is true.
pub fn compare(direction: Direction) -> &'static Function {
    match direction {
        Direction::Eq => &EQUAL,
        Direction::Ne => &NOT_EQUAL,
        Direction::Lt => &LESS,
        Direction::Le => &LESS_EQUAL,
        Direction::Gt => &GREATER,
        Direction::Ge => &GREATER_EQUAL,
    }
}

macro_rules! comparison {
    ($static:ident, $name:literal, $marker:ident, $operator:tt) => {
        enum $marker {}

        impl<T: PartialOrd> Map2<T, T> for $marker {
            type Out = Truth;
            #[inline(always)]
            fn map<L: Level>(a: T, b: T) -> Truth { Truth(u8::from(a $operator b)) }
        }

        static $static: Function = Function {
            name: $name,
            arity: 2,
            result: |types| match types {
                [a, b] if a == b => Some(DType::Bool),
                _ => None,
            },
            select: |isa, types| match types[0] {
                DType::Bool | DType::U8 => compile::<Loop2<$marker, u8, u8>>(isa),
                DType::I32 => compile::<Loop2<$marker, i32, i32>>(isa),
                DType::U32 => compile::<Loop2<$marker, u32, u32>>(isa),
                DType::I64 => compile::<Loop2<$marker, i64, i64>>(isa),
                DType::U64 => compile::<Loop2<$marker, u64, u64>>(isa),
                DType::F32 => compile::<Loop2<$marker, f32, f32>>(isa),
                DType::F64 => compile::<Loop2<$marker, f64, f64>>(isa),
            },
        };
    };
}

comparison!(EQUAL, "compare_eq", Equal, ==);
comparison!(NOT_EQUAL, "compare_ne", NotEqual, !=);
comparison!(LESS, "compare_lt", Less, <);
comparison!(LESS_EQUAL, "compare_le", LessEqual, <=);
comparison!(GREATER, "compare_gt", Greater, >);
comparison!(GREATER_EQUAL, "compare_ge", GreaterEqual, >=);
