//! Graphs into better graphs that compute the same, bit for bit.
//!
//! Passes run after [autodiff](crate::autodiff): they drop `stop_gradient` and make ops whose gradients are those of
//! the ops they stand for.

mod cse;
mod dce;
mod fold;
mod fuse;
mod pool;
mod products;
mod rebuild;
mod recompute;
mod regions;
mod simplify;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use rebuild::Rebuild;

use crate::graph::{Graph, Node};
use crate::op::Op;
use crate::verify::verify;

pub use cse::cse;
pub use dce::dce;
pub use fold::fold;
pub use fuse::fuse;
pub use recompute::recompute;
pub use simplify::simplify;

/// A pass that gives nothing where it changes nothing.
type Pass = fn(&Graph) -> Option<Graph>;

/// Rounds of the passes that feed each other; more than two or three are never needed.
const ROUNDS: usize = 8;

/// All passes, in sub-graphs too, until nothing changes; then elementwise regions are fused. The inputs stay as they
/// are, in number and order.
///
/// # Examples
/// ```
/// use ceras_graph::{DType, Graph, TensorType, ops, passes};
/// let mut g = Graph::new();
/// let x = g.input(TensorType::new(DType::F32, [2]), "x");
/// let twice = ops::negate(&mut g, x).and_then(|y| ops::negate(&mut g, y)).unwrap();
/// g.set_outputs(vec![twice]);
/// assert!(passes::optimize(&g).nodes().is_empty());
/// ```
pub fn optimize(graph: &Graph) -> Graph {
    let mut graph = Cow::Borrowed(graph);
    if graph.nodes().iter().any(|node| !node.op.graphs().is_empty()) {
        graph = Cow::Owned(checked("sub-graphs", within(&graph, optimize)));
    }
    let passes: [(&str, Pass); 4] = [
        ("dce", dce::without_dead),
        ("fold", fold::folded),
        ("simplify", simplify::simplified),
        ("cse", cse::merged),
    ];
    // How many passes in a row have changed nothing. Nodes that nobody uses are dropped on the way to have less work;
    // that opens nothing to the others.
    let mut idle = 0;
    for (name, pass) in passes.iter().cycle().take(ROUNDS * passes.len()) {
        let made = pass(&graph);
        if *name != "dce" {
            idle = if made.is_some() { 0 } else { idle + 1 };
        }
        if let Some(next) = made {
            graph = Cow::Owned(checked(name, next));
        }
        if idle + 1 == passes.len() {
            break;
        }
    }
    let graph = checked("recompute", recompute(&graph));
    let graph = pool::masked_early(&graph).map_or(graph, |graph| checked("pool", graph));
    checked("fuse", fuse(&dce::without_dead(&graph).unwrap_or(graph)))
}

/// In debug builds, that a pass left a legal graph.
fn checked(pass: &str, graph: Graph) -> Graph {
    if cfg!(debug_assertions)
        && let Err(why) = verify(&graph)
    {
        panic!("the pass `{pass}` broke the graph: {why}\n{graph}");
    }
    graph
}

/// The graph with a pass applied to the graphs that its ops own.
fn within(graph: &Graph, pass: fn(&Graph) -> Graph) -> Graph {
    let mut rebuild = Rebuild::new(graph);
    for node in graph.nodes() {
        let op = owned(node, pass);
        rebuild.put(node, op);
    }
    rebuild.finish()
}

fn owned(node: &Node, pass: fn(&Graph) -> Graph) -> Arc<dyn Op> {
    let graphs = node.op.graphs();
    if graphs.is_empty() {
        return Arc::clone(&node.op);
    }
    node.op.with_graphs(graphs.into_iter().map(pass).collect())
}
