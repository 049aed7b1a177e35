//! Kernels that move elements without looking at them.

mod concatenate;
mod copy;
mod iota;
mod pad;
mod strided;
#[cfg(test)]
mod tests;

pub use concatenate::Concatenate;
pub use copy::Copy;
pub use iota::Iota;
pub use pad::Pad;
pub use strided::{Reverse, Slice, Transpose};
