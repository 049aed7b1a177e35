//! Copying a graph node by node, with changes.

use std::sync::Arc;

use crate::graph::{Graph, Node, Value};
use crate::op::Op;

/// A graph in the making, next to the one it is made from.
pub(super) struct Rebuild<'a> {
    source: &'a Graph,
    /// The new graph.
    pub(super) graph: Graph,
    map: Vec<Option<Value>>,
}

impl<'a> Rebuild<'a> {
    /// A new graph with the inputs of `source`.
    pub(super) fn new(source: &'a Graph) -> Rebuild<'a> {
        let graph = Graph::with_room(source.nodes().len(), source.values());
        let mut rebuild = Rebuild { source, graph, map: vec![None; source.values()] };
        for &input in source.inputs() {
            let value = rebuild.graph.input(source.ty(input).clone(), "");
            rebuild.set(input, value);
        }
        rebuild
    }

    /// The new value for an old one.
    ///
    /// # Panics
    /// If it was not made yet: nodes are visited in an order of execution.
    pub(super) fn get(&self, old: Value) -> Value {
        self.map[old.index()].expect("nodes are visited in an order of execution")
    }

    /// The new operands of an old node.
    pub(super) fn operands(&self, node: &Node) -> Vec<Value> {
        node.inputs.iter().map(|value| self.get(*value)).collect()
    }

    /// Says what stands for an old value; its name and origin go along, unless the new one has its own.
    pub(super) fn set(&mut self, old: Value, new: Value) {
        self.map[old.index()] = Some(new);
        self.graph.name_after(new, self.source, old);
    }

    /// Adds a node for an old one with its new operands and another op.
    pub(super) fn put(&mut self, node: &Node, op: Arc<dyn Op>) {
        let operands = self.operands(node);
        let outputs = self.emit(node, op, &operands);
        for (old, new) in node.outputs.iter().zip(outputs) {
            self.set(*old, new);
        }
    }

    /// Adds an old node with its new operands.
    pub(super) fn copy(&mut self, node: &Node) {
        let operands = self.operands(node);
        self.copy_with(node, operands);
    }

    /// Adds an old node with these operands, which have the types of the old ones.
    pub(super) fn copy_with(&mut self, node: &Node, operands: Vec<Value>) {
        let index = self.graph.copy_node(self.source, node, operands);
        for (result, old) in node.outputs.iter().enumerate() {
            let new = self.graph.nodes()[index].outputs[result];
            self.set(*old, new);
        }
    }

    /// Adds a node with the scope and the source line of an old one.
    ///
    /// # Panics
    /// If the operands break the op's rule: a fault of the pass.
    pub(super) fn emit(&mut self, like: &Node, op: Arc<dyn Op>, operands: &[Value]) -> Vec<Value> {
        let outputs = self.graph.emit_like(like, op, operands);
        outputs.unwrap_or_else(|error| panic!("a pass made an illegal node: {error}"))
    }

    /// The new graph.
    pub(super) fn finish(mut self) -> Graph {
        let outputs = self.source.outputs().iter().map(|value| self.get(*value)).collect();
        self.graph.set_outputs(outputs);
        for (probabilities, logits) in self.source.logits_pairs() {
            if let (Some(probabilities), Some(logits)) =
                (self.map[probabilities.index()], self.map[logits.index()])
            {
                self.graph.set_logits(probabilities, logits);
            }
        }
        self.graph
    }
}
