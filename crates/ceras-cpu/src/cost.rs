//! What a node costs: an estimate for profiles, from the op's own description of itself.

use ceras_graph::{Attribute, Attributes, Graph, Node, TensorType};

/// Floating-point operations of a node.
///
/// A contraction (an op that names `lhs_contracting_dimensions`) takes a multiplication and an addition for each
/// product, and so does a convolution (one that names `lhs_dilation`), margins and all; an elementwise op one operation an element; a graph among the attributes what its nodes take, once for each
/// step along the leading axis that the operands have and the graph's inputs lack; anything else one operation for
/// each element that goes in and does not come out, as a reduction does.
pub(crate) fn flops(graph: &Graph, node: &Node) -> u64 {
    let inputs: Vec<&TensorType> = node.inputs.iter().map(|value| graph.ty(*value)).collect();
    let outputs: u64 = node.outputs.iter().map(|value| elements(graph.ty(*value))).sum();
    let Attributes(attributes) = node.op.attributes();
    let bodies: Vec<&Graph> = attributes.iter().filter_map(|(_, attribute)| body(attribute)).collect();
    let contracting = attributes.iter().find(|(name, _)| *name == "lhs_contracting_dimensions");
    let own = match contracting {
        Some((_, Attribute::Ints(axes))) => {
            outputs.saturating_mul(2).saturating_mul(contracted(&inputs, axes))
        }
        _ if attributes.iter().any(|(name, _)| *name == "lhs_dilation") => {
            convolution(&inputs, graph.ty(node.outputs[0]), &attributes)
        }
        _ if node.op.elementwise().is_some() => outputs,
        _ if !bodies.is_empty() => 0,
        _ => inputs.iter().map(|ty| elements(ty)).sum::<u64>().saturating_sub(outputs),
    };
    let owned = bodies.into_iter().map(|body| {
        let once: u64 = body.nodes().iter().map(|node| flops(body, node)).sum();
        once.saturating_mul(repetitions(&inputs, body))
    });
    owned.fold(own, u64::saturating_add)
}

fn body(attribute: &Attribute) -> Option<&Graph> {
    if let Attribute::Graph(body) = attribute { Some(body) } else { None }
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

/// A convolution multiplies each element of its result with a kernel of one feature, less those positions that meet the
/// zeros of a dilated image; the gradient of a kernel (which says how large its window is) takes what its convolution
/// took.
fn convolution(inputs: &[&TensorType], output: &TensorType, attributes: &[(&str, Attribute)]) -> u64 {
    let [image, other, ..] = inputs else { return 0 };
    let (result, kernel) = match attributes.iter().any(|(name, _)| *name == "window_dimensions") {
        true => (*other, output),
        false => (output, *other),
    };
    let dilated: u64 = attributes
        .iter()
        .filter_map(|(name, attribute)| match attribute {
            Attribute::Ints(steps) if *name == "lhs_dilation" => Some(steps),
            _ => None,
        })
        .flatten()
        .map(|&step| step.max(1) as u64)
        .product();
    let products = elements(result).saturating_mul(elements(kernel));
    let features = result.shape.last().unwrap_or(1).max(1) as u64;
    if elements(image) == 0 { 0 } else { 2 * (products / features / dilated) }
}

/// How often a body runs: the length of the leading axis that an operand has beyond the body's input. Once when the
/// body does not take the operands as they are, as what follows a contraction.
fn repetitions(inputs: &[&TensorType], body: &Graph) -> u64 {
    if inputs.len() != body.inputs().len() {
        return 1;
    }
    let mut pairs = inputs.iter().zip(body.inputs());
    let longer = pairs.find(|(outer, inner)| {
        let (outer, inner) = (outer.shape.dims(), body.ty(**inner).shape.dims());
        outer.len() == inner.len() + 1 && outer[1..] == *inner
    });
    longer.and_then(|(outer, _)| outer.shape.dims()[0]).unwrap_or(1) as u64
}

#[cfg(test)]
mod tests {
    use ceras_graph::{DType, Function, TensorType, compose, ops};

    use super::*;

    #[test]
    fn a_convolution_and_its_gradients() {
        let ty = |dims: [usize; 4]| TensorType::new(DType::F32, dims);
        let inputs = [("x", ty([2, 8, 8, 3])), ("kernel", ty([3, 3, 3, 5])), ("ct", ty([2, 3, 3, 5]))];
        let window = ops::ConvolutionWindow { strides: vec![2, 2], ..ops::ConvolutionWindow::plain(2) };
        let forward = Function::trace(&inputs, |g, x| Ok(vec![ops::convolution(g, x[0], x[1], &window)?]));
        let gradient = Function::trace(&inputs, |g, x| {
            Ok(vec![ops::convolution_kernel_gradient(g, x[0], x[2], &[3, 3], &window)?])
        });
        for function in [forward, gradient] {
            let graph = function.unwrap().into_graph();
            assert_eq!(flops(&graph, &graph.nodes()[0]), 2 * (2 * 3 * 3 * 5) * (3 * 3 * 3));
        }
    }

    #[test]
    fn a_dense_layer_with_bias_and_tanh() {
        let ty = |dims: [usize; 2]| TensorType::new(DType::F32, dims);
        let inputs =
            [("x", ty([8, 16])), ("kernel", ty([16, 4])), ("bias", TensorType::new(DType::F32, [4]))];
        let layer = Function::trace(&inputs, |g, x| {
            let product = compose::dense(g, x[0], x[1])?;
            let sum = compose::add(g, product, x[2])?;
            Ok(vec![ops::tanh(g, sum)?])
        });
        let graph = layer.unwrap().into_graph();
        let total = |graph: &Graph| -> u64 { graph.nodes().iter().map(|node| flops(graph, node)).sum() };
        assert_eq!(total(&graph), 2 * 8 * 16 * 4 + 2 * 8 * 4);
        assert_eq!(total(&ceras_graph::passes::optimize(&graph)), total(&graph));
    }
}
