//! For the tests of ceras only: nothing here ships.

pub mod allocator;
pub mod npy;
pub mod oracle;
pub mod sampler;
pub mod tolerance;

pub use allocator::CountingAllocator;
pub use npy::{Array, Elements};
pub use oracle::{Case, Oracle};
pub use sampler::Sampler;
pub use tolerance::{Tolerance, assert_close};
