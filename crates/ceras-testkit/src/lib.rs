//! For the tests of ceras only: nothing here ships.

pub mod allocator;
pub mod oracle;
