//! A graph as text: [`print`](print()) and [`parse`].
//!
//! ```text
//! graph {
//!   %0: float32 [8, 15] "inputs" = input
//!   %1: float32 [15, 32] "kernel" from "loaded from `iris.keras`" = input
//!   %2: float32 [8, 32] = dot_general(%0, %1) {lhs_contracting_dimensions = [1], …} in "model/dense"  // src/main.rs:31
//!   return %2
//! }
//! ```
//!
//! A value is written with its number, its type, the name and the origin it was given. Numbers of a tensor are written
//! so that the same bits come back. What follows `//` is for people, and is dropped.

mod lexer;
mod parse;
mod print;

pub use lexer::ParseError;
pub use parse::parse;
pub use print::print;
pub(crate) use print::same;

#[cfg(test)]
mod tests;
