//! A plan in its final form: steps over regions, checked once, run many times.

use std::fmt;
use std::ops::Range;

use crate::io::{Io, Kernel, RawView};
use crate::memory::{ALIGNMENT, Block, Region, Space};
use crate::pool::Pool;

/// One step: a kernel and the regions it works on.
#[derive(Debug)]
pub struct Step {
    /// What to call the step in a profile, such as `dense_1/dot_general`.
    pub label: String,
    /// The work.
    pub kernel: Box<dyn Kernel>,
    /// What is read.
    pub inputs: Vec<Region>,
    /// What is written; 62 at the most.
    pub outputs: Vec<Region>,
    /// Room for intermediate results, contiguous.
    pub scratch: Option<Region>,
    /// Pairs (input, output) that are one region, by the kernel's leave.
    pub in_place: Vec<(usize, usize)>,
}

/// Why steps do not make a legal program: a fault of the planner, never of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError(pub String);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plan is not legal: {}", self.0)
    }
}

impl std::error::Error for PlanError {}

/// Steps in order, with their constants.
///
/// [`Program::new`] checks that every region lies in its block and that within a step no written region
/// overlaps another; that is what makes the safe views of [`Io`] sound.
pub struct Program {
    steps: Vec<Step>,
    constants: Block,
    arena_bytes: usize,
    state_bytes: usize,
    /// The regions of all steps with their addresses, and the bases that they were resolved for.
    views: Vec<RawView>,
    bounds: Vec<(u32, u32, u32)>,
    resolved_for: Option<(usize, usize)>,
}

// SAFETY: the raw views are addresses into blocks that are passed to `run` again each time (and compared with
// `resolved_for`) or owned (`constants`); they are used only inside `run`, under `&mut self`.
unsafe impl Send for Program {}
// SAFETY: nothing is read through the raw views by shared reference.
unsafe impl Sync for Program {}

