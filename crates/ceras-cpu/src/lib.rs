//! The CPU engine of ceras: turns a graph into a plan of steps over one arena, and runs it.
//!
//! [`compile`] runs the graph's passes, orders its nodes into a *compute* and a *commit* segment, decides where every
//! value lives, and gives an [`Executable`]. A run is a loop of calls into kernels and allocates nothing.
//!
//! How a value finds its place:
//!
//! 1. A view (reshape, a slice of whole rows) is bytes of its source.
//! 2. A new state value is computed right in the state's block when nothing reads the old one any more; else it is
//!    computed elsewhere and copied at the end of the commit segment.
//! 3. The parts of a concatenation are computed right in their slices of it where the kernels can write rows with gaps.
//! 4. A kernel that can work in place writes over an input that dies.
//! 5. All else gets a place of its own, for as long as it lives.

mod arena;
mod check;
mod compile;
mod copy;
mod cost;
mod emit;
mod error;
mod executable;
mod finite;
mod lower;
mod memory;
mod options;
mod peak;
mod placement;
mod profile;
mod schedule;
mod signature;

pub use compile::{call, compile};
pub use error::{CallError, CompileError, InputError};
pub use executable::{Executable, Outputs};
pub use finite::NonFinite;
pub use memory::Memory;
pub use options::{Dump, Options};
pub use profile::StepProfile;
pub use signature::{Binding, Signature};

#[cfg(test)]
mod tests;
