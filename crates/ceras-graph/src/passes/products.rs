//! Ops that take elementwise regions along: matrix products and convolutions.

use std::sync::Arc;

use ceras_kernels::Isa;

use crate::graph::{Graph, Value};
use crate::op::Op;
use crate::ops::{self, Convolution, DotGeneral};
use crate::types::TensorType;

/// Whether an op may be given what follows it.
pub(super) fn takes_epilogue(op: &dyn Op) -> bool {
    let dot = ops::downcast::<DotGeneral>(op).map(|op| op.epilogue.is_none());
    let convolution = ops::downcast::<Convolution>(op).map(|op| op.epilogue.is_none());
    dot.or(convolution).unwrap_or(false)
}

/// The op with what follows it, for operands of these types: its own, then those of the epilogue.
pub(super) fn with_epilogue(op: &dyn Op, epilogue: Graph, types: &[&TensorType]) -> Option<Arc<dyn Op>> {
    if let Some(plain) = ops::downcast::<DotGeneral>(op) {
        let op = DotGeneral { dimensions: plain.dimensions.clone(), epilogue: Some(epilogue) };
        op.spec(types[0], types[1])?;
        return Some(Arc::new(op));
    }
    let plain = ops::downcast::<Convolution>(op)?;
    let op = Convolution { epilogue: Some(epilogue), ..plain.clone() };
    op.kernel(types, Isa::Reference)?;
    Some(Arc::new(op))
}

/// A convolution of single pixels with what leads to its image; the operands of the prologue follow its first two.
pub(super) fn with_prologue(op: &dyn Op, prologue: Graph, types: &[&TensorType]) -> Option<Arc<dyn Op>> {
    let plain = ops::downcast::<Convolution>(op).filter(|op| op.prologue.is_none())?;
    let op = Convolution { prologue: Some(prologue), ..plain.clone() };
    op.kernel(types, Isa::Reference)?;
    Some(Arc::new(op))
}

/// A graph with its inputs in another order.
pub(super) fn reordered(graph: &Graph, order: &[usize]) -> Option<Graph> {
    let mut result = Graph::new();
    let mut inputs: Vec<Option<Value>> = vec![None; order.len()];
    for &index in order {
        inputs[index] = Some(result.input(graph.ty(graph.inputs()[index]).clone(), ""));
    }
    let inputs: Option<Vec<Value>> = inputs.into_iter().collect();
    let outputs = result.inline(graph, &inputs?).ok()?;
    result.set_outputs(outputs);
    Some(result)
}
