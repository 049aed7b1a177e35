//! Rows picked by index, and rows added by index.

use crate::dtype::{DType, Element};
use crate::io::{Io, Kernel};

fn clamped(index: i64, rows: usize) -> usize {
    usize::try_from(index).map_or(0, |index| index.min(rows.saturating_sub(1)))
}

/// Reads an index input of any integer type.
fn index_reader<'a>(io: &Io<'a>, input: usize, dtype: DType) -> Box<dyn Fn(usize) -> i64 + 'a> {
    match dtype {
        DType::I32 => reader(io.input::<i32>(input), i64::from),
        DType::U32 => reader(io.input::<u32>(input), i64::from),
        DType::I64 => reader(io.input::<i64>(input), |index| index),
        DType::U64 => reader(io.input::<u64>(input), |index| i64::try_from(index).unwrap_or(i64::MAX)),
        _ => reader(io.input::<u8>(input), i64::from),
    }
}

fn reader<'a, T: Element>(indices: &'a [T], widen: fn(T) -> i64) -> Box<dyn Fn(usize) -> i64 + 'a> {
    Box::new(move |at| widen(indices[at]))
}

/// Rows of the operand in the order of the indices (inputs: operand, indices); an index out of range means the nearest
/// row. A table without rows gives zeros. Regions are contiguous.
#[derive(Debug)]
pub struct Gather {
    rows: usize,
    row_bytes: usize,
    index: DType,
}

impl Gather {
    /// For an operand of `rows` rows of `row_elements` elements, and indices of an integer type.
    pub fn new(element_bytes: usize, rows: usize, row_elements: usize, index: DType) -> Gather {
        Gather { rows, row_bytes: row_elements * element_bytes, index }
    }
}

impl Kernel for Gather {
    fn run(&self, io: &mut Io<'_>) {
        let (operand, output) = (io.input::<u8>(0), io.output::<u8>(0));
        if self.rows == 0 || self.row_bytes == 0 {
            output.fill(0);
            return;
        }
        let index = index_reader(io, 1, self.index);
        for (at, row) in output.chunks_exact_mut(self.row_bytes).enumerate() {
            let start = clamped(index(at), self.rows) * self.row_bytes;
            row.copy_from_slice(&operand[start..start + self.row_bytes]);
        }
    }
}

/// The operand with update `i` added to row `indices[i]`, in the order of `i` (inputs: operand, indices, updates).
/// Updates whose index is out of range are left out, as in StableHLO. Regions are contiguous; the operand may be the output.
#[derive(Debug)]
pub struct ScatterAdd {
    dtype: DType,
    rows: usize,
    row_elements: usize,
    index: DType,
}

impl ScatterAdd {
    /// For an operand of `rows` rows of `row_elements` elements, and indices of an integer type.
    pub fn new(dtype: DType, rows: usize, row_elements: usize, index: DType) -> ScatterAdd {
        ScatterAdd { dtype, rows, row_elements, index }
    }

    fn typed<T: Element>(&self, io: &mut Io<'_>, add: fn(T, T) -> T) {
        let output = io.output::<T>(0);
        if io.in_place(0).is_none() {
            output.copy_from_slice(io.input::<T>(0));
        }
        if self.row_elements == 0 {
            return;
        }
        let index = index_reader(io, 1, self.index);
        for (at, update) in io.input::<T>(2).chunks_exact(self.row_elements).enumerate() {
            let Some(row) = usize::try_from(index(at)).ok().filter(|&row| row < self.rows) else { continue };
            let start = row * self.row_elements;
            let target = &mut output[start..start + self.row_elements];
            target.iter_mut().zip(update).for_each(|(sum, &x)| *sum = add(*sum, x));
        }
    }
}

impl Kernel for ScatterAdd {
    fn run(&self, io: &mut Io<'_>) {
        match self.dtype {
            DType::Bool => self.typed::<u8>(io, |a, b| a | b),
            DType::U8 => self.typed::<u8>(io, u8::wrapping_add),
            DType::I32 => self.typed::<i32>(io, i32::wrapping_add),
            DType::U32 => self.typed::<u32>(io, u32::wrapping_add),
            DType::I64 => self.typed::<i64>(io, i64::wrapping_add),
            DType::U64 => self.typed::<u64>(io, u64::wrapping_add),
            DType::F32 => self.typed::<f32>(io, |a, b| a + b),
            DType::F64 => self.typed::<f64>(io, |a, b| a + b),
        }
    }
}
