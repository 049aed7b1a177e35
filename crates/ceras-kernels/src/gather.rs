//! Rows picked by index, and rows added by index.

use crate::disjoint::Disjoint;
use crate::dtype::{DType, Element};
use crate::io::{Io, Kernel};

/// Below so many bytes waking threads costs more than it saves.
const PARALLEL_BYTES: usize = 256 * 1024;
/// Bytes that a thread writes at a time, about.
const TASK_BYTES: usize = 64 * 1024;

/// An integer that names a row.
trait Index: Element {
    /// The row; none if the index is negative or too large for the machine.
    fn row(self) -> Option<usize>;
    /// Whether it is negative.
    fn is_negative(self) -> bool;
}

macro_rules! index {
    ($($t:ty, $negative:expr);*) => {$(
        impl Index for $t {
            #[inline(always)]
            fn row(self) -> Option<usize> {
                usize::try_from(self).ok()
            }
            #[inline(always)]
            fn is_negative(self) -> bool {
                let negative: fn($t) -> bool = $negative;
                negative(self)
            }
        }
    )*};
}

index!(u8, |_| false; u32, |_| false; u64, |_| false; i32, |i| i < 0; i64, |i| i < 0);

/// Rows of the operand in the order of the indices (inputs: operand, indices); an index out of range means the nearest
/// row, as in StableHLO. A table without rows gives zeros. Regions are contiguous.
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

    fn typed<I: Index>(&self, io: &mut Io<'_>) {
        let (operand, indices, output) = (io.input::<u8>(0), io.input::<I>(1), io.output::<u8>(0));
        if self.rows == 0 || self.row_bytes == 0 {
            output.fill(0);
            return;
        }
        let (bytes, total) = (self.row_bytes, output.len());
        let output = Disjoint::new(output);
        let work = |range: std::ops::Range<usize>| {
            // SAFETY: tasks have ranges of rows that do not overlap.
            let rows = unsafe { output.part(range.start * bytes..range.end * bytes) };
            for (row, index) in rows.chunks_exact_mut(bytes).zip(&indices[range]) {
                let nearest = if index.is_negative() { 0 } else { index.row().unwrap_or(usize::MAX) };
                let start = nearest.min(self.rows - 1) * bytes;
                row.copy_from_slice(&operand[start..start + bytes]);
            }
        };
        let count = total / bytes;
        if total < PARALLEL_BYTES {
            work(0..count);
            return;
        }
        let per_task = (TASK_BYTES / bytes).max(1);
        io.pool().for_each(count.div_ceil(per_task), &|task| {
            work(task * per_task..count.min((task + 1) * per_task))
        });
    }
}

impl Kernel for Gather {
    fn run(&self, io: &mut Io<'_>) {
        match self.index {
            DType::I32 => self.typed::<i32>(io),
            DType::U32 => self.typed::<u32>(io),
            DType::I64 => self.typed::<i64>(io),
            DType::U64 => self.typed::<u64>(io),
            _ => self.typed::<u8>(io),
        }
    }
}

/// The operand with update `i` added to row `indices[i]`, in the order of `i` (inputs: operand, indices, updates).
///
/// Updates whose index is out of range are left out, as in StableHLO. Regions are contiguous; the operand may be the
/// output. The order is the same on any number of threads: they share the columns of a row, not the updates.
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

    fn indexed<T: Element>(&self, io: &mut Io<'_>, add: fn(&mut [T], &[T])) {
        match self.index {
            DType::I32 => self.typed::<T, i32>(io, add),
            DType::U32 => self.typed::<T, u32>(io, add),
            DType::I64 => self.typed::<T, i64>(io, add),
            DType::U64 => self.typed::<T, u64>(io, add),
            _ => self.typed::<T, u8>(io, add),
        }
    }

    fn typed<T: Element, I: Index>(&self, io: &mut Io<'_>, add: fn(&mut [T], &[T])) {
        let output = io.output::<T>(0);
        if io.in_place(0).is_none() {
            output.copy_from_slice(io.input::<T>(0));
        }
        let width = self.row_elements;
        if width == 0 {
            return;
        }
        let (indices, updates) = (io.input::<I>(1), io.input::<T>(2));
        let output = Disjoint::new(output);
        // A task takes whole cache lines of every row.
        let columns =
            if size_of_val(updates) < PARALLEL_BYTES { width } else { (256 / size_of::<T>()).max(1) };
        io.pool().for_each(width.div_ceil(columns), &|task| {
            let (first, last) = (task * columns, width.min((task + 1) * columns));
            for (index, update) in indices.iter().zip(updates.chunks_exact(width)) {
                let Some(row) = index.row().filter(|&row| row < self.rows) else { continue };
                // SAFETY: tasks have columns of their own, and this part is the only one of this task.
                let target = unsafe { output.part(row * width + first..row * width + last) };
                add(target, &update[first..last]);
            }
        });
    }
}

