//! The text format.
use crate::graph::Graph;
use std::fmt;
/// Prints.
pub fn print(_graph: &Graph, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
    Ok(())
}
