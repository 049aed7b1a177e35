//! For the tests of ceras only: nothing here ships.

pub mod allocator;
pub mod oracle;
pub mod sampler;
pub mod snapshot;

pub use allocator::CountingAllocator;
pub use sampler::Sampler;
