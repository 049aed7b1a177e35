//! What a node costs: an estimate for profiles, from the op's own description of itself.

use ceras_graph::{Attribute, Graph, Node, TensorType};

/// Floating-point operations of a node.
///
/// A contraction (an op with attribute `lhs_contracting`) takes a multiplication and an addition for each product; an
/// elementwise op one operation an element; an op that owns graphs what its graphs take, once for each step along
/// the leading axis that its operands have and its graphs' inputs lack; anything else one operation for each element
/// that goes in and does not come out, as a reduction does.
pub(crate) fn flops(graph: &Graph, node: &Node) -> u64 {
    let inputs: Vec<&TensorType> = node.inputs.iter().map(|value| graph.ty(*value)).collect();
    let outputs: u64 = node.outputs.iter().map(|value| elements(graph.ty(*value))).sum();
    let own = match node.op.attributes().get("lhs_contracting") {
        Some(Attribute::Ints(axes)) => outputs.saturating_mul(2).saturating_mul(contracted(&inputs, axes)),
        _ if node.op.elementwise().is_some() => outputs,
        _ if !node.op.graphs().is_empty() => 0,
        _ => inputs.iter().map(|ty| elements(ty)).sum::<u64>().saturating_sub(outputs),
    };
    let owned = node.op.graphs().into_iter().map(|body| {
        let once: u64 = body.nodes().iter().map(|node| flops(body, node)).sum();
        once.saturating_mul(repetitions(&inputs, body))
    });
    owned.fold(own, u64::saturating_add)
}

fn elements(ty: &TensorType) -> u64 {
    ty.shape.elements().unwrap_or(0) as u64
}

fn contracted(inputs: &[&TensorType], axes: &[i64]) -> u64 {
    let dim = |axis: &i64| {
        let dims = inputs.first()?.shape.dims();
        *dims.get(usize::try_from(*axis).ok()?)?
    };
    axes.iter().map(|axis| dim(axis).unwrap_or(1) as u64).product()
}

/// How often a body runs: the length of the leading axis that an operand has beyond the body's input.
fn repetitions(inputs: &[&TensorType], body: &Graph) -> u64 {
    let mut pairs = inputs.iter().zip(body.inputs());
    let longer = pairs.find(|(outer, inner)| {
        let (outer, inner) = (outer.shape.dims(), body.ty(**inner).shape.dims());
        outer.len() == inner.len() + 1 && outer[1..] == *inner
    });
    longer.and_then(|(outer, _)| outer.shape.dims()[0]).unwrap_or(1) as u64
}
