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
    let twins = saving_twins(graph);
    if twins.is_empty() && !has_equal_nodes(graph) {
        return None;
    }
    let mut rebuild = Rebuild::new(graph);
    let mut known = Known::default();
    for (index, node) in graph.nodes().iter().enumerate() {
        let twin = twins.get(&index);
        let op = &graph.nodes()[*twin.unwrap_or(&index)].op;
        let operands = rebuild.operands(node);
        let key = key(&**op, &operands);
        if let Some(outputs) = known.find(key, &**op, &operands) {
            for (old, new) in node.outputs.iter().zip(outputs.to_vec()) {
                rebuild.set(*old, new);
            }
            continue;
        }
        let outputs = if twin.is_some() {
            // A scan in its saving twin's place has more results than it had.
            let outputs = rebuild.emit(node, Arc::clone(op), &operands);
            node.outputs.iter().zip(&outputs).for_each(|(old, new)| rebuild.set(*old, *new));
            outputs
        } else {
            rebuild.copy_with(node, operands.clone());
            node.outputs.iter().map(|value| rebuild.get(*value)).collect()
        };
        known.add(key, Kept { op: Arc::clone(op), operands, outputs });
    }
    Some(rebuild.finish())
}

/// Whether two nodes compute the same. (If no two have the same operands, none will when others have become one.)
fn has_equal_nodes(graph: &Graph) -> bool {
    let keyed = graph.nodes().iter().map(|node| (key(&*node.op, &node.inputs), node));
    let mut keyed: Vec<(u64, &Node)> = keyed.collect();
    keyed.sort_unstable_by_key(|(key, _)| *key);
    keyed.chunk_by(|(first, _), (second, _)| first == second).any(|nodes| {
        let same = |a: &Node, b: &Node| a.inputs == b.inputs && is_same(&*a.op, &*b.op);
        nodes.iter().enumerate().any(|(at, (_, a))| nodes[at + 1..].iter().any(|(_, b)| same(a, b)))
    })
}

fn is_same(a: &dyn Op, b: &dyn Op) -> bool {
    a.name() == b.name() && a.attributes() == b.attributes()
}

/// Nodes by what they compute.
#[derive(Default)]
struct Known(HashMap<u64, Vec<Kept>>);

/// One of them.
struct Kept {
    op: Arc<dyn Op>,
    operands: Vec<Value>,
    outputs: Vec<Value>,
}

impl Known {
    /// The results of a node that computes the same.
    fn find(&self, key: u64, op: &dyn Op, operands: &[Value]) -> Option<&[Value]> {
        let same = |node: &&Kept| node.operands == operands && is_same(&*node.op, op);
        self.0.get(&key)?.iter().find(same).map(|node| &node.outputs[..])
    }

    fn add(&mut self, key: u64, node: Kept) {
        self.0.entry(key).or_default().push(node);
    }
}

/// What nodes that compute the same have in common. Attributes count only where operands do not tell nodes apart: they
/// are dear to ask for.
fn key(op: &dyn Op, operands: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (op.name(), operands).hash(&mut hasher);
    let attributes = if operands.is_empty() { op.attributes() } else { Attributes::none() };
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
