//! One file for each command: its options, and what it does with them.

pub(crate) mod convert;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod evaluate;
pub(crate) mod fit;
pub(crate) mod inspect;
pub(crate) mod predict;
pub(crate) mod profile;
pub(crate) mod summary;
pub(crate) mod train;
