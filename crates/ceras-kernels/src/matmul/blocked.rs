//! The product by tiles: what is copied into which order, and who computes which tile.

use std::fmt;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::Arc;

use super::dots;
use super::epilogue::{Epilogue, RowProgram, affine, operand};
use super::left::{Gather, Left, Room};
use super::pack::Transpose;
use super::problem::Problem;
use super::shape::{Grid, Slabs, Tiling};
use super::split::AddUp;
use super::tile::{AffineKernel, DotKernel, Tile, Tiled, blocks};
use super::{Matrix, Spec, Strides, output_stride, pack};
use crate::dtype::DType;
use crate::io::Io;
use crate::isa::Isa;
use crate::memory::ALIGNMENT;
use crate::pool::Pool;

/// Below so many multiplications and additions a product is done sooner than another thread has started.
const PARALLEL_FLOPS: usize = 1_000_000;
/// A left operand's rows are copied together when at least so many columns make use of the copy.
const PACK_LHS_COLUMNS: usize = 192;
/// A right operand is copied into panels when at least so many rows make use of the copy…
const PACK_RHS_ROWS: usize = 96;
/// … and it is larger than this, so that it does not stay in the L1 cache by itself.
const PACK_RHS_BYTES: usize = 16 * 1024;
/// A left operand that lies in columns is copied a slab at a time when it has at least so many rows and columns of the
/// product make use of the copy: each of its cache lines belongs to more rows than a tile has.
const TURN_ROWS: usize = 16;
const TURN_COLUMNS: usize = 32;
/// Bytes of it that are copied at a time.
const TURN_BYTES: usize = 2 << 20;

/// Rows of a left operand that is larger than this are asked for before their turn.
const PREFETCH_BYTES: usize = 64 * 1024;
/// From how many elements of k on a tile asks for its part of the product, and for the next rows of the left operand, ahead.
const LONG: usize = 64;

/// A product of floating-point matrices.
pub(super) struct Blocked<T> {
    pub(super) problem: Problem,
    pub(super) tiling: Tiling<T>,
    pub(super) transpose: Transpose<T>,
    pub(super) dots: DotKernel<T>,
    pub(super) add_up: AddUp<T>,
    pub(super) is_dots: bool,
    grid: Grid,
    pub(super) slabs: Option<Slabs>,
    /// How many rows of a right operand without gaps, at its end, are too near it to be read beyond the columns.
    closed: usize,
    pub(super) gather: Option<Arc<dyn Gather<T>>>,
    pub(super) pack_lhs: bool,
    turn_lhs: bool,
    prefetch: bool,
    parallel: bool,
    /// Bytes of the sums of the blocks, if these are shared out.
    split: Option<usize>,
    pub(super) prologue: Option<RowProgram>,
    /// The operands of the prologue and of the epilogue, where they are what the kernels know.
    pub(super) affine: [Option<([usize; 3], AffineKernel<T>)>; 2],
    pub(super) epilogue: Epilogue,
}

impl<T: Tiled> Blocked<T> {
    /// The plan of a product whose output has elements.
    pub(super) fn new(spec: Spec, isa: Isa) -> Result<Blocked<T>, String> {
        let dtype = spec.dtype;
        Blocked::of(Problem::new(spec), dtype, isa, None)
    }

    /// The plan of one product without a prologue whose left operand is brought together.
    pub(super) fn gathered(spec: Spec, isa: Isa, gather: Arc<dyn Gather<T>>) -> Result<Blocked<T>, String> {
        if spec.batch != 1 || spec.prologue.is_some() {
            return Err("a gathered operand belongs to one product and takes no prologue".into());
        }
        let dtype = spec.dtype;
        // An operand that is copied row by row is like one that lies so.
        let step = if gather.by_columns() { 0 } else { 1 };
        let lhs = Strides { batch: 0, row: 0, col: step };
        Blocked::of(Problem::as_it_is(Spec { lhs, ..spec }), dtype, isa, Some(gather))
    }

