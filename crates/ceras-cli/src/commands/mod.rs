//! One file for each command: its options, and what it does with them.

pub(crate) mod doctor;
pub(crate) mod predict;
pub(crate) mod train;
