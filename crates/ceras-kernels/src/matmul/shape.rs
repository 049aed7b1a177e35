//! How a product is cut into tiles and tasks. All of it follows from the sizes alone; none of it changes a bit of the
//! result.

use super::tile::{Kernels, MAX_REGISTERS, TileKernel, narrow};

/// Columns of a group that is worked on together: a block of as many columns stays in the L2 cache.
const GROUP_COLUMNS: usize = 1152;
/// Multiplications and additions of a task; a parallel loop has at most `MAX_TASKS` tasks unless the tiles are many.
const TASK_FLOPS: usize = 400_000;
const MAX_TASKS: usize = 64;

/// Rows cut into parts whose sizes differ by one at the most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    pub(super) parts: usize,
    base: usize,
    larger: usize,
}

impl Split {
    fn new(total: usize, most: usize) -> Split {
        let parts = total.div_ceil(most);
        Split {
            parts,
            base: total.checked_div(parts).unwrap_or(0),
            larger: total.checked_rem(parts).unwrap_or(0),
        }
    }

    /// The start of a part, its length, and whether it is one of the larger ones.
    pub(super) fn part(&self, index: usize) -> (usize, usize, bool) {
        let large = index < self.larger;
        (index * self.base + index.min(self.larger), self.base + usize::from(large), large)
    }
}

/// The tiles of a product.
pub(super) struct Tiling<T> {
    pub(super) rows: Split,
    /// Columns of a tile, but for the last one.
    pub(super) width: usize,
    /// How many tiles lie in a row of tiles.
    pub(super) panels: usize,
    /// The kernels, by whether the rows are of the larger part and whether the tile is the last of its row.
    kernels: [[TileKernel<T>; 2]; 2],
}

impl<T> Tiling<T> {
    /// The cheapest tiles for a product of sizes `[m, n, k]`, `m` and `n` above 0; `columns` says that the left operand lies
    /// in columns.
    pub(super) fn new(kernels: &Kernels<T>, sizes: [usize; 3], columns: bool) -> Option<Tiling<T>> {
        let [m, n, _] = sizes;
        let best = (1..=MAX_REGISTERS)
            .filter(|registers| kernels.rows[registers - 1] > 0)
            .min_by_key(|&registers| cost(kernels, sizes, columns, registers))?;
        let rows = Split::new(m, kernels.rows[best - 1]);
        let registers = n.div_ceil(kernels.lanes);
        let panels = registers.div_ceil(best);
        let last = registers - (panels - 1) * best;
        let select = |large: bool, registers| (kernels.select)(rows.base + usize::from(large), registers);
        // With rows that divide evenly there is no larger part, and a kernel for it may not exist.
        let kernel = |large, registers| select(large, registers).or_else(|| select(false, registers));
        let pair = |large| Some([kernel(large, best)?, kernel(large, last)?]);
        Some(Tiling { rows, width: best * kernels.lanes, panels, kernels: [pair(false)?, pair(true)?] })
    }

    /// The kernel of a tile.
    pub(super) fn kernel(&self, large: bool, panel: usize) -> TileKernel<T> {
        self.kernels[usize::from(large)][usize::from(panel + 1 == self.panels)]
    }
}

/// Quarters of a cycle from the call of a micro-kernel to its first sum and from the last to its return.
const CALL: usize = 120;
/// Quarters of a cycle for a cache line that is not where the last one was, and for an element that is copied, if the left
/// operand lies in columns.
const LINE: usize = 12;
const COPIED: usize = 6;

