//! Passes keep every bit, and do what they are for.

mod images;

use std::collections::BTreeMap;

use ceras_kernels::{DType, Isa};
use ceras_testkit::Sampler;

use super::optimize;
use crate::graph::{Graph, Value};
use crate::ops::{self, Direction, DotDimensions, Reduction};
use crate::tensor::Tensor;
use crate::types::{Shape, TensorType};
use crate::{autodiff, compose, eval, text};

fn count(graph: &Graph) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    graph.nodes().iter().for_each(|node| *counts.entry(node.op.name()).or_insert(0) += 1);
    counts
}

fn input(g: &mut Graph, name: &str, dims: &[usize]) -> Value {
    g.input(TensorType::new(DType::F32, dims), name)
}

/// Numbers with zeros of both signs, infinities and NaN among them.
fn wild(sampler: &mut Sampler, dims: &[usize]) -> Tensor {
    let specials = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1.0, -1.0];
    let number = |sampler: &mut Sampler| match sampler.chance(0.2) {
        true => *sampler.pick(&specials),
        false => sampler.uniform(-3.0, 3.0) as f32,
    };
    let count: usize = dims.iter().product();
    Tensor::new(dims, (0..count).map(|_| number(sampler)).collect::<Vec<f32>>()).unwrap()
}

/// Adds a random op on random values of the graph; all have the shape [3, 4] or one that broadcasts to it.
fn random_node(g: &mut Graph, s: &mut Sampler, wide: &mut Vec<Value>, rows: &mut Vec<Value>) {
    let (a, b) = (*s.pick(wide), *s.pick(wide));
    let shape = || Shape::known(&[3, 4]);
    let constants = [0.0, -0.0, 1.0, -1.0, 0.5];
    let made = match s.below(20) {
        0 => ops::add(g, a, b),
        1 => ops::subtract(g, a, b),
        2 => ops::multiply(g, a, b),
        3 => ops::maximum(g, a, b),
        4 => compose::relu(g, a),
        5 => ops::negate(g, a),
        6 => ops::tanh(g, a),
        7 => ops::abs(g, a),
        8 => compose::add_scalar(g, a, *s.pick(&constants)),
        9 => compose::multiply_scalar(g, a, *s.pick(&constants)),
        10 => ops::transpose(g, a, &[1, 0]).and_then(|t| ops::transpose(g, t, &[1, 0])),
        11 => ops::reshape(g, a, [12usize]).and_then(|r| ops::reshape(g, r, shape())),
        12 => ops::reverse(g, a, &[s.below(2)]),
        13 => {
            let predicate = ops::compare(g, a, b, *s.pick(&Direction::ALL)).unwrap();
            ops::select(g, predicate, b, a)
        }
        14 => ops::slice(g, a, &[0, 1], &[3, 3], &[1, 1]).and_then(|part| {
            let zero = compose::scalar(g, 0.0, DType::F32)?;
            ops::pad(g, part, zero, &[0, 1], &[0, 1], &[0, 0])
        }),
        15 => {
            let square =
                DotDimensions { lhs_contracting: vec![1], rhs_contracting: vec![1], ..Default::default() };
            let product = ops::dot_general(g, a, b, &square).unwrap();
            let d =
                DotDimensions { lhs_contracting: vec![0], rhs_contracting: vec![0], ..Default::default() };
            ops::dot_general(g, product, b, &d)
        }
        16 => {
            let row = ops::reduce(g, a, *s.pick(&[Reduction::Sum, Reduction::Max]), &[0]).unwrap();
            rows.push(row);
            compose::multiply(g, row, b)
        }
        17 => {
            let row = ops::exponential(g, *s.pick(rows)).unwrap();
            rows.push(row);
            ops::broadcast_in_dim(g, row, shape(), &[1])
        }
        18 => {
            let (x, y) = (*s.pick(rows), *s.pick(rows));
            let (x, y) = (
                ops::broadcast_in_dim(g, x, shape(), &[1]).unwrap(),
                ops::broadcast_in_dim(g, y, shape(), &[1]).unwrap(),
            );
            ops::divide(g, x, y)
        }
        _ => compose::softmax(g, a, s.below(2)),
    };
    wide.push(made.unwrap());
}

