//! Counting along an axis.

use crate::dtype::{DType, Element};
use crate::io::{Io, Kernel};

/// 0, 1, 2, … along an axis, repeated along the others; no inputs, the output is contiguous.
#[derive(Debug)]
pub struct Iota {
    dtype: DType,
    length: usize,
    inner: usize,
}

impl Iota {
    /// For a result of these dimensions.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn new(dtype: DType, dims: &[usize], axis: usize) -> Iota {
        Iota { dtype, length: dims[axis], inner: dims[axis + 1..].iter().product() }
    }

    fn typed<T: Element>(&self, io: &mut Io<'_>, number: fn(usize) -> T) {
        let output = io.output::<T>(0);
        let period = self.length * self.inner;
        if output.is_empty() {
            return;
        }
        let (first, rest) = output.split_at_mut(period);
        first.chunks_exact_mut(self.inner).enumerate().for_each(|(index, run)| run.fill(number(index)));
        rest.chunks_exact_mut(period).for_each(|copy| copy.copy_from_slice(first));
    }
}

impl Kernel for Iota {
    fn run(&self, io: &mut Io<'_>) {
        match self.dtype {
            DType::Bool => self.typed::<u8>(io, |index| u8::from(index != 0)),
            DType::U8 => self.typed::<u8>(io, |index| index as u8),
            DType::I32 => self.typed::<i32>(io, |index| index as i32),
            DType::U32 => self.typed::<u32>(io, |index| index as u32),
            DType::I64 => self.typed::<i64>(io, |index| index as i64),
            DType::U64 => self.typed::<u64>(io, |index| index as u64),
            DType::F32 => self.typed::<f32>(io, |index| index as f32),
            DType::F64 => self.typed::<f64>(io, |index| index as f64),
        }
    }
}
