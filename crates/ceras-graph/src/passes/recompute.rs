//! What is cheaper to compute again than to keep.

use std::sync::Arc;

use super::rebuild::Rebuild;
use crate::graph::{Graph, Value};
use crate::ops::{self, Compare, Direction, Maximum, Select};

/// Lets the gradient of a `relu` ask its result instead of its operand.
///
/// `y = select(x ≤ 0, 0, x)` keeps the mask `x ≤ 0` for the way back. It is also `y ≤ 0`, so the mask need not be
/// kept, and neither must `x`; the forward region has one result, which a matrix product can take as its epilogue.
/// The select itself becomes `maximum(x, 0)`, the same to the bit, which such a product does in its registers.
pub fn recompute(graph: &Graph) -> Graph {
    // For each mask, the select that makes it a relu.
    let mut relu: Vec<Option<usize>> = vec![None; graph.values()];
    for (index, node) in graph.nodes().iter().enumerate() {
        if let Some(mask) = relu_mask(graph, index) {
            relu[mask.index()].get_or_insert(index);
        }
        debug_assert!(!node.outputs.is_empty() || node.inputs.is_empty());
    }
    let mut rebuild = Rebuild::new(graph);
    let mut again: Vec<Option<Value>> = vec![None; graph.values()];
    for (index, node) in graph.nodes().iter().enumerate() {
        let mut operands = rebuild.operands(node);
        for (place, mask) in node.inputs.iter().enumerate() {
            let Some(select) = relu[mask.index()].filter(|select| *select < index) else { continue };
            let mask_again = match again[mask.index()] {
                Some(value) => value,
                None => {
                    let source = &graph.nodes()[select];
                    let (y, zeros) = (rebuild.get(source.outputs[0]), rebuild.get(source.inputs[1]));
                    let op = Arc::new(Compare { direction: Direction::Le });
                    rebuild.emit(node, op, &[y, zeros])[0]
                }
            };
            again[mask.index()] = Some(mask_again);
            operands[place] = mask_again;
        }
        if relu_mask(graph, index).is_some() && is_plus_zero(graph, node.inputs[1]) {
            let maximum = rebuild.emit(node, Arc::new(Maximum), &[operands[2], operands[1]])[0];
            rebuild.set(node.outputs[0], maximum);
            continue;
        }
        rebuild.copy_with(node, operands);
    }
    rebuild.finish()
}

fn is_plus_zero(graph: &Graph, value: Value) -> bool {
    let number = ops::splat_of(graph, value).and_then(|tensor| tensor.item().ok());
    number.is_some_and(|number| number == 0.0 && number.is_sign_positive())
}

/// The mask of a node that is the select of a relu: `select(compare(x, zeros, Le), zeros, x)`.
fn relu_mask(graph: &Graph, index: usize) -> Option<Value> {
    let node = &graph.nodes()[index];
    ops::downcast::<Select>(&*node.op)?;
    let [mask, zeros, x] = node.inputs[..] else { return None };
    let compare = graph.producer(mask)?;
    let is_le = ops::downcast::<Compare>(&*compare.op)?.direction == Direction::Le;
    let is_zero = ops::splat_of(graph, zeros)?.item().ok()? == 0.0;
    let shaped = graph.ty(mask).shape == graph.ty(x).shape;
    (is_le && is_zero && shaped && compare.inputs == [x, zeros]).then_some(mask)
}
