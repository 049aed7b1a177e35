//! Products of few elements with long sums, as the gradients of small kernels are: the blocks of k are shared out.
//!
//! The sums of a block go to a place of their own in scratch. Then they are added in the order in which every other product
//! adds them, so that the bits are the same (see `tile::blocks`).

use super::blocked::{Blocked, Job, Panels, Slab};
use super::epilogue::Epilogue;
use super::tile::{Tiled, blocks};
use super::vector::Vector;
use crate::pool::Pool;

/// The least number of blocks that are shared out…
const BLOCKS: usize = 8;
/// … by a product of fewer tiles than this, which would be too few tasks and read one of the operands as often…
const TILES: usize = 32;
/// … if the sums of all blocks are no larger than this.
const BYTES: usize = 4 << 20;

/// Registers that are added up together: more than the latency of an addition.
const TOGETHER: usize = 4;

/// The sums of blocks for one row of a product.
pub(super) struct Partials<T> {
    pub(super) source: *const T,
    /// From a block to the next.
    pub(super) step: usize,
    pub(super) blocks: usize,
    pub(super) out: *mut T,
    pub(super) columns: usize,
}

/// Adds up the sums of blocks, in order.
pub(super) type AddUp<T> = unsafe fn(&Partials<T>);

/// Adds up the sums of blocks, in order.
///
/// # Safety
/// The sums must be readable and the row writable, and the caller must have the level of `V`.
#[inline(always)]
pub(super) unsafe fn add_up<V: Vector>(p: &Partials<V::Element>) {
    let together = TOGETHER * V::LANES;
    let whole = p.columns / together * together;
    // SAFETY: as the caller vouches; the mask keeps the last register inside of the columns.
    unsafe {
        for first in (0..whole).step_by(together) {
            let mut sums = [V::zero(); TOGETHER];
            for block in 0..p.blocks {
                for (j, sum) in sums.iter_mut().enumerate() {
                    let part = V::load(p.source.add(block * p.step + first + j * V::LANES));
                    *sum = if block == 0 { part } else { sum.add(part) };
                }
            }
            for (j, sum) in sums.into_iter().enumerate() {
                sum.store(p.out.add(first + j * V::LANES));
            }
        }
        for first in (whole..p.columns).step_by(V::LANES) {
            let mask = V::mask(V::LANES.min(p.columns - first));
            let mut sum = V::load_masked(p.source.add(first), mask);
            for block in 1..p.blocks {
                sum = sum.add(V::load_masked(p.source.add(block * p.step + first), mask));
            }
            sum.store_masked(p.out.add(first), mask);
        }
    }
}

impl<T: Tiled> Blocked<T> {
    /// Bytes of the blocks' sums, if the blocks are to be shared out.
    pub(super) fn split_bytes(&self) -> Option<usize> {
        let problem = &self.problem;
        let (blocks, _) = blocks::<T>(problem.k);
        let bytes = [blocks, problem.m, problem.n, size_of::<T>()].into_iter().fold(1, usize::saturating_mul);
        let plain = matches!(self.epilogue, Epilogue::Native { bias: None, floor: None });
        let alone = problem.batch == 1 && !problem.swapped && self.slabs.is_none() && !self.is_dots;
        let few = self.tiling.rows.parts * self.tiling.panels < TILES && bytes <= BYTES;
        (plain && alone && few && blocks >= BLOCKS).then_some(bytes)
    }
}

impl<T: Tiled> Job<'_, T> {
    /// Computes a product block by block.
    pub(super) fn split(&self, pool: &Pool, partials: *mut T) {
        let (m, n) = (self.plan.problem.m, self.plan.problem.n);
        let (count, _) = blocks::<T>(self.plan.problem.k);
        let whole = Job { out: partials, out_row: n, ..*self };
        self.for_each(pool, count, &|block| {
            let (start, _) = self.block(block);
            let (whole, strides) = (&whole, self.rhs.strides);
            let panels = Panels {
                base: self.rhs.pointer.wrapping_add(start * strides.row),
                batch: strides.batch,
                block: 0,
                panel: self.plan.tiling.width,
                row: strides.row,
            };
            let slab = Slab { batches: 0..1, panels: 0..self.plan.tiling.panels, blocks: block..block + 1 };
            let job = Job { out: whole.out.wrapping_add(block * m * n), ..*whole };
            job.multiply(pool, &slab, &panels, std::ptr::null());
        });
        self.for_each(pool, m, &|row| {
            let whole = &whole;
            let partials = Partials {
                source: whole.out.wrapping_add(row * n),
                step: m * n,
                blocks: count,
                out: self.out.wrapping_add(row * self.out_row),
                columns: n,
            };
            // SAFETY: the scratch holds a product for each block, all written; the row is the task's own; the function was
            // selected for a level that the machine has.
            unsafe { (self.plan.add_up)(&partials) }
        });
    }
}
