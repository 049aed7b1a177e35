//! What the gradient of a pooled `relu` asks.

use std::sync::Arc;

use super::rebuild::Rebuild;
use crate::graph::{Graph, Node, Value};
use crate::ops::{self, BroadcastInDim, Compare, Direction, MaxPool, MaxPoolScatter, Select};

/// Lets a cotangent be masked before it is scattered over an image instead of after.
///
/// Where windows take their largest elements from `y`, `select(y ≤ 0, 0, scatter(g))` is `scatter(select(m ≤ 0, 0, g))`,
/// `m` being these elements, to the bit: a cotangent lands on the very element of `y` that its window chose. The mask has
/// then as many elements as there are windows, and `y` need not be kept.
pub(super) fn masked_early(graph: &Graph) -> Option<Graph> {
    let found: Vec<Option<Pooled<'_>>> = graph.nodes().iter().map(|node| pooled(graph, node)).collect();
    if found.iter().all(Option::is_none) {
        return None;
    }
    let mut rebuild = Rebuild::new(graph);
    for (node, found) in graph.nodes().iter().zip(found) {
        let Some(Pooled { scatter, pool, zero }) = found else {
            rebuild.copy(node);
            continue;
        };
        let [cotangent, places] = [0, 1].map(|index| rebuild.get(scatter.inputs[index]));
        let most = rebuild.get(pool.outputs[0]);
        let shape = graph.ty(pool.outputs[0]).shape.clone();
        let zero = rebuild.get(zero);
        let zeros = rebuild.emit(node, Arc::new(BroadcastInDim { shape, axes: Vec::new() }), &[zero])[0];
        let mask = rebuild.emit(node, Arc::new(Compare { direction: Direction::Le }), &[most, zeros])[0];
        let masked = rebuild.emit(node, Arc::new(Select), &[mask, zeros, cotangent])[0];
        let image = rebuild.emit(scatter, Arc::clone(&scatter.op), &[masked, places])[0];
        rebuild.set(node.outputs[0], image);
    }
    Some(rebuild.finish())
}

/// A masked scatter: the node that scatters, the one that chose the places, and the number 0.
struct Pooled<'a> {
    scatter: &'a Node,
    pool: &'a Node,
    zero: Value,
}

/// Recognises `select(compare(y, zeros, Le), zeros, max_pool_scatter(g, places))` where `places` are those of `y`.
fn pooled<'a>(graph: &'a Graph, node: &Node) -> Option<Pooled<'a>> {
    ops::downcast::<Select>(&*node.op)?;
    let [mask, zeros, image] = node.inputs[..] else { return None };
    let is_zero = |value| ops::splat_of(graph, value).and_then(|tensor| tensor.item().ok());
    let plus_zero = is_zero(zeros).is_some_and(|zero| zero == 0.0 && zero.is_sign_positive());
    let scatter = graph.producer(image)?;
    let scattered = ops::downcast::<MaxPoolScatter>(&*scatter.op)?;
    let pool = graph.producer(scatter.inputs[1])?;
    let window = &ops::downcast::<MaxPool>(&*pool.op)?.window;
    let compare = graph.producer(mask)?;
    let is_le = ops::downcast::<Compare>(&*compare.op)?.direction == Direction::Le;
    let [y, bound] = compare.inputs[..] else { return None };
    let same = pool.inputs[0] == y && pool.outputs[1] == scatter.inputs[1] && *window == scattered.window;
    let wide = graph.producer(zeros).filter(|node| ops::downcast::<BroadcastInDim>(&*node.op).is_some())?;
    let zero = wide.inputs.first().copied().filter(|zero| graph.ty(*zero).shape.rank() == 0)?;
    (plus_zero && is_le && same && is_zero(bound)? == 0.0).then_some(Pooled { scatter, pool, zero })
}