fn random_graph(name: &str) -> (Graph, Vec<Tensor>) {
    let mut s = Sampler::new(name);
    let mut g = Graph::new();
    let mut wide = vec![input(&mut g, "x", &[3, 4]), input(&mut g, "y", &[3, 4])];
    let mut rows = vec![input(&mut g, "row", &[4])];
    for _ in 0..5 + s.below(40) {
        random_node(&mut g, &mut s, &mut wide, &mut rows);
    }
    let mut outputs: Vec<Value> = (0..1 + s.below(4)).map(|_| *s.pick(&wide)).collect();
    outputs.push(wide[wide.len() - 1]);
    g.set_outputs(outputs);
    let inputs = vec![wild(&mut s, &[3, 4]), wild(&mut s, &[3, 4]), wild(&mut s, &[4])];
    (g, inputs)
}

/// The same bits; NaNs may differ in sign and payload, which no arithmetic keeps.
fn assert_same(what: &str, a: &[Tensor], b: &[Tensor]) {
    for (index, (a, b)) in a.iter().zip(b).enumerate() {
        let same = |x: &f32, y: &f32| x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan());
        let equal =
            a.dims() == b.dims() && a.slice::<f32>().iter().zip(b.slice::<f32>()).all(|(x, y)| same(x, y));
        assert!(equal, "{what}: output {index} is {a:?}, was {b:?}");
    }
}

#[test]
fn passes_keep_every_bit_of_random_graphs() {
    for index in 0..300 {
        let name = format!("graph {index}");
        let (graph, inputs) = random_graph(&name);
        let optimized = optimize(&graph);
        for isa in [Isa::Reference, Isa::active()] {
            let observe = &mut |_: &crate::Node, _: &[Tensor]| {};
            let before = eval::interpret_with(&graph, &inputs, isa, observe).unwrap();
            let after = eval::interpret_with(&optimized, &inputs, isa, observe).unwrap();
            assert_same(&format!("{name} on {isa}\n{graph}\n{optimized}"), &after, &before);
        }
        assert!(optimized.nodes().len() <= graph.nodes().len(), "{name}");
        let back = text::parse(&optimized.to_string())
            .unwrap_or_else(|error| panic!("{name}: {error}\n{optimized}"));
        assert_eq!(back, optimized, "{name}");
        assert_eq!(optimize(&optimized), optimized, "{name}: the result is not canonical");
    }
}

#[test]
fn passes_keep_every_bit_of_gradients() {
    for index in 0..60 {
        let name = format!("gradient {index}");
        let (mut graph, inputs) = random_graph(&name);
        let output = graph.outputs()[0];
        let loss = ops::reduce(&mut graph, output, Reduction::Sum, &[0, 1]).unwrap();
        let targets = graph.inputs().to_vec();
        let gradients = autodiff::gradients(&mut graph, loss, &targets).unwrap();
        graph.set_outputs(gradients);
        let optimized = optimize(&graph);
        let (before, after) =
            (eval::interpret(&graph, &inputs).unwrap(), eval::interpret(&optimized, &inputs).unwrap());
        assert_same(&name, &after, &before);
    }
}

#[test]
fn a_dense_layer_is_one_node_forward_and_three_products_back() {
    let mut g = Graph::new();
    let (x, kernel, bias) =
        (input(&mut g, "x", &[8, 4]), input(&mut g, "kernel", &[4, 5]), input(&mut g, "bias", &[5]));
    let product = compose::dense(&mut g, x, kernel).unwrap();
    let sum = compose::add(&mut g, product, bias).unwrap();
    let y = compose::relu(&mut g, sum).unwrap();
    g.set_outputs(vec![y]);
    assert_eq!(count(&optimize(&g)), BTreeMap::from([("constant", 1), ("dot_general", 1)]));
    let loss = compose::square(&mut g, y).unwrap();
    let loss = ops::reduce(&mut g, loss, Reduction::Sum, &[0, 1]).unwrap();
    let gradients = autodiff::gradients(&mut g, loss, &[x, kernel, bias]).unwrap();
    g.set_outputs([&[loss][..], &gradients].concat());
    let optimized = optimize(&g);
    let counts = count(&optimized);
    // The square and the way back to the sum; the loss and the bias' gradient are sums.
    assert_eq!(counts.get("dot_general"), Some(&3), "{optimized}");
    assert_eq!(counts.get("transpose"), None, "{optimized}");
    assert_eq!(counts.get("broadcast_in_dim"), None, "{optimized}");
    assert_eq!(counts.get("reduce_sum"), Some(&2), "{optimized}");
    assert!(counts.get("fused").is_some_and(|&fused| fused <= 2), "{optimized}");
}

