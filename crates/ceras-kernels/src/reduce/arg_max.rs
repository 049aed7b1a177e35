//! The index of the largest element.

use crate::dtype::{DType, Element};
use crate::io::{Io, Kernel};
use crate::isa::Isa;

/// The `i32` index of the largest element along an axis, the first of several; NaN counts as the largest.
///
/// An axis without elements gives 0. Inputs and outputs are contiguous.
#[derive(Debug)]
pub struct ArgMax {
    dtype: DType,
    outer: usize,
    length: usize,
    inner: usize,
}

impl ArgMax {
    /// For an operand of these dimensions.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn new(dtype: DType, dims: &[usize], axis: usize, _isa: Isa) -> ArgMax {
        ArgMax {
            dtype,
            outer: dims[..axis].iter().product(),
            length: dims[axis],
            inner: dims[axis + 1..].iter().product(),
        }
    }

    fn typed<T: Element + PartialOrd>(&self, io: &mut Io<'_>) {
        let (input, output) = (io.input::<T>(0), io.output::<i32>(0));
        for outer in 0..self.outer {
            for inner in 0..self.inner {
                let at = |index: usize| input[(outer * self.length + index) * self.inner + inner];
                let mut best = 0;
                for index in 1..self.length {
                    let (candidate, current) = (at(index), at(best));
                    // Only NaN differs from itself.
                    #[allow(clippy::eq_op)]
                    let (nan, current_nan) = (candidate != candidate, current != current);
                    if !current_nan && (nan || candidate > current) {
                        best = index;
                    }
                }
                output[outer * self.inner + inner] = best as i32;
            }
        }
    }
}

impl Kernel for ArgMax {
    fn run(&self, io: &mut Io<'_>) {
        match self.dtype {
            DType::Bool | DType::U8 => self.typed::<u8>(io),
            DType::I32 => self.typed::<i32>(io),
            DType::U32 => self.typed::<u32>(io),
            DType::I64 => self.typed::<i64>(io),
            DType::U64 => self.typed::<u64>(io),
            DType::F32 => self.typed::<f32>(io),
            DType::F64 => self.typed::<f64>(io),
        }
    }
}
