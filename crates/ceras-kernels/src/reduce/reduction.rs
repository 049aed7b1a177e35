//! Reductions over any set of axes.

use crate::dtype::{DType, Element};
use crate::io::{Io, Kernel};
use crate::isa::Isa;

/// How elements are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The sum; 0 of nothing. Integers wrap around; truth values: *or*.
    Sum,
    /// The largest; NaN if one is NaN; the type's least number (−∞ for floats) of nothing.
    Max,
    /// The smallest; NaN if one is NaN; the type's greatest number (∞ for floats) of nothing.
    Min,
    /// The product; 1 of nothing. Integers wrap around; truth values: *and*.
    Product,
    /// Bitwise *and*, not for floats; all bits set of nothing.
    And,
    /// Bitwise *or*, not for floats; 0 of nothing.
    Or,
}

impl Reduction {
    /// Whether elements of this type can be combined so.
    pub fn takes(self, dtype: DType) -> bool {
        !(dtype.is_float() && matches!(self, Reduction::And | Reduction::Or))
    }
}

/// A reduction over a set of axes, which vanish from the result. Inputs and outputs are contiguous.
#[derive(Debug)]
pub struct Reduce {
    reduction: Reduction,
    dtype: DType,
    dims: Vec<usize>,
    kept: Vec<bool>,
}

impl Reduce {
    /// For an operand of these dimensions.
    ///
    /// # Panics
    /// If there is no such axis, or [`Reduction::takes`] refuses the type.
    pub fn new(reduction: Reduction, dtype: DType, dims: &[usize], axes: &[usize], _isa: Isa) -> Reduce {
        assert!(reduction.takes(dtype), "{reduction:?} does not take {dtype}");
        let mut kept = vec![true; dims.len()];
        axes.iter().for_each(|&axis| kept[axis] = false);
        Reduce { reduction, dtype, dims: dims.to_vec(), kept }
    }

    /// Bytes of scratch that the kernel needs.
    pub fn scratch_bytes(&self) -> usize {
        0
    }

    fn typed<T: Element>(&self, io: &mut Io<'_>, identity: T, combine: impl Fn(T, T) -> T) {
        let (input, output) = (io.input::<T>(0), io.output::<T>(0));
        output.fill(identity);
        for (index, &x) in input.iter().enumerate() {
            let (mut rest, mut at, mut step) = (index, 0, 1);
            for (extent, kept) in self.dims.iter().zip(&self.kept).rev() {
                if *kept {
                    at += rest % extent * step;
                    step *= extent;
                }
                rest /= extent;
            }
            output[at] = combine(output[at], x);
        }
    }
}

macro_rules! integers {
    ($self:ident, $io:ident, $t:ty, $ones:expr, $truth:expr) => {
        match $self.reduction {
            Reduction::Sum if $truth => $self.typed::<$t>($io, 0, |a, b| a | b),
            Reduction::Product if $truth => $self.typed::<$t>($io, 1, |a, b| a & b),
            Reduction::Sum => $self.typed::<$t>($io, 0, |a, b| a.wrapping_add(b)),
            Reduction::Product => $self.typed::<$t>($io, 1, |a, b| a.wrapping_mul(b)),
            Reduction::Max => $self.typed::<$t>($io, <$t>::MIN, |a, b| a.max(b)),
            Reduction::Min if $truth => $self.typed::<$t>($io, 1, |a, b| a.min(b)),
            Reduction::Min => $self.typed::<$t>($io, <$t>::MAX, |a, b| a.min(b)),
            Reduction::And => $self.typed::<$t>($io, $ones, |a, b| a & b),
            Reduction::Or => $self.typed::<$t>($io, 0, |a, b| a | b),
        }
    };
}

macro_rules! floats {
    ($self:ident, $io:ident, $t:ty) => {
        match $self.reduction {
            Reduction::Sum => $self.typed::<$t>($io, 0.0, |a, b| a + b),
            Reduction::Product => $self.typed::<$t>($io, 1.0, |a, b| a * b),
            Reduction::Max => {
                $self.typed::<$t>($io, <$t>::NEG_INFINITY, |a, b| if a.is_nan() || a > b { a } else { b })
            }
            Reduction::Min => {
                $self.typed::<$t>($io, <$t>::INFINITY, |a, b| if a.is_nan() || a < b { a } else { b })
            }
            Reduction::And | Reduction::Or => {}
        }
    };
}

impl Kernel for Reduce {
    fn run(&self, io: &mut Io<'_>) {
        match self.dtype {
            DType::Bool => integers!(self, io, u8, 1, true),
            DType::U8 => integers!(self, io, u8, u8::MAX, false),
            DType::I32 => integers!(self, io, i32, -1, false),
            DType::U32 => integers!(self, io, u32, u32::MAX, false),
            DType::I64 => integers!(self, io, i64, -1, false),
            DType::U64 => integers!(self, io, u64, u64::MAX, false),
            DType::F32 => floats!(self, io, f32),
            DType::F64 => floats!(self, io, f64),
        }
    }
}
