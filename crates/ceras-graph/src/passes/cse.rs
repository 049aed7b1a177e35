//! Common sub-expressions: nodes that compute what an earlier one did.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::rebuild::Rebuild;
use crate::graph::{Graph, Node, Value};
use crate::op::{Attribute, Attributes, Op};
use crate::ops::{self, Scan};

/// The graph with one node where several had the same op, attributes and operands.
pub fn cse(graph: &Graph) -> Graph {
    merged(graph).unwrap_or_else(|| graph.clone())
}

/// The same; nothing if there are no such nodes.
pub(super) fn merged(graph: &Graph) -> Option<Graph> {
    let mut rebuild = Rebuild::new(graph);
    let mut known: HashMap<u64, Vec<(Node, Attributes)>> = HashMap::new();
    let twins = saving_twins(graph);
    let mut merged = twins.len();
    for (index, node) in graph.nodes().iter().enumerate() {
        let op: Arc<dyn Op> = twins
            .get(&index)
            .map_or_else(|| Arc::clone(&node.op), |twin| Arc::clone(&graph.nodes()[*twin].op));
        let operands = rebuild.operands(node);
        let attributes = op.attributes();
        let entry = known.entry(key(op.name(), &attributes, &operands)).or_default();
        let same = |(other, theirs): &&(Node, Attributes)| {
            other.op.name() == op.name() && other.inputs == operands && *theirs == attributes
        };
        let outputs = match entry.iter().find(same) {
            Some((other, _)) => {
                merged += 1;
                other.outputs.clone()
            }
            None => {
                let outputs = rebuild.emit(node, Arc::clone(&op), &operands);
                let node = Node { op, inputs: operands, outputs: outputs.clone(), ..node.clone() };
                entry.push((node, attributes));
                outputs
            }
        };
        // A scan in its saving twin's place has more results than it had.
        for (old, new) in node.outputs.iter().zip(outputs) {
            rebuild.set(*old, new);
        }
    }
    (merged > 0).then(|| rebuild.finish())
}

fn key(name: &str, attributes: &Attributes, operands: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (name, operands).hash(&mut hasher);
    for (name, attribute) in &attributes.0 {
        name.hash(&mut hasher);
        match attribute {
            Attribute::Bool(value) => value.hash(&mut hasher),
            Attribute::Int(value) => value.hash(&mut hasher),
            Attribute::Ints(values) => values.hash(&mut hasher),
            Attribute::Float(value) => value.to_bits().hash(&mut hasher),
            Attribute::Text(text) => text.hash(&mut hasher),
            Attribute::DType(dtype) => dtype.hash(&mut hasher),
            Attribute::Shape(shape) => shape.hash(&mut hasher),
            Attribute::Tensor(tensor) => (tensor.dims(), tensor.bytes()).hash(&mut hasher),
            Attribute::Graph(graph) => (graph.values(), graph.nodes().len()).hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// For each scan that another one repeats with saved carries (its gradient's): that other one. It then runs in the
/// first one's place, for both.
fn saving_twins(graph: &Graph) -> HashMap<usize, usize> {
    let scans: Vec<(usize, &Node, &Scan)> = graph
        .nodes()
        .iter()
        .enumerate()
        .filter_map(|(index, node)| ops::downcast::<Scan>(&*node.op).map(|scan| (index, node, scan)))
        .collect();
    let mut twins = HashMap::new();
    for (index, node, scan) in scans.iter().filter(|(_, _, scan)| scan.saves.is_empty()) {
        let twin = scans.iter().find(|(_, other, theirs)| {
            !theirs.saves.is_empty()
                && other.inputs == node.inputs
                && (theirs.carries, theirs.reverse) == (scan.carries, scan.reverse)
                && theirs.body == scan.body
        });
        if let Some((twin, _, _)) = twin {
            twins.insert(*index, *twin);
        }
    }
    twins
}