fn add_with<T: Element>(target: &mut [T], update: &[T], add: impl Fn(T, T) -> T) {
    target.iter_mut().zip(update).for_each(|(sum, &x)| *sum = add(*sum, x));
}

impl Kernel for ScatterAdd {
    fn run(&self, io: &mut Io<'_>) {
        match self.dtype {
            DType::Bool => self.indexed::<u8>(io, |sum, x| add_with(sum, x, |a, b| a | b)),
            DType::U8 => self.indexed::<u8>(io, |sum, x| add_with(sum, x, u8::wrapping_add)),
            DType::I32 => self.indexed::<i32>(io, |sum, x| add_with(sum, x, i32::wrapping_add)),
            DType::U32 => self.indexed::<u32>(io, |sum, x| add_with(sum, x, u32::wrapping_add)),
            DType::I64 => self.indexed::<i64>(io, |sum, x| add_with(sum, x, i64::wrapping_add)),
            DType::U64 => self.indexed::<u64>(io, |sum, x| add_with(sum, x, u64::wrapping_add)),
            DType::F32 => self.indexed::<f32>(io, |sum, x| add_with(sum, x, |a, b| a + b)),
            DType::F64 => self.indexed::<f64>(io, |sum, x| add_with(sum, x, |a, b| a + b)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Run, Sequence, bytes, values};

    #[test]
    fn gather_picks_rows_and_stays_in_range() {
        let table: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let picked = [6.0f32, 7.0, 8.0, 0.0, 1.0, 2.0, 9.0, 10.0, 11.0];
        let run = Run::new(vec![bytes(&table), bytes(&[2i32, -5, 99])], vec![36]);
        assert_eq!(values::<f32>(&run.on(Gather::new(4, 4, 3, DType::I32), 1)[0]), picked);
        let run = Run::new(vec![bytes(&table), bytes(&[2u64, 0, u64::MAX])], vec![36]);
        assert_eq!(values::<f32>(&run.on(Gather::new(4, 4, 3, DType::U64), 1)[0]), picked);
        let run = Run::new(vec![vec![], bytes(&[1i64, 2])], vec![24]);
        assert_eq!(values::<f32>(&run.on(Gather::new(4, 0, 3, DType::I64), 1)[0]), [0.0; 6]);
    }

    #[test]
    fn gather_and_scatter_do_not_depend_on_threads() {
        let (rows, width, count) = (50, 100, 3000);
        let mut numbers = Sequence::new(1);
        let table = numbers.floats(rows * width);
        let updates = numbers.floats(count * width);
        let indices: Vec<i64> = (0..count).map(|_| (numbers.bits() % 52) as i64 - 1).collect();
        let mut sums = table.clone();
        let mut picked = Vec::new();
        for (index, update) in indices.iter().zip(updates.chunks(width)) {
            let nearest = (*index).clamp(0, 49) as usize;
            picked.extend_from_slice(&table[nearest * width..(nearest + 1) * width]);
            if (0..50).contains(index) {
                sums[nearest * width..][..width].iter_mut().zip(update).for_each(|(sum, x)| *sum += x);
            }
        }
        let gather = Run::new(vec![bytes(&table), bytes(&indices)], vec![4 * count * width]);
        let mut scatter =
            Run::new(vec![bytes(&table), bytes(&indices), bytes(&updates)], vec![4 * rows * width]);
        for threads in [1, 2, 3] {
            assert_eq!(
                values::<f32>(&gather.on(Gather::new(4, rows, width, DType::I64), threads)[0]),
                picked
            );
            for in_place in [vec![], vec![(0, 0)]] {
                scatter.in_place = in_place;
                let kernel = ScatterAdd::new(DType::F32, rows, width, DType::I64);
                assert_eq!(values::<f32>(&scatter.on(kernel, threads)[0]), sums);
            }
        }
    }

    #[test]
    fn scatter_adds_every_type() {
        let run =
            Run::new(vec![bytes(&[250u8, 0, 1]), bytes(&[0u8, 2, 2, 9]), bytes(&[10u8, 2, 3, 4])], vec![3]);
        assert_eq!(run.on(ScatterAdd::new(DType::U8, 3, 1, DType::U8), 1)[0], [4, 0, 6]);
        let run = Run::new(vec![bytes(&[0u8, 0, 1]), bytes(&[0u32, 2]), bytes(&[1u8, 1])], vec![3]);
        assert_eq!(run.on(ScatterAdd::new(DType::Bool, 3, 1, DType::U32), 1)[0], [1, 0, 1]);
    }
}