    fn of(
        problem: Problem,
        dtype: DType,
        isa: Isa,
        gather: Option<Arc<dyn Gather<T>>>,
    ) -> Result<Blocked<T>, String> {
        let prologue =
            problem.prologue.as_ref().map(|body| RowProgram::new(body, 2, dtype, isa)).transpose()?;
        let first = 2 + prologue.as_ref().map_or(0, RowProgram::operands);
        let epilogue = Epilogue::new(problem.epilogue.as_ref(), first, dtype, isa)?;
        let Problem { batch, m, n, k, .. } = problem;
        let kernels = T::kernels(isa);
        let tiling =
            Tiling::new(&kernels, [m, n, k], problem.lhs.col != 1).ok_or("no tile fits the product")?;
        let rhs_bytes = k * n * size_of::<T>();
        let rows_enough = m >= PACK_RHS_ROWS || problem.flipped;
        let pack_rhs = problem.rhs.col != 1 || (rows_enough && rhs_bytes > PACK_RHS_BYTES);
        let is_dots = dots::fits(&problem);
        let mut slabs = (pack_rhs && k > 0 && !is_dots).then(|| Slabs::new(batch, &tiling, blocks::<T>(k)));
        let turn_lhs = gather.is_none()
            && prologue.is_none()
            && (problem.lhs.row, problem.lhs.col == 1) == (1, false)
            && m >= TURN_ROWS
            && n >= TURN_COLUMNS
            && tiling.panels > 1;
        if let Some(slabs) = slabs.as_mut().filter(|_| turn_lhs) {
            let most = (TURN_BYTES / (m * slabs.rows * size_of::<T>())).max(1);
            slabs.blocks = slabs.blocks.min(most);
            slabs.batches = slabs.batches.min((most / slabs.blocks).max(1));
        }
        let turn_lhs = turn_lhs && slabs.is_some();
        let flops = [2, batch, m, n, k].into_iter().fold(1, usize::saturating_mul);
        let grid = Grid::new(flops, batch, tiling.rows.parts, tiling.panels, tiling.width);
        let mut plan = Blocked {
            closed: (tiling.panels * tiling.width - n).div_ceil(n),
            tiling,
            transpose: kernels.transpose,
            dots: kernels.dots,
            add_up: kernels.add_up,
            is_dots,
            grid,
            slabs,
            pack_lhs: gather.is_some() || prologue.is_some() || (n >= PACK_LHS_COLUMNS && !turn_lhs),
            turn_lhs,
            prefetch: gather.is_none() && !turn_lhs && k >= LONG && m * k * size_of::<T>() > PREFETCH_BYTES,
            gather,
            parallel: flops >= PARALLEL_FLOPS,
            split: None,
            affine: [&problem.prologue, &problem.epilogue]
                .map(|body| Some((affine(body.as_ref()?, dtype)?, kernels.affine))),
            prologue,
            epilogue,
            problem,
        };
        plan.split = plan.split_bytes();
        Ok(plan)
    }

    /// Panels of the right operand, or the sums of blocks; and the product once more, if it is computed as a row but might
    /// be wanted elsewhere.
    pub(super) fn scratch_bytes(&self) -> usize {
        let again = if self.problem.exchanged() { self.output_elements() * size_of::<T>() } else { 0 };
        self.split.unwrap_or(0) + self.slab_bytes() + again
    }

    fn slab_bytes(&self) -> usize {
        self.rhs_slab_bytes() + self.lhs_slab_bytes()
    }

    fn rhs_slab_bytes(&self) -> usize {
        let bytes = self.slabs.as_ref().map_or(0, |slabs| slabs.elements() * size_of::<T>());
        bytes.next_multiple_of(ALIGNMENT)
    }

    fn lhs_slab_bytes(&self) -> usize {
        let slabs = self.slabs.as_ref().filter(|_| self.turn_lhs);
        let rows = slabs.map_or(0, |slabs| slabs.batches * slabs.blocks * slabs.rows);
        (rows * self.problem.m * size_of::<T>()).next_multiple_of(ALIGNMENT)
    }

    fn output_elements(&self) -> usize {
        self.problem.batch * self.problem.m * self.problem.n
    }

