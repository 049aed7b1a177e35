//! Kernels that move elements without looking at them.

mod concatenate;
mod iota;
mod pad;
mod strided;

pub use concatenate::Concatenate;
pub use iota::Iota;
pub use pad::Pad;
pub use strided::{Copy, Reverse, Slice, Transpose};
