//! Rules of ops that only move elements.

use crate::error::GraphError;
use crate::graph::{Graph, Node, Value};
use crate::ops::{self, Pad, Reduce, Reshape, Reverse, Slice, Transpose};
use crate::types::Shape;

/// A reshape to the same shape, or of a reshape.
pub(super) fn reshape(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    if ops::downcast::<Reshape>(&*node.op).is_none() {
        return Ok(None);
    }
    let (x, shape) = (operands[0], result_shape(g, node, operands));
    let Some(shape) = shape.filter(Shape::is_known) else { return Ok(None) };
    if g.ty(x).shape == shape {
        return Ok(Some(x));
    }
    match g.producer(x) {
        Some(before) if before.op.name() == "reshape" => {
            let source = before.inputs[0];
            ops::reshape(g, source, shape).map(Some)
        }
        _ => Ok(None),
    }
}

/// The shape of a node's result in the new graph.
pub(super) fn result_shape(g: &Graph, node: &Node, operands: &[Value]) -> Option<Shape> {
    let types: Vec<_> = operands.iter().map(|value| g.ty(*value)).collect();
    node.op.infer(&types).ok()?.pop().map(|ty| ty.shape)
}

/// A transposition of a transposition, or one that moves nothing but axes of one element.
pub(super) fn transpose(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let Some(op) = ops::downcast::<Transpose>(&*node.op) else { return Ok(None) };
    let x = operands[0];
    if op.permutation.is_sorted() {
        return Ok(Some(x));
    }
    let shape = g.ty(x).shape.clone();
    let moved: Vec<usize> =
        op.permutation.iter().copied().filter(|&axis| shape.dim(axis) != Some(1)).collect();
    if shape.is_known() && moved.is_sorted() {
        let dims: Vec<_> = op.permutation.iter().map(|&axis| shape.dim(axis)).collect();
        return ops::reshape(g, x, Shape::from(dims)).map(Some);
    }
    let Some(before) = g.producer(x) else { return Ok(None) };
    let Some(first) = ops::downcast::<Transpose>(&*before.op) else { return Ok(None) };
    let both: Vec<usize> = op.permutation.iter().map(|&axis| first.permutation[axis]).collect();
    let source = before.inputs[0];
    if both.is_sorted() { Ok(Some(source)) } else { ops::transpose(g, source, &both).map(Some) }
}

/// A part that is the whole, or a part of a part.
pub(super) fn slice(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let Some(op) = ops::downcast::<Slice>(&*node.op) else { return Ok(None) };
    let x = operands[0];
    if result_shape(g, node, operands).as_ref() == Some(&g.ty(x).shape) && g.ty(x).shape.is_known() {
        return Ok(Some(x));
    }
    let Some(before) = g.producer(x) else { return Ok(None) };
    let Some(first) = ops::downcast::<Slice>(&*before.op) else { return Ok(None) };
    let source = before.inputs[0];
    if op.limits.contains(&usize::MAX) || first.limits.contains(&usize::MAX) {
        return Ok(None);
    }
    let axes = 0..op.starts.len();
    let starts: Vec<usize> =
        axes.clone().map(|a| first.starts[a] + op.starts[a] * first.strides[a]).collect();
    let strides: Vec<usize> = axes.clone().map(|a| first.strides[a] * op.strides[a]).collect();
    let limits: Vec<usize> =
        axes.map(|a| first.limits[a].min(first.starts[a] + op.limits[a] * first.strides[a])).collect();
    if starts.iter().zip(&limits).any(|(start, limit)| start > limit) {
        return Ok(None);
    }
    ops::slice(g, source, &starts, &limits, &strides).map(Some)
}

/// Nothing to reverse, or the same axes reversed again.
pub(super) fn reverse(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let Some(op) = ops::downcast::<Reverse>(&*node.op) else { return Ok(None) };
    let x = operands[0];
    if op.axes.iter().all(|&axis| matches!(g.ty(x).shape.dim(axis), Some(0 | 1))) {
        return Ok(Some(x));
    }
    let Some(before) = g.producer(x) else { return Ok(None) };
    let again = ops::downcast::<Reverse>(&*before.op).is_some_and(|first| first.axes == op.axes);
    Ok(again.then(|| before.inputs[0]))
}

/// A reduction over axes of one element.
pub(super) fn reduce(g: &mut Graph, node: &Node, operands: &[Value]) -> Result<Option<Value>, GraphError> {
    let Some(op) = ops::downcast::<Reduce>(&*node.op) else { return Ok(None) };
    let (x, shape) = (operands[0], result_shape(g, node, operands));
    if op.axes.is_empty() {
        return Ok(Some(x));
    }
    let single = op.axes.iter().all(|&axis| g.ty(x).shape.dim(axis) == Some(1));
    match shape.filter(|shape| single && shape.is_known()) {
        Some(shape) => ops::reshape(g, x, shape).map(Some),
        None => Ok(None),
    }
}

/// A frame of no width.
pub(super) fn nothing_to_pad(
    _g: &mut Graph,
    node: &Node,
    operands: &[Value],
) -> Result<Option<Value>, GraphError> {
    let Some(op) = ops::downcast::<Pad>(&*node.op) else { return Ok(None) };
    let nothing =
        op.low.iter().chain(&op.high).all(|&edge| edge == 0) && op.interior.iter().all(|&gap| gap == 0);
    Ok(nothing.then(|| operands[0]))
}