    pub(super) fn run(&self, io: &mut Io<'_>) {
        let Problem { batch, m, n, k, swapped, flipped, .. } = self.problem;
        let view = io.output_rows::<T>(0).view;
        let scratch: *mut T = if self.scratch_bytes() > 0 {
            let scratch = io.scratch::<u8>();
            assert!(
                scratch.len() >= self.scratch_bytes(),
                "the scratch is smaller than the kernel asked for"
            );
            scratch.as_mut_ptr().cast()
        } else {
            std::ptr::null_mut()
        };
        let detour = flipped || swapped && !view.is_contiguous();
        let (out, out_row) = if detour {
            (scratch.wrapping_byte_add(self.slab_bytes()), n)
        } else {
            (view.pointer.cast(), output_stride(view, size_of::<T>(), batch * m, n))
        };
        let scalar = |index: Option<usize>, len: usize| -> *const T {
            index.map_or(std::ptr::null(), |index| operand(io, index, len * size_of::<T>()).cast())
        };
        let mut rooms = [MaybeUninit::uninit(), MaybeUninit::uninit()];
        let [before_room, after_room] = &mut rooms;
        let before = match &self.prologue {
            Some(program) => program.pointers(io, before_room),
            None => &[],
        };
        let (after, bias, floor): (&[*const u8], _, _) = match &self.epilogue {
            Epilogue::Native { bias, floor } => (&[], scalar(*bias, n), scalar(*floor, 1)),
            Epilogue::Program(program) => {
                (program.pointers(io, after_room), std::ptr::null(), std::ptr::null())
            }
        };
        let (left, right) = if self.problem.exchanged() { (1, 0) } else { (0, 1) };
        let lhs = match &self.gather {
            // One run of elements, which the gatherer finds its way in.
            Some(gather) => Matrix::new(
                io.input_rows::<T>(left).view,
                Strides { batch: 0, row: 0, col: 1 },
                [1, 1, gather.elements()],
            ),
            None => Matrix::new(io.input_rows::<T>(left).view, self.problem.lhs, [batch, m, k]),
        };
        let job = Job {
            plan: self,
            lhs,
            rhs: Matrix::new(io.input_rows::<T>(right).view, self.problem.rhs, [batch, k, n]),
            out,
            out_row,
            bias,
            floor,
            before,
            after,
        };
        job.run(io.pool(), scratch);
        if detour {
            let sizes = if flipped { [n, m] } else { [batch * n, 1] };
            let stride = output_stride(view, size_of::<T>(), sizes[0], sizes[1]);
            // SAFETY: the scratch holds the whole product, and the output has so many rows (checked).
            unsafe {
                pack::panel(
                    view.pointer.cast(),
                    stride,
                    out,
                    (1, sizes[0]),
                    sizes[0],
                    sizes[1],
                    self.transpose,
                );
            }
        }
    }
}

impl<T> fmt::Debug for Blocked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocked")
            .field("problem", &self.problem)
            .field("rows", &self.tiling.rows)
            .field("width", &self.tiling.width)
            .field("grid", &self.grid)
            .field("slabs", &self.slabs)
            .finish_non_exhaustive()
    }
}

/// Tiles that are computed together: of some matrices of the batch some panels, over some blocks of k.
#[derive(Clone)]
pub(super) struct Slab {
    pub(super) batches: Range<usize>,
    pub(super) panels: Range<usize>,
    pub(super) blocks: Range<usize>,
}

/// Where the right operand's panels of a slab are, counted from its start.
pub(super) struct Panels<T> {
    pub(super) base: *const T,
    pub(super) batch: usize,
    pub(super) block: usize,
    pub(super) panel: usize,
    pub(super) row: usize,
}

/// One run of a product.
#[derive(Clone, Copy)]
pub(super) struct Job<'p, T> {
    pub(super) plan: &'p Blocked<T>,
    pub(super) lhs: Matrix<T>,
    pub(super) rhs: Matrix<T>,
    pub(super) out: *mut T,
    pub(super) out_row: usize,
    pub(super) bias: *const T,
    pub(super) floor: *const T,
    /// The operands of the prologue and of the epilogue.
    pub(super) before: &'p [*const u8],
    pub(super) after: &'p [*const u8],
}

