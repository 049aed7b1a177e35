//! Products of one column: a dot product for each row, registers running along k.
//!
//! The lanes of a register take every so many elements of k, in order; then the sum of the lanes is formed by halves. That
//! order depends on k and on the level alone, and a row has it whether it stands alone or not.

use super::blocked::{Blocked, Job};
use super::epilogue::Epilogue;
use super::problem::Problem;
use super::tile::Tiled;
use super::vector::Vector;
use crate::pool::Pool;

/// Rows of a task.
const ROWS: usize = 64;

/// Rows whose sums are formed together.
const TOGETHER: usize = 4;

/// Rows to be multiplied with a vector; both have `k` elements side by side.
#[derive(Clone, Copy)]
pub(super) struct Dots<T> {
    pub(super) k: usize,
    pub(super) vector: *const T,
    pub(super) rows: *const T,
    pub(super) row: usize,
    pub(super) count: usize,
    pub(super) out: *mut T,
    pub(super) out_row: usize,
}

/// Computes dot products.
///
/// # Safety
/// The operands must be readable and the product writable for so many rows, and the caller must have the level of `V`.
#[inline(always)]
pub(super) unsafe fn dots<V: Vector>(d: &Dots<V::Element>) {
    let whole = d.count / TOGETHER * TOGETHER;
    // SAFETY: as the caller vouches.
    unsafe {
        for first in (0..whole).step_by(TOGETHER) {
            some::<V, TOGETHER>(d, first);
        }
        for first in whole..d.count {
            some::<V, 1>(d, first);
        }
    }
}

/// The dot products of `N` rows.
///
/// # Safety
/// As [`dots`].
#[inline(always)]
unsafe fn some<V: Vector, const N: usize>(d: &Dots<V::Element>, first: usize) {
    // SAFETY: as the caller vouches; the mask keeps the last register inside of k.
    unsafe {
        let mut sums = [V::zero(); N];
        let rows = d.rows.add(first * d.row);
        let whole = d.k / V::LANES * V::LANES;
        for k in (0..whole).step_by(V::LANES) {
            let vector = V::load(d.vector.add(k));
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = V::load(rows.add(i * d.row + k)).multiply_add(vector, *sum);
            }
        }
        if whole < d.k {
            let mask = V::mask(d.k - whole);
            let vector = V::load_masked(d.vector.add(whole), mask);
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = V::load_masked(rows.add(i * d.row + whole), mask).multiply_add(vector, *sum);
            }
        }
        for (i, sum) in sums.into_iter().enumerate() {
            *d.out.add((first + i) * d.out_row) = sum.sum();
        }
    }
}

/// Whether a product is computed by dot products: its sizes but for the number of rows, and how it lies, say so.
pub(super) fn fits(problem: &Problem) -> bool {
    let Problem { m, n, k, lhs, rhs, swapped, .. } = *problem;
    let one_column = if swapped { m == 1 } else { n == 1 };
    let (along, across) = if swapped { (rhs.row, lhs.col) } else { (lhs.col, rhs.row) };
    one_column && problem.prologue.is_none() && k > 1 && along == 1 && across == 1
}

impl<T: Tiled> Job<'_, T> {
    /// Computes a product of one column.
    pub(super) fn dots(&self, pool: &Pool) {
        let plan: &Blocked<T> = self.plan;
        let Problem { batch, m, n, k, swapped, .. } = plan.problem;
        let count = if swapped { n } else { m };
        let pieces = count.div_ceil(ROWS);
        self.for_each(pool, batch * pieces, &|task| {
            let (batch, first) = (task / pieces, task % pieces * ROWS);
            let (vector, matrix) = if swapped { (&self.lhs, &self.rhs) } else { (&self.rhs, &self.lhs) };
            let row = if swapped { matrix.strides.col } else { matrix.strides.row };
            let out = if swapped { batch * self.out_row + first } else { (batch * m + first) * self.out_row };
            let dots = Dots {
                k,
                vector: vector.pointer.wrapping_add(batch * vector.strides.batch),
                rows: matrix.pointer.wrapping_add(batch * matrix.strides.batch + first * row),
                row,
                count: ROWS.min(count - first),
                out: self.out.wrapping_add(out),
                out_row: if swapped { 1 } else { self.out_row },
            };
            // SAFETY: the rows lie in the operands and the product, whose extents were checked; the kernel was selected for
            // a level that the machine has.
            unsafe {
                (plan.dots)(&dots);
                match &plan.epilogue {
                    Epilogue::Native { .. } => self.bias_and_floor(&dots, if swapped { first } else { 0 }),
                    Epilogue::Program(program) if swapped => {
                        self.finish(program, batch..batch + 1, first..first + dots.count);
                    }
                    Epilogue::Program(program) => {
                        self.finish(program, batch * m + first..batch * m + first + dots.count, 0..1);
                    }
                }
            }
        });
    }

    /// Adds the bias and takes the maximum with the floor.
    ///
    /// # Safety
    /// The products are written, and belong to the caller.
    unsafe fn bias_and_floor(&self, dots: &Dots<T>, column: usize) {
        let along = self.plan.problem.swapped;
        for index in (0..dots.count).filter(|_| !self.bias.is_null() || !self.floor.is_null()) {
            // SAFETY: as the caller vouches; bias and floor are null or were checked.
            unsafe {
                let out = dots.out.add(index * dots.out_row);
                if !self.bias.is_null() {
                    *out = (*out).add(*self.bias.add(if along { column + index } else { 0 }));
                }
                if !self.floor.is_null() {
                    *out = (*out).maximum(*self.floor);
                }
            }
        }
    }
}
