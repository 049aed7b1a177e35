//! Rules of products.

use std::sync::Arc;

use crate::error::GraphError;
use crate::graph::{Graph, Node, Value};
use crate::ops::{self, DotDimensions, DotGeneral, Transpose};

/// A product of a transposed operand: other axes of the operand itself.
pub(super) fn transposed_operand(
    g: &mut Graph,
    node: &Node,
    operands: &[Value],
) -> Result<Option<Value>, GraphError> {
    let Some(op) = ops::downcast::<DotGeneral>(&*node.op).filter(|op| op.epilogue.is_none()) else {
        return Ok(None);
    };
    for side in 0..2 {
        let Some(before) = g.producer(operands[side]) else { continue };
        let Some(transpose) = ops::downcast::<Transpose>(&*before.op) else { continue };
        let d = &op.dimensions;
        let (batching, contracting, rank) = match side {
            0 => (&d.lhs_batching, &d.lhs_contracting, transpose.permutation.len()),
            _ => (&d.rhs_batching, &d.rhs_contracting, transpose.permutation.len()),
        };
        let through =
            |axes: &[usize]| -> Vec<usize> { axes.iter().map(|&axis| transpose.permutation[axis]).collect() };
        let (new_batching, new_contracting) = (through(batching), through(contracting));
        let free: Vec<usize> = if side == 0 { d.lhs_free(rank) } else { d.rhs_free(rank) };
        if !through(&free).is_sorted() {
            // The result's axes would come in another order.
            continue;
        }
        let mut dimensions = d.clone();
        if side == 0 {
            (dimensions.lhs_batching, dimensions.lhs_contracting) = (new_batching, new_contracting);
        } else {
            (dimensions.rhs_batching, dimensions.rhs_contracting) = (new_batching, new_contracting);
        }
        let mut sources = [operands[0], operands[1]];
        sources[side] = before.inputs[0];
        let new = DotGeneral { dimensions, epilogue: None };
        // Only where the kernel still reads it in one go.
        if new.spec(g.ty(sources[0]), g.ty(sources[1])).is_some() {
            return g.emit(Arc::new(new), &sources).map(|outputs| outputs.first().copied());
        }
    }
    Ok(None)
}

/// A transposed product: the product of the operands in the other order, when that has its axes so.
pub(super) fn transposed_product(
    g: &mut Graph,
    node: &Node,
    operands: &[Value],
) -> Result<Option<Value>, GraphError> {
    let Some(transpose) = ops::downcast::<Transpose>(&*node.op) else { return Ok(None) };
    let Some(before) = g.producer(operands[0]) else { return Ok(None) };
    let Some(op) = ops::downcast::<DotGeneral>(&*before.op).filter(|op| op.epilogue.is_none()) else {
        return Ok(None);
    };
    let [a, b] = before.inputs[..] else { return Ok(None) };
    let d = &op.dimensions;
    let batch = d.lhs_batching.len();
    let lhs = d.lhs_free(g.ty(a).shape.rank()).len();
    let rank = transpose.permutation.len();
    let swapped: Vec<usize> = (0..batch).chain(batch + lhs..rank).chain(batch..batch + lhs).collect();
    if transpose.permutation != swapped {
        return Ok(None);
    }
    let dimensions = DotDimensions {
        lhs_batching: d.rhs_batching.clone(),
        rhs_batching: d.lhs_batching.clone(),
        lhs_contracting: d.rhs_contracting.clone(),
        rhs_contracting: d.lhs_contracting.clone(),
    };
    ops::dot_general(g, b, a, &dimensions).map(Some)
}
