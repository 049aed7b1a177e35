//! Constant folding: what depends on constants only is computed now.

use std::sync::Arc;

use ceras_kernels::Isa;

use super::rebuild::Rebuild;
use crate::eval;
use crate::graph::{Graph, Node, Value};
use crate::ops::{self, Constant};
use crate::tensor::Tensor;

/// Elements that a folded result may have even if its operands have fewer.
const SMALL: usize = 256;

/// Ops whose results are the same bits on every instruction-set level, so that folding changes nothing.
const EXACT: &[&str] = &[
    "abs",
    "negate",
    "sign",
    "floor",
    "ceil",
    "round_nearest_even",
    "not",
    "is_finite",
    "sqrt",
    "add",
    "subtract",
    "multiply",
    "divide",
    "maximum",
    "minimum",
    "and",
    "or",
    "xor",
    "compare",
    "select",
    "clamp",
    "convert",
    "reshape",
    "transpose",
    "concatenate",
    "slice",
    "pad",
    "reverse",
    "gather",
    "reduce_max",
    "reduce_min",
    "reduce_and",
    "reduce_or",
    "all_finite",
    "arg_max",
    "iota",
    "stop_gradient",
];

/// The graph with the results of nodes that depend on constants only, where computing them on another level would give
/// the same bits and they are not larger than what they are made from.
pub fn fold(graph: &Graph) -> Graph {
    folded(graph).unwrap_or_else(|| graph.clone())
}

/// The same; nothing if there is no such node.
pub(super) fn folded(graph: &Graph) -> Option<Graph> {
    let constant = |value: &Value| ops::constant_of(graph, *value).is_some();
    let could_be = |node: &Node| EXACT.contains(&node.op.name()) && node.inputs.iter().all(constant);
    if !graph.nodes().iter().any(could_be) {
        return None;
    }
    let mut rebuild = Rebuild::new(graph);
    let mut folded = 0;
    for node in graph.nodes() {
        let operands = rebuild.operands(node);
        let constants: Option<Vec<Tensor>> =
            operands.iter().map(|value| ops::constant_of(&rebuild.graph, *value).cloned()).collect();
        let results = constants
            .filter(|constants| is_foldable(graph, node, constants))
            .and_then(|constants| eval::eval(Arc::clone(&node.op), &constants, Isa::Reference).ok());
        let Some(results) = results else {
            rebuild.copy_with(node, operands);
            continue;
        };
        folded += 1;
        for (old, tensor) in node.outputs.iter().zip(results) {
            let new = rebuild.emit(node, Arc::new(Constant { value: tensor }), &[])[0];
            rebuild.set(*old, new);
        }
    }
    (folded > 0).then(|| rebuild.finish())
}

fn is_foldable(graph: &Graph, node: &Node, constants: &[Tensor]) -> bool {
    let elements = |value: &crate::graph::Value| graph.ty(*value).shape.elements();
    let made: Option<usize> = node.outputs.iter().map(elements).sum();
    let given: usize = constants.iter().map(Tensor::len).sum();
    EXACT.contains(&node.op.name()) && made.is_some_and(|made| made <= given.max(SMALL))
}
