//! The fused kernel: a register program over tiles that stay in the L1 cache.
//!
//! Axes are merged until the body is rows of elements. A tile is a part of a row, or several whole rows if they are
//! short. An operand that lies in memory as the tile needs it is read where it is; others are copied to a stage of the
//! tile's size, and those that are the same for every tile only once. Results go straight to the output's memory, but
//! through a stage when it is the memory of an input or has gaps inside a tile.

use std::fmt;
use std::mem::MaybeUninit;

use super::Body;
use super::adam::Adam;
use super::layout::{Kind, Layout, Tile, locate};
use super::registers::RegisterProgram;
use crate::io::{Io, Kernel, RawView};
use crate::isa::Isa;

/// Tiles have at most so many elements: enough to make a call's cost small.
const LONGEST_TILE: usize = 1024;
/// …and at least so many: a few vectors of every level.
const SHORTEST_TILE: usize = 64;
/// The stages of a tile take at most so many bytes: an L1 cache of 32 KiB.
const STAGES_BYTES: usize = 32 * 1024;
/// The same for bodies with so many values that the shortest tile needs more.
const LARGE_STAGES_BYTES: usize = 256 * 1024;
/// The slots that go with these.
const SLOTS: usize = 64;
const LARGE_SLOTS: usize = LARGE_STAGES_BYTES / SHORTEST_TILE;
/// Elements of a task; what a thread takes at a time.
const TASK_ELEMENTS: usize = 16 * 1024;
/// Below so much work (elements × weights of functions) waking threads costs more than it saves.
const PARALLEL_WORK: usize = 512 * 1024;

const NO_STAGE: usize = usize::MAX;

/// A kernel that computes a [`Body`] in one pass over its elements.
///
/// Inputs and outputs may be strided regions (rows over all axes but the last), and an input that the body reads
/// element for element may be the region of an output whose elements have the same size.
pub struct FusedKernel {
    program: RegisterProgram,
    dense: Plan,
    strided: Plan,
    /// The loop that takes the program's place where nothing is strided.
    pub(super) adam: Option<Adam>,
    /// What the inputs, then the outputs must hold.
    needs: Vec<Need>,
    /// For each input a bit for each output that is written while the input is still read.
    read_later: Vec<u64>,
}

/// What an operand must hold at the least.
struct Need {
    /// Bytes of an element, a power of two.
    size: usize,
    bytes: usize,
}

/// How a body is cut into tiles.
struct Plan {
    layout: Layout,
    /// Rows of a tile of whole rows; 1 if a tile is a part of one row.
    tile_rows: usize,
    /// Elements of a row that go into one tile.
    tile_width: usize,
    /// For each slot where its stage starts, in bytes.
    stages: Vec<usize>,
    stages_bytes: usize,
    /// How many tiles there are.
    tiles: usize,
}

impl Plan {
    fn new(body: &Body, program: &RegisterProgram, keep_last: bool) -> Result<Plan, String> {
        let operands: Vec<(usize, &[usize])> =
            body.inputs.iter().map(|operand| (operand.dtype.size(), operand.strides.as_slice())).collect();
        let dense = dense_strides(&body.shape);
        let with_output: Vec<(usize, &[usize])> =
            operands.iter().copied().chain([(1, dense.as_slice())]).collect();
        let layout = Layout::new(&body.shape, &with_output, keep_last)?;
        let staged =
            |slot: usize| slot >= program.inputs || keep_last || layout.accesses[slot].kind != Kind::Linear;
        let staged_bytes: usize =
            program.sizes.iter().enumerate().filter(|(slot, _)| staged(*slot)).map(|(_, size)| size).sum();
        let longest = STAGES_BYTES / staged_bytes.max(1) / SHORTEST_TILE * SHORTEST_TILE;
        let longest = longest.clamp(SHORTEST_TILE, LONGEST_TILE);
        let (tile_rows, tile_width) = if layout.inner > longest {
            let parts = layout.inner.div_ceil(longest);
            (1, layout.inner.div_ceil(parts).next_multiple_of(SHORTEST_TILE))
        } else {
            ((longest / layout.inner.max(1)).clamp(1, layout.rows.max(1)), layout.inner)
        };
        let mut stages_bytes = 0;
        let mut stages = vec![NO_STAGE; program.sizes.len()];
        for (slot, size) in program.sizes.iter().enumerate().filter(|(slot, _)| staged(*slot)) {
            stages[slot] = stages_bytes;
            stages_bytes += (tile_rows * tile_width * size).next_multiple_of(64);
        }
        if stages_bytes > LARGE_STAGES_BYTES || stages.len() > LARGE_SLOTS {
            return Err(format!("a body of {} values at a time is too large", stages.len()));
        }
        let tiles = layout.rows.div_ceil(tile_rows) * layout.inner.div_ceil(tile_width.max(1));
        Ok(Plan { layout, tile_rows, tile_width, stages, stages_bytes, tiles })
    }

