//! Rules of repetition.

use std::sync::Arc;

use super::shapes::result_shape;
use crate::error::GraphError;
use crate::graph::{Graph, Node, Value};
use crate::ops::{self, BroadcastInDim};
use crate::types::Shape;

/// A broadcast that repeats nothing, of a broadcast, or of a reshape that only adds or drops axes of one element.
pub(super) fn broadcast(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let Some(op) = ops::downcast::<BroadcastInDim>(&*node.op) else { return Ok(None) };
    let x = operands[0];
    let Some(shape) = result_shape(g, node, operands).filter(Shape::is_known) else { return Ok(None) };
    let own = g.ty(x).shape.clone();
    if own == shape {
        return Ok(Some(x));
    }
    if own.elements() == shape.elements() && shape.elements() != Some(0) {
        return ops::reshape(g, x, shape).map(Some);
    }
    let Some(before) = g.producer(x) else { return Ok(None) };
    let source = before.inputs.first().copied();
    if let (Some(first), Some(source)) = (ops::downcast::<BroadcastInDim>(&*before.op), source) {
        let axes: Vec<usize> = first.axes.iter().map(|&axis| op.axes[axis]).collect();
        return ops::broadcast_in_dim(g, source, shape, &axes).map(Some);
    }
    let (Some(source), "reshape") = (source, before.op.name()) else { return Ok(None) };
    let Some(axes) = through_reshape(&g.ty(source).shape, &own) else { return Ok(None) };
    // Axes that the reshape dropped have one element and no place in the result; they must not be there.
    let Some(axes) =
        axes.into_iter().map(|axis| axis.map(|axis| op.axes[axis])).collect::<Option<Vec<usize>>>()
    else {
        return without_units(g, source, shape, op, &own);
    };
    ops::broadcast_in_dim(g, source, shape, &axes).map(Some)
}

/// Where each axis of `from` went in `to`, if both are the same but for axes of one element; `None` for those that
/// have no partner.
fn through_reshape(from: &Shape, to: &Shape) -> Option<Vec<Option<usize>>> {
    let mut next = 0;
    let mut axes = Vec::with_capacity(from.rank());
    for dim in from.dims() {
        let dim = (*dim)?;
        if dim == 1 {
            axes.push(None);
            continue;
        }
        while to.dims().get(next).copied()? == Some(1) {
            next += 1;
        }
        if to.dim(next) != Some(dim) {
            return None;
        }
        axes.push(Some(next));
        next += 1;
    }
    to.dims()[next..].iter().all(|dim| *dim == Some(1)).then_some(axes)
}

/// The broadcast of a value without its axes of one element, when that makes the reshape before it smaller.
fn without_units(
    g: &mut Graph,
    source: Value,
    shape: Shape,
    op: &BroadcastInDim,
    reshaped: &Shape,
) -> Result<Option<Value>, GraphError> {
    let kept: Vec<usize> = (0..reshaped.rank()).filter(|&axis| reshaped.dim(axis) != Some(1)).collect();
    if kept.len() == reshaped.rank() {
        // It has no such axes: this is what the rule makes.
        return Ok(None);
    }
    let dims: Vec<_> = kept.iter().map(|&axis| reshaped.dim(axis)).collect();
    let axes: Vec<usize> = kept.iter().map(|&axis| op.axes[axis]).collect();
    let small = ops::reshape(g, source, Shape::from(dims))?;
    ops::broadcast_in_dim(g, small, shape, &axes).map(Some)
}

/// An elementwise op of operands that are all repeated alike (or one number each): the op first, then repeated.
pub(super) fn narrow(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    if node.op.elementwise().is_none() || operands.is_empty() {
        return Ok(None);
    }
    let Some(shape) = result_shape(g, node, operands).filter(|shape| shape.is_known() && shape.rank() > 0)
    else {
        return Ok(None);
    };
    let mut common: Option<(Vec<usize>, Shape)> = None;
    let mut sources = Vec::with_capacity(operands.len());
    for operand in operands {
        let Some(source) = narrow_source(g, *operand, &mut common) else { return Ok(None) };
        sources.push(source);
    }
    let (axes, small) = common.unwrap_or((Vec::new(), Shape::scalar()));
    if small.elements() >= shape.elements() {
        return Ok(None);
    }
    for source in &mut sources {
        // Numbers among larger operands repeat to their shape.
        if g.ty(*source).shape.rank() == 0 {
            *source = ops::spread(g, *source, small.clone())?;
        }
    }
    let value = g.emit(Arc::clone(&node.op), &sources)?[0];
    ops::broadcast_in_dim(g, value, shape, &axes).map(Some)
}

/// What an operand repeats, if all that are not single numbers repeat the same way.
fn narrow_source(g: &Graph, operand: Value, common: &mut Option<(Vec<usize>, Shape)>) -> Option<Value> {
    if g.ty(operand).shape.rank() == 0 {
        return Some(operand);
    }
    let node = g.producer(operand)?;
    let op = ops::downcast::<BroadcastInDim>(&*node.op)?;
    let source = node.inputs[0];
    if op.axes.is_empty() {
        return Some(source);
    }
    let way = (op.axes.clone(), g.ty(source).shape.clone());
    match common {
        Some(known) if *known != way => None,
        _ => {
            *common = Some(way);
            Some(source)
        }
    }
}
