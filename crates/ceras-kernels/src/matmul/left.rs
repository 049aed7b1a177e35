//! The left operand of a task: rows where they lie, or a copy of them.

use std::fmt::Debug;
use std::mem::MaybeUninit;
use std::ops::Range;

use super::blocked::{Job, Slab, Target};
use super::epilogue::Affine;
use super::pack::{self, LINE_BYTES};
use super::tile::{MAX_ROWS, Tiled, block, blocks};
use super::vector::{prefetch, prefetch_far};
use crate::pool::Pool;

/// A left operand that lies in memory otherwise than a matrix does: the patches of an image, say. Its elements are brought
/// together while blocks of rows are copied, so that the matrix is never in memory as a whole.
///
/// # Safety
/// `copy` writes all elements that it is asked for and no others, and reads none from `elements` on.
pub(crate) unsafe trait Gather<T>: Debug + Send + Sync {
    /// How many elements the operand has at least.
    fn elements(&self) -> usize;

    /// Whether a block is written column by column, element `(i, k)` to `k · rows + i`: better when neighbours of a
    /// column lie side by side. Else row by row, to `i · stride + k`.
    fn by_columns(&self) -> bool;

    /// Writes the elements of some rows and some indices of k to a block; `stride` is the distance of its rows, or of its
    /// columns if it is written by columns.
    ///
    /// # Safety
    /// The ranges lie in the matrix; `source` is readable for `elements` elements, `target` is writable for the block.
    unsafe fn copy(
        &self,
        source: *const T,
        rows: Range<usize>,
        k: Range<usize>,
        target: *mut T,
        stride: usize,
    );
}

/// A block of a left operand's rows as a micro-kernel reads it: its start, and the steps from row to row and along k.
pub(super) type Left<T> = (*const T, usize, usize);

/// A row of a copied block is so many bytes longer than a block: rows that lie a power of two apart share cache sets.
const PADDING: usize = 64;

/// The copy of a block of a left operand's rows.
#[repr(align(64))]
pub(super) struct Room(pub(super) [MaybeUninit<u8>; MAX_ROWS * (block::<u8>() + PADDING)]);

/// The runs of an operand for each index of k.
pub(super) struct Runs<T> {
    pub(super) source: *const T,
    /// From a matrix to the next one, and from a run to the next one.
    pub(super) batch: usize,
    pub(super) step: usize,
    /// How many panels they are cut into, and how many elements the rows of all these have together.
    pub(super) pieces: usize,
    pub(super) elements: usize,
}

// SAFETY: see `Job`.
unsafe impl<T: Tiled> Sync for Runs<T> {}