    /// Tiles in a row, or 1 if tiles are whole rows.
    fn tiles_across(&self) -> usize {
        self.layout.inner.div_ceil(self.tile_width.max(1))
    }

    fn tile(&self, index: usize) -> Tile {
        if self.tiles == 1 {
            return Tile { row: 0, rows: self.layout.rows, column: 0, width: self.layout.inner };
        }
        let across = self.tiles_across();
        let (row, column) = (index / across * self.tile_rows, index % across * self.tile_width);
        Tile {
            row,
            rows: self.tile_rows.min(self.layout.rows - row),
            column,
            width: self.tile_width.min(self.layout.inner - column),
        }
    }

    /// Whether an operand's stage is filled once for all tiles.
    fn is_prepared(&self, input: usize) -> bool {
        match self.layout.accesses[input].kind {
            Kind::Splat => true,
            Kind::Pattern => self.tile_rows > 1,
            Kind::Linear | Kind::General => false,
        }
    }
}

fn dense_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// Makes the kernel of a body for a level.
///
/// # Errors
/// A function that does not take its arguments' types, a register that does not exist, strides of the wrong rank, a
/// level that this machine lacks, or a body with more values alive at a time than there is room for (hundreds).
///
/// # Examples
/// ```
/// use ceras_kernels::elementwise::{Body, Instruction, Operand, Register, ADD, fused};
/// use ceras_kernels::{DType, Isa};
/// // A bias added to each of 8 rows.
/// let body = Body {
///     shape: vec![8, 3],
///     inputs: vec![
///         Operand { dtype: DType::F32, strides: vec![3, 1] },
///         Operand { dtype: DType::F32, strides: vec![0, 1] },
///     ],
///     instructions: vec![Instruction { function: &ADD, arguments: vec![Register::Input(0), Register::Input(1)] }],
///     outputs: vec![Register::Instruction(0)],
/// };
/// assert!(fused(body, Isa::active()).is_ok());
/// ```
pub fn fused(body: Body, isa: Isa) -> Result<FusedKernel, String> {
    let (program, combined) = RegisterProgram::new(&body, isa)?;
    let dense = Plan::new(&body, &program, false)?;
    let strided = Plan::new(&body, &program, true)?;
    let later = |input: usize| {
        let outputs = (0..program.outputs).filter(|output| program.reads_at_or_after(input, *output));
        outputs.fold(0, |bits, output| bits | 1 << output)
    };
    let read_later = (0..program.inputs).map(later).collect();
    let need = |slot: usize| {
        let (layout, size) = (&dense.layout, program.sizes[slot]);
        let elements = if slot < program.inputs { layout.elements(slot) } else { layout.rows * layout.inner };
        Need { size, bytes: elements * size }
    };
    let needs = (0..program.inputs + program.outputs).map(need).collect();
    let adam = Adam::of(&combined, &dense.layout, isa);
    Ok(FusedKernel { program, dense, strided, adam, needs, read_later })
}

/// Room for the stages of a tile.
#[repr(align(64))]
struct Stages<const BYTES: usize>(MaybeUninit<[u8; BYTES]>);

