//! Epilogues that run over tiles when their sums are complete.

use std::ops::Range;

use super::blocked::Job;
use super::epilogue::{Affine, RowProgram};
use super::tile::Tiled;

impl<T: Tiled> Job<'_, T> {
    /// Runs the epilogue over finished tiles.
    pub(super) unsafe fn finish(&self, program: &RowProgram, rows: Range<usize>, columns: Range<usize>) {
        let n = self.plan.problem.n;
        if let Some(([factor, shift, floor], run)) = &self.plan.affine[1] {
            let row_of = |operand: &usize| self.after[*operand].cast::<T>().wrapping_add(columns.start);
            let floor = self.after[*floor].cast::<T>();
            let by = Affine { factor: row_of(factor), shift: row_of(shift), floor };
            for row in rows {
                let out = self.out.wrapping_add(row * self.out_row + columns.start);
                // SAFETY: as below; each element is read before it is written.
                unsafe { run(&by, out, columns.len(), out) }
            }
            return;
        }
        if columns == (0..n) && self.out_row == n {
            let out = self.out.wrapping_add(rows.start * n);
            // SAFETY: the elements lie in the product and belong to this task; the operands were checked.
            unsafe { program.run((rows.start, 0, rows.len() * n), self.after, out, out) }
            return;
        }
        for row in rows {
            let out = self.out.wrapping_add(row * self.out_row + columns.start);
            // SAFETY: the elements lie in the product and belong to this task; the operands were checked.
            unsafe { program.run((row, columns.start, columns.len()), self.after, out, out) }
        }
    }
}
