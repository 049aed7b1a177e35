//! Copies of operands in the order in which the micro-kernel reads them.

use std::ops::Range;

use super::blocked::{Job, Panels, Slab, Target};
use super::left::Runs;
use super::tile::Tiled;
use crate::dtype::Element;
use crate::pool::Pool;

/// Bytes that are fetched together.
pub(super) const LINE_BYTES: usize = 64;

/// Copies `k` rows of `columns` elements into a panel whose rows are `width` apart.
///
/// # Safety
/// The source must be readable for the elements that the strides reach; the panel must be writable for `k · width`.
pub(super) unsafe fn panel<T: Element>(
    panel: *mut T,
    width: usize,
    source: *const T,
    (row, column): (usize, usize),
    k: usize,
    columns: usize,
    transpose: Transpose<T>,
) {
    // SAFETY: as the caller vouches: all indices stay below `k` and `columns`.
    unsafe {
        if column == 1 {
            for index in 0..k {
                copy(panel.add(index * width), source.add(index * row), columns);
            }
        } else if row == 1 {
            transpose.rows(panel, width, source, column, k, columns);
        } else {
            for index in 0..k {
                for j in 0..columns {
                    *panel.add(index * width + j) = *source.add(index * row + j * column);
                }
            }
        }
    }
}

/// Copies `len` elements in pieces of a fixed size, so that a short row costs no call; the last piece may overlap the one
/// before it.
///
/// # Safety
/// The source must be readable and the target writable for `len` elements, apart from one another.
#[inline(always)]
pub(crate) unsafe fn copy<T: Element>(target: *mut T, source: *const T, len: usize) {
    // SAFETY: as the caller vouches: the pieces lie inside of `len` elements.
    unsafe {
        match len {
            16.. => pieces::<T, 16>(target, source, len),
            8.. => pieces::<T, 8>(target, source, len),
            4.. => pieces::<T, 4>(target, source, len),
            _ => (0..len).for_each(|at| *target.add(at) = *source.add(at)),
        }
    }
}

/// Sets the elements of a range to zero: what a row of a panel has beyond its columns is multiplied, too, though not kept.
///
/// # Safety
/// The target must be writable for the range.
#[inline(always)]
pub(super) unsafe fn clear<T: Tiled>(target: *mut T, range: Range<usize>) {
    for at in range {
        // SAFETY: as the caller vouches.
        unsafe { *target.add(at) = T::ZERO }
    }
}

/// [`copy`] for at least `N` elements.
#[inline(always)]
unsafe fn pieces<T: Element, const N: usize>(target: *mut T, source: *const T, len: usize) {
    // SAFETY: as the caller vouches: the pieces lie inside of `len` elements.
    unsafe {
        let piece = |at: usize| {
            target.add(at).cast::<[T; N]>().write_unaligned(source.add(at).cast::<[T; N]>().read_unaligned());
        };
        (0..len / N).for_each(|index| piece(index * N));
        if !len.is_multiple_of(N) {
            piece(len - N);
        }
    }
}

/// How square blocks are transposed.
#[derive(Clone, Copy)]
pub(super) struct Transpose<T> {
    /// Rows and columns of a block.
    pub(super) block: usize,
    /// Transposes a block; target and source with the distances of their rows.
    pub(super) run: unsafe fn(*mut T, usize, *const T, usize),
}

impl<T: Element> Transpose<T> {
    /// `target[i, j] = source[j, i]` for `rows` × `columns` elements.
    ///
    /// # Safety
    /// As [`panel`]; the machine has the level of the block.
    unsafe fn rows(
        &self,
        target: *mut T,
        target_row: usize,
        source: *const T,
        source_row: usize,
        rows: usize,
        columns: usize,
    ) {
        let (down, across) = (rows / self.block * self.block, columns / self.block * self.block);
        // SAFETY: as the caller vouches: all indices stay below `rows` and `columns`.
        unsafe {
            for j in (0..across).step_by(self.block) {
                for i in (0..down).step_by(self.block) {
                    let source = source.add(j * source_row + i);
                    (self.run)(target.add(i * target_row + j), target_row, source, source_row);
                }
            }
            let one = |i: usize, j: usize| *target.add(i * target_row + j) = *source.add(j * source_row + i);
            (0..rows).for_each(|i| (across..columns).for_each(|j| one(i, j)));
            (down..rows).for_each(|i| (0..across).for_each(|j| one(i, j)));
        }
    }
}

/// A block by plain loops.
///
/// # Safety
/// The source must be readable and the target writable for `N` rows of `N` elements.
pub(super) unsafe fn transpose_block<T: Element, const N: usize>(
    target: *mut T,
    target_row: usize,
    source: *const T,
    source_row: usize,
) {
    for j in 0..N {
        // SAFETY: as the caller vouches.
        unsafe {
            let line = source.add(j * source_row).cast::<[T; N]>().read_unaligned();
            for (i, element) in line.into_iter().enumerate() {
                *target.add(i * target_row + j) = element;
            }
        }
    }
}

impl<T: Tiled> Job<'_, T> {
    /// Copies the right operand of a slab into panels with room for so many elements.
    pub(super) fn pack(&self, pool: &Pool, slab: &Slab, scratch: *mut T, room: usize) -> Panels<T> {
        let (panels, blocks) = (slab.panels.len(), slab.blocks.len());
        let width = self.plan.tiling.width;
        let strides = self.rhs.strides;
        let (n, start) = (self.plan.problem.n, slab.panels.start * width);
        if strides.col == 1 {
            let runs = Runs {
                source: self.rhs.pointer.wrapping_add(start),
                batch: strides.batch,
                step: strides.row,
                pieces: panels,
                elements: panels * width,
            };
            self.spread(pool, slab, scratch, &runs, |index| {
                (index * width, width.min(n - start - index * width), width)
            });
        } else {
            let target = Target(scratch);
            self.for_each(pool, slab.batches.len() * panels * blocks, &|task| {
                let target = &target;
                let (batch, place, index) = (task / (panels * blocks), task / panels % blocks, task % panels);
                let (first, len) = self.block(slab.blocks.start + place);
                let column = start + index * width;
                let source =
                    (slab.batches.start + batch) * strides.batch + first * strides.row + column * strides.col;
                // SAFETY: the block and the panel lie in the operand, whose extent `Matrix::new` checked; the scratch
                // holds a panel for each task.
                unsafe {
                    let to = target.0.add(task * room);
                    let source = self.rhs.pointer.add(source);
                    let steps = (strides.row, strides.col);
                    let columns = width.min(n - column);
                    panel(to, width, source, steps, len, columns, self.plan.transpose);
                    (0..len).for_each(|row| clear(to.add(row * width), columns..width));
                }
            });
        }
        Panels { base: scratch, batch: panels * blocks * room, block: panels * room, panel: room, row: width }
    }
}