/// One run of a fused kernel, shared by the threads.
struct Run<'a> {
    program: &'a RegisterProgram,
    plan: &'a Plan,
    inputs: &'a [RawView],
    outputs: &'a [RawView],
    /// A bit for each output that goes through its stage.
    staged: u64,
}

// SAFETY: tasks write different tiles, and read only inputs (and, in place, their own tiles).
unsafe impl Sync for Run<'_> {}

impl Run<'_> {
    /// Runs Adam's loop over some of the elements, which are not strided.
    fn update(&self, adam: &Adam, start: usize, len: usize) {
        // SAFETY: `run` has checked that the regions hold the elements; an output overlaps an input only where it is one.
        unsafe { adam.run(self.inputs, self.outputs, start, len) }
    }

    /// Runs some of the tiles.
    fn tiles(&self, tiles: std::ops::Range<usize>) {
        if self.plan.stages_bytes <= STAGES_BYTES && self.plan.stages.len() <= SLOTS {
            self.tiles_in::<STAGES_BYTES, SLOTS>(tiles);
        } else {
            self.tiles_in::<LARGE_STAGES_BYTES, LARGE_SLOTS>(tiles);
        }
    }

    #[inline(never)]
    fn tiles_in<const BYTES: usize, const SLOTS: usize>(&self, tiles: std::ops::Range<usize>) {
        let mut stages = Stages::<BYTES>(MaybeUninit::uninit());
        let base = stages.0.as_mut_ptr().cast::<u8>();
        let mut slots = [std::ptr::null_mut::<u8>(); SLOTS];
        let (plan, program) = (self.plan, self.program);
        for (slot, &stage) in slots.iter_mut().zip(&plan.stages) {
            if stage != NO_STAGE {
                *slot = base.wrapping_add(stage);
            }
        }
        for input in (0..program.inputs).filter(|input| plan.is_prepared(*input)) {
            // SAFETY: the plan gave the input a stage for a whole tile, and `run` checked its region.
            unsafe {
                plan.layout.prepare(
                    input,
                    &self.inputs[input],
                    plan.tile_rows,
                    plan.tile_width,
                    slots[input],
                );
            }
        }
        for index in tiles {
            // SAFETY: stages are as the plan wants them, regions were checked by `run`.
            unsafe { self.tile(&plan.tile(index), base, &mut slots) }
        }
    }

    /// # Safety
    /// `base` is the start of the stages, `slots` point to them, and the regions hold what the body reads and writes.
    #[inline]
    unsafe fn tile(&self, tile: &Tile, base: *mut u8, slots: &mut [*mut u8]) {
        let (plan, program) = (self.plan, self.program);
        for input in (0..program.inputs).filter(|input| !plan.is_prepared(*input)) {
            let stage =
                base.wrapping_add(if plan.stages[input] == NO_STAGE { 0 } else { plan.stages[input] });
            // SAFETY: an input without a stage is linear and its region contiguous, so it is never copied.
            slots[input] = unsafe { plan.layout.fetch(input, &self.inputs[input], tile, stage) };
        }
        for output in 0..program.outputs {
            let slot = program.inputs + output;
            slots[slot] = if self.staged >> output & 1 == 1 {
                base.wrapping_add(plan.stages[slot])
            } else {
                let start = tile.row * plan.layout.inner + tile.column;
                locate(&self.outputs[output], start, program.sizes[slot])
            };
        }
        // SAFETY: every slot points to the tile's elements, and no target is one of its call's arguments.
        unsafe { program.call(slots, tile.len()) };
        for output in (0..program.outputs).filter(|output| self.staged >> output & 1 == 1) {
            let slot = program.inputs + output;
            // SAFETY: a stage does not overlap a region, which has an element for each of the body's.
            unsafe { plan.layout.store(&self.outputs[output], program.sizes[slot], tile, slots[slot]) }
        }
    }
}

