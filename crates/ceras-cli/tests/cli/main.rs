//! The program as its users meet it: what it prints, what it writes, and what it says to bad input. One file for each
//! command.

mod convert;
mod diff;
mod evaluate;
mod fit;
mod inspect;
mod pictures;
mod predict;
mod summary;
mod support;
mod train;
