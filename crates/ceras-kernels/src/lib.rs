//! The CPU kernels of ceras: loops over slices.
//!
//! This crate knows no graph and no shape rule. It owns what needs `unsafe`: SIMD intrinsics, the
//! [arena](memory) and the [parallel loop](pool). The rest of ceras reaches memory through the safe
//! views of [`Io`], whose disjointness is checked once, when a [`Program`] is made.

pub mod conv;
pub mod elementwise;
pub mod gather;
pub mod io;
pub mod isa;
pub mod limits;
pub mod matmul;
pub mod memory;
pub mod movement;
pub mod pool;
pub mod program;
pub mod random;
pub mod reduce;
pub mod window;

mod disjoint;
mod dtype;
#[cfg(test)]
mod testing;

pub use dtype::{DType, Element};
pub use io::{Io, Kernel, Rows, RowsMut};
pub use isa::Isa;
pub use memory::{Block, Region, Space};
pub use pool::Pool;
pub use program::{PlanError, Program, Step};