impl<T: Tiled> Job<'_, T> {
    /// A block of rows where it lies.
    pub(super) fn left(&self, batch: usize, row: usize, k: usize) -> Left<T> {
        let strides = self.lhs.strides;
        let offset = batch * strides.batch + row * strides.row + k * strides.col;
        (self.lhs.pointer.wrapping_add(offset), strides.row, strides.col)
    }

    /// Asks for the `share.0`-th of `share.1` shares of the rows that come next, if they lie in runs; for rows that are
    /// copied a cache further out is near enough, and leaves the nearest to the sums.
    pub(super) fn prefetch_left(
        &self,
        batch: usize,
        part: usize,
        (start, len): (usize, usize),
        share: (usize, usize),
    ) {
        const LINE: usize = LINE_BYTES;
        let (first, rows, _) = self.plan.tiling.rows.part(part);
        let (source, row, column) = self.left(batch, first, start);
        if column != 1 {
            return;
        }
        let lines = (len * size_of::<T>()).div_ceil(LINE);
        let bound = |place: usize| rows * lines * place / share.1;
        for index in bound(share.0)..bound(share.0 + 1) {
            let line = source.wrapping_add(index / lines * row).wrapping_byte_add(index % lines * LINE);
            if self.plan.pack_lhs { prefetch_far(line) } else { prefetch(line) }
        }
    }

    /// Copies the left operand of a slab, if it lies in columns: element `(i, k)` of a part is at `k · rows + i` of its
    /// block.
    pub(super) fn turn_left(&self, pool: &Pool, slab: &Slab, target: *mut T) {
        let (parts, strides) = (&self.plan.tiling.rows, self.lhs.strides);
        let runs = Runs {
            source: self.lhs.pointer,
            batch: strides.batch,
            step: strides.col,
            pieces: parts.parts,
            elements: self.plan.problem.m,
        };
        self.spread(pool, slab, target, &runs, |part| {
            let (first, rows, _) = parts.part(part);
            (first, rows, rows)
        });
    }

    /// Cuts runs of an operand into the pieces of panels. A task reads some whole runs, one after another, as memory likes
    /// it. `piece` gives where a piece starts in its run, how many elements it has, and the width of its panel, which zeros fill up;
    /// panels lie one after another, each with room for the longest block.
    pub(super) fn spread(
        &self,
        pool: &Pool,
        slab: &Slab,
        target: *mut T,
        runs: &Runs<T>,
        piece: impl Fn(usize) -> (usize, usize, usize) + Sync,
    ) {
        const RUNS: usize = 16;
        let (_, longest) = blocks::<T>(self.plan.problem.k);
        let (groups, places) = (longest.div_ceil(RUNS), slab.blocks.len());
        let target = Target(target);
        self.for_each(pool, slab.batches.len() * places * groups, &|task| {
            let target = &target;
            let (place, group) = (task / groups, task % groups * RUNS);
            let (start, len) = self.block(slab.blocks.start + place % places);
            let batch = slab.batches.start + place / places;
            for k in group..len.min(group + RUNS) {
                let source = runs.source.wrapping_add(batch * runs.batch + (start + k) * runs.step);
                for index in 0..runs.pieces {
                    let (first, count, width) = piece(index);
                    // SAFETY: the run lies in the operand, whose extent `Matrix::new` checked; the scratch holds the panels
                    // of each place, of which the task writes its rows.
                    unsafe {
                        let to = target.0.add((place * runs.elements + first) * longest + k * width);
                        pack::copy(to, source.add(first), count);
                        pack::clear(to, count..width);
                    }
                }
            }
        });
    }

    /// A copy of a block of rows, after the prologue if there is one.
    ///
    /// # Safety
    /// The rows and the block lie in the left operand; `room` has space for them.
    pub(super) unsafe fn copy_left(
        &self,
        room: *mut T,
        batch: usize,
        (first, rows): (usize, usize),
        (start, len): (usize, usize),
    ) -> Left<T> {
        let (source, row, column) = self.left(batch, first, start);
        let stride = block::<T>() + PADDING / size_of::<T>();
        // SAFETY: as the caller vouches; a gatherer writes no more than it is asked for.
        unsafe {
            if let Some(gather) = &self.plan.gather {
                let columns = gather.by_columns();
                let step = if columns { rows } else { stride };
                gather.copy(self.lhs.pointer, first..first + rows, start..start + len, room, step);
                if columns { (room, 1, rows) } else { (room, stride, 1) }
            } else if let (Some(([factor, shift, floor], run)), 1) = (&self.plan.affine[0], column) {
                let row_of = |operand: &usize| self.before[*operand].cast::<T>().add(start);
                let floor = self.before[*floor].cast::<T>();
                let by = Affine { factor: row_of(factor), shift: row_of(shift), floor };
                (0..rows).for_each(|i| run(&by, source.add(i * row), len, room.add(i * stride)));
                (room, stride, 1)
            } else if let Some(program) = &self.plan.prologue {
                for i in 0..rows {
                    let (mut input, output) = (source.add(i * row), room.add(i * stride));
                    if column != 1 {
                        pack::panel(output, 1, input, (column, 1), len, 1, self.plan.transpose);
                        input = output;
                    }
                    let flat = batch * self.plan.problem.m + first + i;
                    program.run((flat, start, len), self.before, input, output);
                }
                (room, stride, 1)
            } else if row == 1 {
                pack::panel(room, rows, source, (column, 1), len, rows, self.plan.transpose);
                (room, 1, rows)
            } else {
                pack::panel(room, stride, source, (row, column), rows, len, self.plan.transpose);
                (room, stride, 1)
            }
        }
    }
}
