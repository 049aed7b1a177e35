//! Reductions: sums, extremes, indices of extremes.

mod all_finite;
mod arg_max;
mod reduction;

pub use all_finite::AllFinite;
pub use arg_max::ArgMax;
pub use reduction::{Reduce, Reduction};