// SAFETY: tasks read the operands and write tiles (or panels) of their own, each of which belongs to one task.
unsafe impl<T: Tiled> Sync for Job<'_, T> {}
// SAFETY: as above; tasks only read it.
unsafe impl<T: Tiled> Sync for Panels<T> {}

/// A pointer that tasks write through, each to elements of its own.
pub(super) struct Target<T>(pub(super) *mut T);

/// A pointer that tasks read through.
struct Source<T>(*const T);

// SAFETY: see `Job`; what it points to is not written while it is read.
unsafe impl<T: Tiled> Sync for Source<T> {}

// SAFETY: see `Job`.
unsafe impl<T: Tiled> Sync for Target<T> {}

impl<T: Tiled> Job<'_, T> {
    fn run(&self, pool: &Pool, scratch: *mut T) {
        if self.plan.is_dots {
            return self.dots(pool);
        }
        if self.plan.split.is_some() {
            return self.split(pool, scratch);
        }
        let Problem { batch, k, rhs, .. } = self.plan.problem;
        let (blocks, len) = blocks::<T>(k);
        let width = self.plan.tiling.width;
        let Some(slabs) = &self.plan.slabs else {
            let strides = self.rhs.strides;
            debug_assert!(rhs.col == 1 || k == 0);
            let panels = Panels {
                base: self.rhs.pointer,
                batch: strides.batch,
                block: len * strides.row,
                panel: width,
                row: strides.row,
            };
            let slab = Slab { batches: 0..batch, panels: 0..self.plan.tiling.panels, blocks: 0..blocks };
            return self.multiply(pool, &slab, &panels, std::ptr::null());
        };
        for batches in ranges(batch, slabs.batches) {
            for panels in ranges(self.plan.tiling.panels, slabs.panels) {
                for blocks in ranges(blocks, slabs.blocks) {
                    let slab = Slab { batches: batches.clone(), panels: panels.clone(), blocks };
                    let packed = self.pack(pool, &slab, scratch, slabs.rows * width);
                    let left = scratch.wrapping_byte_add(self.plan.rhs_slab_bytes());
                    if self.plan.turn_lhs {
                        self.turn_left(pool, &slab, left);
                    }
                    self.multiply(pool, &slab, &packed, left);
                }
            }
        }
    }

    pub(super) fn for_each(&self, pool: &Pool, tasks: usize, body: &(dyn Fn(usize) + Sync)) {
        if self.plan.parallel { pool.for_each(tasks, body) } else { (0..tasks).for_each(body) }
    }

    /// The start and the length of a block of k.
    pub(super) fn block(&self, index: usize) -> (usize, usize) {
        let (_, len) = blocks::<T>(self.plan.problem.k);
        (index * len, len.min(self.plan.problem.k - index * len))
    }

    /// Computes the tiles of a slab.
    pub(super) fn multiply(&self, pool: &Pool, slab: &Slab, panels: &Panels<T>, turned: *const T) {
        let turned = Source(turned);
        let (_, longest) = blocks::<T>(self.plan.problem.k);
        let (grid, parts) = (self.plan.grid, self.plan.tiling.rows.parts);
        let (down, across) = (parts.div_ceil(grid.rows), slab.panels.len().div_ceil(grid.panels));
        self.for_each(pool, slab.batches.len() * down * across, &|task| {
            let (batch, column, row) = (task / (down * across), task / down % across, task % down);
            let parts = row * grid.rows..parts.min((row + 1) * grid.rows);
            let first = slab.panels.start + column * grid.panels;
            let tiles = first..slab.panels.end.min(first + grid.panels);
            // SAFETY: the slab and its tasks lie in the product.
            unsafe {
                let turned = &turned;
                if self.plan.turn_lhs {
                    let m = self.plan.problem.m;
                    self.tiles(slab, panels, batch, parts, tiles, |_, rows, (_, _, place)| {
                        let block = turned.0.wrapping_add((batch * slab.blocks.len() + place) * m * longest);
                        (block.wrapping_add(rows.0 * longest), 1, rows.1)
                    });
                } else if self.plan.pack_lhs {
                    self.tiles_copied(slab, panels, batch, parts, tiles);
                } else {
                    self.tiles(slab, panels, batch, parts, tiles, |batch, rows, k| {
                        self.left(batch, rows.0, k.0)
                    });
                }
            }
        });
    }

    /// How many rows of the right operand, of those of a block, the last tile of a row of tiles may read beyond its columns:
    /// all of a panel, whose rows are as wide as the tile; of an operand without gaps those where others follow, whose
    /// elements are read in vain.
    fn open_rows(&self, start: usize, len: usize) -> usize {
        let Problem { n, k, .. } = self.plan.problem;
        if self.plan.slabs.is_some() {
            return len;
        }
        if self.rhs.strides.row == n { len.min((k - start).saturating_sub(self.plan.closed)) } else { 0 }
    }

    /// [`Job::tiles`] with a copy of each block of rows: a function of its own because of the room that it takes.
    #[inline(never)]
    unsafe fn tiles_copied(
        &self,
        slab: &Slab,
        panels: &Panels<T>,
        batch: usize,
        parts: Range<usize>,
        tiles: Range<usize>,
    ) {
        let mut room = Room([MaybeUninit::uninit(); _]);
        let room: *mut T = room.0.as_mut_ptr().cast();
        // SAFETY: as the caller vouches; the room holds any block of rows.
        unsafe {
            self.tiles(slab, panels, batch, parts, tiles, |batch, rows, k| {
                self.copy_left(room, batch, rows, (k.0, k.1))
            });
        }
    }

    /// Computes the tiles of a task; `left` gives a block of rows of the left operand.
    ///
    /// # Safety
    /// The task lies in the slab, the slab in the product.
    #[inline(always)]
    unsafe fn tiles(
        &self,
        slab: &Slab,
        panels: &Panels<T>,
        batch: usize,
        parts: Range<usize>,
        tiles: Range<usize>,
        left: impl Fn(usize, (usize, usize), (usize, usize, usize)) -> Left<T>,
    ) {
        let (tiling, Problem { m, n, k, .. }) = (&self.plan.tiling, &self.plan.problem);
        let matrix = slab.batches.start + batch;
        for (place, index) in slab.blocks.clone().enumerate() {
            let (start, len) = self.block(index);
            let complete = start + len == *k;
            let open = self.open_rows(start, len);
            let base = panels.base.wrapping_add(batch * panels.batch + place * panels.block);
            for part in parts.clone() {
                let (first, rows, large) = tiling.rows.part(part);
                let (lhs, lhs_row, lhs_column) = left(matrix, (first, rows), (start, len, place));
                let row = matrix * m + first;
                for panel in tiles.clone() {
                    if self.plan.prefetch && part + 1 < tiling.rows.parts {
                        let share = (panel - tiles.start, tiles.len());
                        self.prefetch_left(matrix, part + 1, (start, len), share);
                    }
                    let column = panel * tiling.width;
                    let tile = Tile {
                        k: len,
                        lhs,
                        lhs_row,
                        lhs_column,
                        rhs: base.wrapping_add((panel - slab.panels.start) * panels.panel),
                        rhs_row: panels.row,
                        out: self.out.wrapping_add(row * self.out_row + column),
                        out_row: self.out_row,
                        ahead: if len >= LONG { rows } else { 0 },
                        columns: tiling.width.min(n - column),
                        open,
                        accumulate: index > 0 && self.plan.split.is_none(),
                        bias: if complete && !self.bias.is_null() {
                            self.bias.wrapping_add(column)
                        } else {
                            std::ptr::null()
                        },
                        floor: if complete { self.floor } else { std::ptr::null() },
                    };
                    // SAFETY: the tile lies in the product and its operands, whose extents were checked; the kernel
                    // was selected for a level that the machine has.
                    unsafe { tiling.kernel(large, panel)(&tile) }
                }
                if let (true, Epilogue::Program(program)) = (complete, &self.plan.epilogue) {
                    let columns = tiles.start * tiling.width..(*n).min(tiles.end * tiling.width);
                    // SAFETY: as above.
                    unsafe { self.finish(program, row..row + rows, columns) }
                }
            }
        }
    }
}

/// `0..total` in pieces.
fn ranges(total: usize, piece: usize) -> impl Iterator<Item = Range<usize>> {
    (0..total).step_by(piece).map(move |start| start..total.min(start + piece))
}