impl Program {
    /// Checks the steps against blocks of these sizes.
    ///
    /// # Errors
    /// A region leaves its block, a constant is written, or two regions of a step overlap where one is written
    /// and the pair is not declared in place.
    pub fn new(
        steps: Vec<Step>,
        constants: Block,
        arena_bytes: usize,
        state_bytes: usize,
    ) -> Result<Program, PlanError> {
        let sizes = Sizes { arena: arena_bytes, state: state_bytes, constants: constants.bytes() };
        let mut bounds = Vec::with_capacity(steps.len());
        let mut at = 0u32;
        for step in &steps {
            check_step(step, &sizes).map_err(|why| PlanError(format!("step `{}`: {why}", step.label)))?;
            let inputs_end = at + step.inputs.len() as u32;
            let outputs_end = inputs_end + step.outputs.len() as u32;
            bounds.push((at, inputs_end, outputs_end));
            at = outputs_end + 1;
        }
        let views = vec![RawView::EMPTY; at as usize];
        Ok(Program { steps, constants, arena_bytes, state_bytes, views, bounds, resolved_for: None })
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The constants' block.
    pub fn constants(&self) -> &Block {
        &self.constants
    }

    /// Bytes of the arena that [`Program::run`] needs.
    pub fn arena_bytes(&self) -> usize {
        self.arena_bytes
    }

    /// Bytes of the state that [`Program::run`] needs.
    pub fn state_bytes(&self) -> usize {
        self.state_bytes
    }

    /// Runs the steps of a range, in order. Allocates nothing.
    ///
    /// # Panics
    /// If a block is smaller than the program needs or the range is not one of steps.
    pub fn run(&mut self, arena: &mut Block, state: &mut Block, pool: &Pool, steps: Range<usize>) {
        self.resolve((arena.base(), arena.bytes()), (state.base(), state.bytes()));
        for index in steps {
            self.run_step(index, pool);
        }
    }

    /// Runs all steps in an arena that is a part of something larger, such as the scratch of a kernel that runs programs.
    /// Allocates nothing.
    ///
    /// # Panics
    /// If the arena is smaller than the program needs or not aligned to [`ALIGNMENT`], or the program has state.
    pub fn run_in(&mut self, arena: &mut [u8], pool: &Pool) {
        let aligned = arena.is_empty() || arena.as_ptr().addr().is_multiple_of(ALIGNMENT);
        assert!(aligned, "an arena starts at a multiple of {ALIGNMENT} bytes");
        // The addresses are good for this borrow of the arena only.
        self.resolved_for = None;
        let mut no_state = Block::zeroed(0);
        self.resolve((arena.as_mut_ptr(), arena.len()), (no_state.base(), 0));
        for index in 0..self.steps.len() {
            self.run_step(index, pool);
        }
        self.resolved_for = None;
    }

    /// Runs all steps of a range like [`Program::run`] and calls `observe(step, seconds)` after each.
    pub fn run_timed(
        &mut self,
        arena: &mut Block,
        state: &mut Block,
        pool: &Pool,
        steps: Range<usize>,
        observe: &mut dyn FnMut(usize, f64),
    ) {
        self.resolve((arena.base(), arena.bytes()), (state.base(), state.bytes()));
        for index in steps {
            let start = std::time::Instant::now();
            self.run_step(index, pool);
            observe(index, start.elapsed().as_secs_f64());
        }
    }

    fn run_step(&self, index: usize, pool: &Pool) {
        let step = &self.steps[index];
        let (start, inputs_end, outputs_end) = self.bounds[index];
        let mut io = Io {
            inputs: &self.views[start as usize..inputs_end as usize],
            outputs: &self.views[inputs_end as usize..outputs_end as usize],
            in_place: &step.in_place,
            scratch: self.views[outputs_end as usize],
            pool,
            taken: 0,
        };
        step.kernel.run(&mut io);
    }

    /// Turns regions into addresses, unless that was done for these very blocks.
    fn resolve(&mut self, (arena, arena_bytes): (*mut u8, usize), (state, state_bytes): (*mut u8, usize)) {
        assert!(
            arena_bytes >= self.arena_bytes && state_bytes >= self.state_bytes,
            "a program needs {} bytes of arena and {} of state; it was given {arena_bytes} and {state_bytes}",
            self.arena_bytes,
            self.state_bytes,
        );
        let bases = (arena.addr(), state.addr());
        if self.resolved_for == Some(bases) {
            return;
        }
        let constants = self.constants.base();
        let base_of = |space| match space {
            Space::Arena => arena,
            Space::State => state,
            Space::Constants => constants,
        };
        let resolve = |region: &Region| {
            let pointer = base_of(region.space).wrapping_add(region.offset);
            RawView::new(pointer, region.rows, region.row_bytes, region.stride_bytes)
        };
        let mut views = self.views.iter_mut();
        for step in &self.steps {
            let scratch = step.scratch.as_ref().map_or(RawView::EMPTY, resolve);
            let regions = step.inputs.iter().chain(&step.outputs).map(resolve).chain([scratch]);
            // The regions come first: `zip` takes from its left side before it sees that the right one has ended.
            for (region, view) in regions.zip(views.by_ref()) {
                *view = region;
            }
        }
        self.resolved_for = Some(bases);
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("steps", &self.steps)
            .field("arena_bytes", &self.arena_bytes)
            .field("constants", &self.constants)
            .finish_non_exhaustive()
    }
}

struct Sizes {
    arena: usize,
    state: usize,
    constants: usize,
}

impl Sizes {
    fn check(&self, region: &Region) -> Result<(), String> {
        let size = match region.space {
            Space::Arena => self.arena,
            Space::State => self.state,
            Space::Constants => self.constants,
        };
        if region.end().is_some_and(|end| end <= size) {
            Ok(())
        } else {
            Err(format!("{region:?} leaves its block of {size} bytes"))
        }
    }
}

fn check_step(step: &Step, sizes: &Sizes) -> Result<(), String> {
    if step.outputs.len() > 62 {
        return Err(format!("{} outputs are more than 62", step.outputs.len()));
    }
    for region in step.inputs.iter().chain(&step.outputs).chain(&step.scratch) {
        sizes.check(region)?;
    }
    let written: Vec<&Region> = step.outputs.iter().chain(&step.scratch).collect();
    for (index, region) in written.iter().enumerate() {
        if region.space == Space::Constants {
            return Err(format!("{region:?} is constant, yet written"));
        }
        if region.rows > 1 && region.stride_bytes < region.row_bytes {
            return Err(format!("the rows of {region:?} overlap"));
        }
        if let Some(other) = written[..index].iter().find(|other| other.overlaps(region)) {
            return Err(format!("written regions {other:?} and {region:?} overlap"));
        }
        for (input, read) in step.inputs.iter().enumerate() {
            let declared = step.in_place.contains(&(input, index)) && read == *region;
            if read.overlaps(region) && !declared {
                return Err(format!("{region:?} is written while {read:?} is read"));
            }
        }
    }
    let scratch_ok =
        step.scratch.is_none_or(|scratch| scratch.rows == 1 && scratch.offset.is_multiple_of(ALIGNMENT));
    if scratch_ok { Ok(()) } else { Err("the scratch is not one aligned run of bytes".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Double;

    impl Kernel for Double {
        fn run(&self, io: &mut Io<'_>) {
            if io.in_place(0).is_some() {
                io.output::<f32>(0).iter_mut().for_each(|x| *x *= 2.0);
            } else {
                let input = io.input::<f32>(0);
                io.output::<f32>(0).iter_mut().zip(input).for_each(|(y, x)| *y = 2.0 * x);
            }
        }
    }

    fn step(input: Region, output: Region, in_place: bool) -> Step {
        Step {
            label: "double".into(),
            kernel: Box::new(Double),
            inputs: vec![input],
            outputs: vec![output],
            scratch: None,
            in_place: if in_place { vec![(0, 0)] } else { vec![] },
        }
    }

    #[test]
    fn steps_run_in_order_and_in_place() {
        let (a, b) = (Region::contiguous(Space::State, 0, 8), Region::contiguous(Space::Arena, 64, 8));
        let steps = vec![step(a, b, false), step(b, b, true)];
        let mut program = Program::new(steps, Block::zeroed(0), 128, 8).unwrap();
        let (mut arena, mut state) = (Block::zeroed(128), Block::zeroed(8));
        state.slice_mut::<f32>(0, 2).copy_from_slice(&[1.0, -3.0]);
        program.run(&mut arena, &mut state, &Pool::new(1), 0..2);
        assert_eq!(arena.slice::<f32>(64, 2), [4.0, -12.0]);
    }

    #[test]
    fn each_step_sees_its_own_regions() {
        let at = |offset| Region::contiguous(Space::Arena, offset, 8);
        let steps =
            vec![step(at(0), at(64), false), step(at(64), at(128), false), step(at(128), at(192), false)];
        let mut program = Program::new(steps, Block::zeroed(0), 256, 0).unwrap();
        let (mut arena, mut state) = (Block::zeroed(256), Block::zeroed(0));
        arena.slice_mut::<f32>(0, 2).copy_from_slice(&[1.0, -3.0]);
        program.run(&mut arena, &mut state, &Pool::new(1), 0..3);
        assert_eq!(arena.slice::<f32>(192, 2), [8.0, -24.0]);
    }

    #[test]
    fn overlap_and_escape_are_refused() {
        let at = |offset| Region::contiguous(Space::Arena, offset, 8);
        let refused =
            |a, b, in_place| Program::new(vec![step(a, b, in_place)], Block::zeroed(0), 16, 0).is_err();
        assert!(refused(at(0), at(4), false));
        assert!(refused(at(0), at(0), false));
        assert!(!refused(at(0), at(0), true));
        assert!(refused(at(0), at(12), false));
        assert!(refused(at(usize::MAX - 3), at(0), false));
        let constant = Region::contiguous(Space::Constants, 0, 0);
        assert!(refused(at(0), constant, false));
    }

    #[test]
    fn columns_of_one_buffer_do_not_overlap() {
        let column = |offset, width| Region {
            space: Space::Arena,
            offset,
            rows: 4,
            row_bytes: width,
            stride_bytes: 32,
        };
        assert!(!column(0, 16).overlaps(&column(16, 16)));
        assert!(column(0, 20).overlaps(&column(16, 16)));
        assert!(!column(40, 16).overlaps(&column(56, 16)), "a buffer may start anywhere");
        assert!(column(40, 16).overlaps(&column(56, 17)) && column(56, 17).overlaps(&column(40, 16)));
        assert!(!column(0, 16).overlaps(&Region { space: Space::State, ..column(0, 16) }));
    }
}