/// What a product costs in tiles of so many registers, in quarters of a cycle: for each element of k a multiplication a
/// cycle (two of half a register), a load a cycle, four cycles from a sum to the next, and something for the loop and for the
/// right operand's way to the core. Of a left operand that lies in columns a tile takes a cache line for each element of k; if
/// there are several panels, the elements are copied.
fn cost<T>(kernels: &Kernels<T>, [m, n, k]: [usize; 3], columns: bool, registers: usize) -> usize {
    let parts = m.div_ceil(kernels.rows[registers - 1]);
    let tiles = |registers: usize, half: bool| {
        let (sums, loads) = match (half, registers) {
            (false, _) => (4 * m * registers, 4 * (m + parts * registers)),
            (true, 1) => (2 * m, 2 * (m + parts)),
            (true, _) => (4 * m * registers - 2 * m, 6 * m + 4 * parts * registers),
        };
        let step = sums.max(loads).max(16 * parts) + parts * (registers + 2);
        k.saturating_mul(step).saturating_add(parts * CALL)
    };
    let total = n.div_ceil(kernels.lanes);
    let panels = total.div_ceil(registers);
    let last = tiles(total - (panels - 1) * registers, kernels.halves && narrow(n, kernels.lanes));
    let left = match (columns, panels) {
        (false, _) => 0,
        (true, 1) => LINE * parts,
        (true, _) => COPIED * m,
    };
    tiles(registers, false)
        .saturating_mul(panels - 1)
        .saturating_add(last)
        .saturating_add(k.saturating_mul(left))
}

/// Panels of a group: groups of even size.
fn group_panels(panels: usize, width: usize) -> usize {
    panels.div_ceil(panels.div_ceil((GROUP_COLUMNS / width).max(1)))
}

/// How the tiles of a slab are shared out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Row parts of a task.
    pub(super) rows: usize,
    /// Panels of a task.
    pub(super) panels: usize,
}

impl Grid {
    /// Tasks for products of `flops` operations in all, cut into so many row parts and panels of some width.
    pub(super) fn new(flops: usize, batch: usize, parts: usize, panels: usize, width: usize) -> Grid {
        let wanted = (flops / TASK_FLOPS).clamp(1, MAX_TASKS).div_ceil(batch);
        let mut group = group_panels(panels, width);
        let groups = panels.div_ceil(group);
        let mut rows = parts.div_ceil(wanted.div_ceil(groups).min(parts));
        if parts * groups < wanted {
            group = panels.div_ceil(wanted.div_ceil(parts).min(panels));
            rows = 1;
        }
        Grid { rows, panels: group }
    }
}

/// Bytes of the right operand that are copied at a time: a good part of a core's share of the L3 cache.
const SLAB_BYTES: usize = 2 << 20;

/// How the right operand is copied, a slab at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slabs {
    /// Matrices, panels and blocks of k of a slab.
    pub(super) batches: usize,
    pub(super) panels: usize,
    pub(super) blocks: usize,
    /// Rows of a panel.
    pub(super) rows: usize,
    width: usize,
}

impl Slabs {
    /// Slabs for panels of so many rows and so many blocks of k: all of a matrix if it fits, else a group of columns
    /// and as many blocks of it as fit.
    pub(super) fn new<T>(batch: usize, tiling: &Tiling<T>, (blocks, rows): (usize, usize)) -> Slabs {
        let panel_bytes = rows * tiling.width * size_of::<T>();
        let fits = |panels: usize, blocks: usize| panels * blocks * panel_bytes <= SLAB_BYTES;
        let group = group_panels(tiling.panels, tiling.width);
        let slabs = Slabs { batches: 1, panels: group, blocks: 1, rows, width: tiling.width };
        if fits(tiling.panels, blocks) {
            let matrix_bytes = tiling.panels * blocks * panel_bytes;
            Slabs {
                batches: (SLAB_BYTES / matrix_bytes).clamp(1, batch),
                panels: tiling.panels,
                blocks,
                ..slabs
            }
        } else {
            Slabs { blocks: (SLAB_BYTES / (group * panel_bytes)).clamp(1, blocks), ..slabs }
        }
    }

    /// Elements of a slab.
    pub(super) fn elements(&self) -> usize {
        self.batches * self.panels * self.blocks * self.rows * self.width
    }
}
