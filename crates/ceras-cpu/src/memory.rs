//! The blocks that the plans of a model share.

use std::sync::Arc;

use ceras_kernels::{Block, Element, Pool, Region, Space};

/// Where plans run: an arena for what lives within a run, the state, and the threads.
///
/// All plans of a model take turns in one `Memory`. Running a plan, or writing its inputs, overwrites what another
/// plan left in the arena; the state is changed only through state outputs.
#[derive(Debug)]
pub struct Memory {
    /// Inputs, outputs and temporaries of the plan that runs; grows to the largest plan's need.
    pub arena: Block,
    /// Weights, optimizer slots, metrics: what outlives a run.
    pub state: Block,
    /// The threads that share the work of a step.
    pub pool: Arc<Pool>,
}

impl Memory {
    /// An empty memory on these threads.
    pub fn new(pool: Arc<Pool>) -> Memory {
        Memory { arena: Block::zeroed(0), state: Block::zeroed(0), pool }
    }

    /// A memory with so many bytes of state, all zero.
    pub fn with_state(pool: Arc<Pool>, bytes: usize) -> Memory {
        Memory { state: Block::zeroed(bytes), ..Memory::new(pool) }
    }

    /// The arena or the state.
    pub(crate) fn block_mut(&mut self, space: Space) -> &mut Block {
        if space == Space::State { &mut self.state } else { &mut self.arena }
    }
}

/// An empty memory on the [global pool](Pool::global).
impl Default for Memory {
    fn default() -> Memory {
        Memory::new(Arc::clone(Pool::global()))
    }
}

/// The elements of a contiguous region.
pub(crate) fn elements<'m, T: Element>(memory: &'m Memory, constants: &'m Block, region: &Region) -> &'m [T] {
    let block = block(memory, constants, region.space);
    block.slice(region.offset, region.bytes() / size_of::<T>())
}

/// The elements of one row of a region.
pub(crate) fn row<'m, T: Element>(
    memory: &'m Memory,
    constants: &'m Block,
    region: &Region,
    row: usize,
) -> &'m [T] {
    let block = block(memory, constants, region.space);
    block.slice(region.offset + row * region.stride_bytes, region.row_bytes / size_of::<T>())
}

fn block<'m>(memory: &'m Memory, constants: &'m Block, space: Space) -> &'m Block {
    match space {
        Space::Arena => &memory.arena,
        Space::State => &memory.state,
        Space::Constants => constants,
    }
}
