//! Reductions: sums, extremes, indices of extremes.

mod all_finite;
mod arg_max;
mod reduction;
mod stage;
#[cfg(test)]
mod tests;

pub use all_finite::AllFinite;
pub use arg_max::ArgMax;
pub use reduction::{Reduce, Reduction};
