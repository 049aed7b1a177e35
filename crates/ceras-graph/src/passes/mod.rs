//! Passes over graphs: each takes a graph and gives one that computes the same.

use crate::graph::Graph;

/// All passes, until nothing changes.
pub fn optimize(graph: &Graph) -> Graph {
    graph.clone()
}
