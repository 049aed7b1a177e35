//! Dead code: nodes whose results nobody uses.

use super::rebuild::Rebuild;
use crate::graph::Graph;

/// The graph without the nodes that no output depends on.
pub fn dce(graph: &Graph) -> Graph {
    without_dead(graph).unwrap_or_else(|| graph.clone())
}

/// The same; nothing if all nodes are needed.
pub(super) fn without_dead(graph: &Graph) -> Option<Graph> {
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
    if kept.iter().all(|kept| *kept) {
        return None;
    }
    let mut rebuild = Rebuild::new(graph);
    for (node, _) in graph.nodes().iter().zip(&kept).filter(|(_, kept)| **kept) {
        rebuild.copy(node);
    }
    Some(rebuild.finish())
}