#[test]
fn an_optimizer_step_is_one_node_for_each_weight() {
    let mut g = Graph::new();
    let names = ["weight", "gradient", "momentum", "velocity"];
    let [w, d, m, v] = names.map(|name| input(&mut g, name, &[16, 16]));
    let rate = g.input(TensorType::scalar(DType::F32), "learning_rate");
    let m1 = compose::multiply_scalar(&mut g, m, 0.9).unwrap();
    let d1 = compose::multiply_scalar(&mut g, d, 0.1).unwrap();
    let m = ops::add(&mut g, m1, d1).unwrap();
    let square = compose::square(&mut g, d).unwrap();
    let v1 = compose::multiply_scalar(&mut g, v, 0.999).unwrap();
    let d2 = compose::multiply_scalar(&mut g, square, 0.001).unwrap();
    let v = ops::add(&mut g, v1, d2).unwrap();
    let root = ops::sqrt(&mut g, v).unwrap();
    let divisor = compose::add_scalar(&mut g, root, 1e-7).unwrap();
    let step = compose::multiply(&mut g, m, rate).unwrap();
    let step = ops::divide(&mut g, step, divisor).unwrap();
    let w = ops::subtract(&mut g, w, step).unwrap();
    g.set_outputs(vec![w, m, v]);
    let optimized = optimize(&g);
    let counts = count(&optimized);
    assert_eq!(counts.get("fused"), Some(&1), "{optimized}");
    assert_eq!(counts.len(), 2, "only constants are left beside it: {optimized}");
}

#[test]
fn regions_never_wait_for_themselves() {
    let mut g = Graph::new();
    let x = input(&mut g, "x", &[4, 4]);
    let a = ops::negate(&mut g, x).unwrap();
    let total = ops::reduce(&mut g, a, Reduction::Sum, &[0, 1]).unwrap();
    let b = compose::add(&mut g, a, total).unwrap();
    let c = ops::tanh(&mut g, b).unwrap();
    g.set_outputs(vec![c]);
    let optimized = optimize(&g);
    assert_eq!(
        count(&optimized),
        BTreeMap::from([("fused", 1), ("negate", 1), ("reduce_sum", 1)]),
        "{optimized}"
    );
}

#[test]
fn algebra_that_is_not_exact_is_left_alone() {
    let mut g = Graph::new();
    let x = input(&mut g, "x", &[4]);
    let times_zero = compose::multiply_scalar(&mut g, x, 0.0).unwrap();
    let plus_zero = compose::add_scalar(&mut g, x, 0.0).unwrap();
    let times_one = compose::multiply_scalar(&mut g, x, 1.0).unwrap();
    let minus_zero = compose::subtract_scalar(&mut g, x, 0.0).unwrap();
    g.set_outputs(vec![times_zero, plus_zero, times_one, minus_zero]);
    let optimized = optimize(&g);
    assert_eq!(optimized.outputs()[2..], [optimized.inputs()[0]; 2]);
    assert_eq!(count(&optimized).get("constant"), Some(&1), "{optimized}");
    let values =
        eval::interpret(&optimized, &[Tensor::from_slice(&[-0.0f32, f32::NAN, f32::INFINITY, 1.0])]).unwrap();
    assert!(values[0].slice::<f32>()[1].is_nan() && values[0].slice::<f32>()[2].is_nan());
    assert_eq!(values[1].slice::<f32>()[0].to_bits(), 0.0f32.to_bits());
}

#[test]
fn inputs_stay_in_number_and_order() {
    let mut g = Graph::new();
    let (_, b) = (input(&mut g, "unused", &[2]), input(&mut g, "used", &[2]));
    let y = ops::stop_gradient(&mut g, b).unwrap();
    g.set_outputs(vec![y, y]);
    let optimized = optimize(&g);
    assert_eq!(optimized.inputs().len(), 2);
    assert_eq!(optimized.name(optimized.inputs()[0]), Some("unused"));
    assert_eq!(optimized.outputs(), [optimized.inputs()[1]; 2]);
}
