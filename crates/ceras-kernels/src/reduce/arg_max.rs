//! The index of the largest element.

use crate::disjoint::Disjoint;
use crate::dtype::{DType, Element};
use crate::io::{Io, Kernel};
use crate::isa::Isa;

/// Below so many elements waking threads costs more than it saves.
const PARALLEL_ELEMENTS: usize = 64 * 1024;
/// Elements that a thread takes at a time, about.
const TASK_ELEMENTS: usize = 16 * 1024;

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
    /// For an operand of these dimensions. The result is the same at every level.
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
        if self.length * self.inner == 0 {
            output.fill(0);
            return;
        }
        let output = Disjoint::new(output);
        let work = |outer: usize| {
            let x = &input[outer * self.length * self.inner..][..self.length * self.inner];
            // SAFETY: each outer index has its own results, and is in one task only.
            let results = unsafe { output.part(outer * self.inner..(outer + 1) * self.inner) };
            if self.inner == 1 {
                results[0] = first_largest(x.iter().copied());
            } else {
                for (column, result) in results.iter_mut().enumerate() {
                    *result = first_largest(x[column..].iter().step_by(self.inner).copied());
                }
            }
        };
        if input.len() < PARALLEL_ELEMENTS {
            (0..self.outer).for_each(work);
            return;
        }
        let per_task = (TASK_ELEMENTS / (self.length * self.inner)).max(1);
        io.pool().for_each(self.outer.div_ceil(per_task), &|task| {
            (task * per_task..self.outer.min((task + 1) * per_task)).for_each(work);
        });
    }
}

/// The place of the first largest element, or of the first NaN.
#[inline]
fn first_largest<T: Copy + PartialOrd>(elements: impl Iterator<Item = T>) -> i32 {
    let mut best: Option<T> = None;
    let mut place = 0;
    for (index, x) in elements.enumerate() {
        // Not `x <= best`, which would be false for NaN.
        #[allow(clippy::neg_cmp_op_on_partial_ord)]
        let beats = best.is_none_or(|best| !(x <= best));
        if beats {
            best = Some(x);
            place = index as i32;
            // Only NaN differs from itself, and nothing is larger.
            #[allow(clippy::eq_op)]
            if x != x {
                break;
            }
        }
    }
    place
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