impl RegisterProgram {
    /// Runs all calls on elements that the slots point to, then the copies between slots.
    ///
    /// # Safety
    /// Each slot that is used points to `len` aligned elements; targets do not overlap other slots.
    #[inline]
    pub(super) unsafe fn call(&self, slots: &[*mut u8], len: usize) {
        for call in &self.calls {
            let [a, b, c] = call.arguments.map(|slot| slots[usize::from(slot)].cast_const());
            // SAFETY: as the caller vouches; the code was chosen for these types and for this machine.
            unsafe { (call.kernel)([a, b, c], slots[usize::from(call.target)], len) }
        }
        for &(from, output) in &self.copies {
            let slot = self.inputs + output;
            // SAFETY: as the caller vouches.
            unsafe {
                let source = slots[usize::from(from)].cast_const();
                std::ptr::copy_nonoverlapping(source, slots[slot], len * self.sizes[slot]);
            }
        }
    }
}

impl FusedKernel {
    /// Refuses regions that do not hold what the body reads and writes.
    fn check(&self, io: &Io<'_>) {
        assert!(
            io.inputs.len() == self.program.inputs && io.outputs.len() == self.program.outputs,
            "a fused kernel of {} inputs and {} outputs",
            self.program.inputs,
            self.program.outputs
        );
        for (slot, (view, needed)) in io.inputs.iter().chain(io.outputs).zip(&self.needs).enumerate() {
            assert!(
                view.bytes() >= needed.bytes && view.is_whole(needed.size),
                "operand {slot} of a fused kernel does not hold {} bytes of elements of {} bytes",
                needed.bytes,
                needed.size
            );
        }
        for (input, output) in io.in_place {
            let linear = self.dense.layout.accesses[*input].kind == Kind::Linear;
            let sizes = &self.program.sizes;
            assert!(
                linear && sizes[*input] == sizes[self.program.inputs + output],
                "input {input} of a fused kernel cannot be its output {output}"
            );
        }
    }
}

impl Kernel for FusedKernel {
    fn run(&self, io: &mut Io<'_>) {
        self.check(io);
        let is_strided = io.inputs.iter().chain(io.outputs).any(|view| !view.is_contiguous());
        let plan = if is_strided { &self.strided } else { &self.dense };
        let total = plan.layout.rows * plan.layout.inner;
        if total == 0 {
            return;
        }
        let mut staged = io
            .in_place
            .iter()
            .fold(0, |bits, (input, output)| bits | self.read_later[*input] & (1 << output));
        for (output, view) in io.outputs.iter().enumerate().filter(|(_, view)| !view.is_contiguous()) {
            let row_bytes = plan.layout.inner * self.program.sizes[self.program.inputs + output];
            if plan.tile_rows > 1 || !view.row_bytes.is_multiple_of(row_bytes) {
                staged |= 1 << output;
            }
        }
        let run = Run { program: &self.program, plan, inputs: io.inputs, outputs: io.outputs, staged };
        let is_small = total.saturating_mul(self.program.weight) < PARALLEL_WORK;
        if let Some(adam) = self.adam.as_ref().filter(|_| !is_strided) {
            if is_small {
                run.update(adam, 0, total);
                return;
            }
            io.pool.for_each(total.div_ceil(TASK_ELEMENTS), &|task| {
                let start = task * TASK_ELEMENTS;
                run.update(adam, start, TASK_ELEMENTS.min(total - start));
            });
            return;
        }
        let tiles = plan.tiles;
        if is_small {
            run.tiles(0..tiles);
            return;
        }
        let tiles_per_task = (TASK_ELEMENTS / (plan.tile_rows * plan.tile_width)).max(1);
        if tiles <= tiles_per_task {
            run.tiles(0..tiles);
            return;
        }
        io.pool.for_each(tiles.div_ceil(tiles_per_task), &|task| {
            let first = task * tiles_per_task;
            run.tiles(first..tiles.min(first + tiles_per_task));
        });
    }
}

impl fmt::Debug for FusedKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FusedKernel")
            .field("inputs", &self.program.inputs)
            .field("outputs", &self.program.outputs)
            .field("calls", &self.program.calls.len())
            .field("layout", &self.dense.layout)
            .finish_non_exhaustive()
    }
}
