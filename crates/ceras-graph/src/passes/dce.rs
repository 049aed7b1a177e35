//! Dead code: nodes whose results nobody uses.

use std::sync::Arc;

use super::rebuild::Rebuild;
use crate::graph::Graph;

/// The graph without the nodes that no output depends on.
pub fn dce(graph: &Graph) -> Graph {
    let mut live = vec![false; graph.values()];
    for output in graph.outputs() {
        live[output.index()] = true;
    }
    let mut kept = vec![false; graph.nodes().len()];
    for (index, node) in graph.nodes().iter().enumerate().rev() {
        if node.outputs.iter().any(|value| live[value.index()]) {
            kept[index] = true;
            node.inputs.iter().for_each(|value| live[value.index()] = true);
        }
    }
    let mut rebuild = Rebuild::new(graph);
    for (node, _) in graph.nodes().iter().zip(&kept).filter(|(_, kept)| **kept) {
        rebuild.put(node, Arc::clone(&node.op));
    }
    rebuild.finish()
}
