//! Convolutions and pooling: what the passes put together keeps its bits.

use super::*;
use crate::ops::{ConvolutionWindow, PoolWindow};

fn evaluated(graph: &Graph) -> Vec<Vec<Tensor>> {
    let mut sampler = Sampler::new("images");
    let numbers = |dims: Vec<usize>, sampler: &mut Sampler| {
        let count: usize = dims.iter().product();
        let values: Vec<f32> = (0..count).map(|_| sampler.uniform(-2.0, 2.0) as f32).collect();
        Tensor::new(&dims, values).unwrap()
    };
    let inputs: Vec<Tensor> = graph
        .inputs()
        .iter()
        .map(|value| numbers(graph.ty(*value).shape.to_known().unwrap(), &mut sampler))
        .collect();
    [Isa::Reference, Isa::active()]
        .into_iter()
        .map(|isa| eval::interpret_with(graph, &inputs, isa, &mut |_, _| {}).unwrap())
        .collect()
}

fn assert_kept(what: &str, graph: &Graph) -> Graph {
    let optimized = optimize(graph);
    for (before, after) in evaluated(graph).iter().zip(&evaluated(&optimized)) {
        assert_same(&format!("{what}\n{optimized}"), after, before);
    }
    assert_eq!(text::parse(&optimized.to_string()).unwrap(), optimized, "{what}");
    assert_eq!(optimize(&optimized), optimized, "{what}: the result is not canonical");
    optimized
}

fn biased(g: &mut Graph, x: Value, filters: usize, size: usize, name: &str) -> Value {
    let channels = g.ty(x).shape.last().unwrap();
    let kernel = input(g, name, &[size, size, channels, filters]);
    let bias = input(g, &format!("{name} bias"), &[filters]);
    let y = ops::convolution(g, x, kernel, &ConvolutionWindow::plain(2)).unwrap();
    let sum = compose::add(g, y, bias).unwrap();
    compose::relu(g, sum).unwrap()
}

#[test]
fn a_pooled_convolution_asks_the_pool_on_the_way_back() {
    for (size, stride) in [(2, 2), (3, 2)] {
        let mut g = Graph::new();
        let x = input(&mut g, "x", &[2, 9, 9, 3]);
        let y = biased(&mut g, x, 5, 3, "kernel");
        let window = PoolWindow {
            dimensions: vec![size; 2],
            strides: vec![stride; 2],
            low: vec![0; 2],
            high: vec![0; 2],
        };
        let pooled = ops::max_pool(&mut g, y, &window).unwrap();
        let squared = compose::square(&mut g, pooled).unwrap();
        let loss = ops::reduce(&mut g, squared, Reduction::Sum, &[0, 1, 2, 3]).unwrap();
        let targets = g.inputs().to_vec();
        let gradients = autodiff::gradients(&mut g, loss, &targets).unwrap();
        g.set_outputs([&[loss][..], &gradients].concat());
        let optimized = assert_kept("pooled", &g);
        let counts = count(&optimized);
        assert_eq!(counts.get("convolution"), Some(&2), "{optimized}");
        let image = optimized.nodes().iter().find(|node| node.op.name() == "convolution").unwrap();
        assert_eq!(image.inputs.len(), 4, "bias and floor come with the convolution\n{optimized}");
        // Nothing elementwise is left that is as large as the image.
        let large = optimized
            .nodes()
            .iter()
            .filter(|node| node.op.name() == "fused" || node.op.elementwise().is_some())
            .filter(|node| optimized.ty(node.outputs[0]).shape == optimized.ty(image.outputs[0]).shape);
        assert_eq!(large.count(), 0, "{optimized}");
    }
}

#[test]
fn normalisation_goes_along_with_convolutions() {
    let mut g = Graph::new();
    let x = input(&mut g, "x", &[2, 4, 5, 6]);
    let affine = |g: &mut Graph, x: Value, name: &str| {
        let channels = g.ty(x).shape.last().unwrap();
        let factor = input(g, &format!("{name} factor"), &[channels]);
        let shift = input(g, &format!("{name} shift"), &[channels]);
        let scaled = compose::multiply(g, x, factor).unwrap();
        let sum = compose::add(g, scaled, shift).unwrap();
        compose::relu(g, sum).unwrap()
    };
    let before = affine(&mut g, x, "before");
    let kernel = input(&mut g, "narrow", &[1, 1, 6, 8]);
    let narrow = ops::convolution(&mut g, before, kernel, &ConvolutionWindow::plain(2)).unwrap();
    let after = affine(&mut g, narrow, "after");
    let wide = biased(&mut g, after, 3, 3, "wide");
    g.set_outputs(vec![wide]);
    let optimized = assert_kept("normalised", &g);
    let counts = count(&optimized);
    assert_eq!((counts.get("convolution"), counts.get("fused")), (Some(&2), None), "{optimized}");
    // A result that others read, too, stays in memory.
    g.set_outputs(vec![wide, before]);
    let optimized = assert_kept("normalised and read", &g);
    assert_eq!(count(&optimized).get("fused"), Some(&1), "{optimized}");
}
