//! Graphs that look like what the library compiles.

// Each test binary uses its own part.
#![allow(dead_code)]

use ceras_cpu::{Binding, Executable, Memory, Signature};
use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, autodiff, compose, ops};

/// A graph with its signature and inputs.
pub(crate) struct Case {
    pub(crate) graph: Graph,
    pub(crate) signature: Signature,
    pub(crate) inputs: Vec<Tensor>,
}

impl Case {
    pub(crate) fn fill(&self, plan: &Executable, memory: &mut Memory) {
        for (index, tensor) in self.inputs.iter().enumerate() {
            plan.set_input(memory, index, tensor).unwrap();
        }
    }
}

/// Numbers between -1 and 1 that look random, the same every time.
pub(crate) fn numbers(dims: &[usize], seed: u64) -> Tensor {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let elements: Vec<f32> = (0..dims.iter().product())
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((state >> 40) as f32 / (1u64 << 23) as f32) - 1.0
        })
        .collect();
    Tensor::new(dims, elements).unwrap()
}

pub(crate) fn input(graph: &mut Graph, dims: &[usize], name: &str) -> Value {
    graph.input(TensorType::new(DType::F32, dims), name)
}

/// Two branches, joined, then a dense layer: `x, w1, b1, w2, b2, w3 -> y`.
pub(crate) fn network(g: &mut Graph, x: Value, weights: &[Value]) -> Result<Value, GraphError> {
    g.enter("left");
    let left = compose::dense(g, x, weights[0])?;
    let left = compose::add(g, left, weights[1])?;
    let left = ops::tanh(g, left)?;
    g.leave();
    g.enter("right");
    let right = compose::dense(g, x, weights[2])?;
    let right = compose::add(g, right, weights[3])?;
    let right = compose::relu(g, right)?;
    g.leave();
    let joined = ops::concatenate(g, &[left, right], 1)?;
    g.enter("head");
    let y = compose::dense(g, joined, weights[4])?;
    g.leave();
    Ok(y)
}

pub(crate) fn weight_dims(features: usize, units: usize) -> [Vec<usize>; 5] {
    [vec![features, units], vec![units], vec![features, units], vec![units], vec![2 * units, 3]]
}

/// The forward pass alone, all inputs values.
pub(crate) fn forward(batch: usize, features: usize, units: usize) -> Case {
    let mut graph = Graph::new();
    let x = input(&mut graph, &[batch, features], "x");
    let mut inputs = vec![numbers(&[batch, features], 1)];
    let mut weights = Vec::new();
    for (index, dims) in weight_dims(features, units).iter().enumerate() {
        weights.push(input(&mut graph, dims, "w"));
        inputs.push(numbers(dims, 10 + index as u64));
    }
    let logits = network(&mut graph, x, &weights).unwrap();
    let y = compose::softmax(&mut graph, logits, 1).unwrap();
    graph.set_outputs(vec![y]);
    let signature = Signature::values(graph.inputs().len(), 1);
    Case { graph, signature, inputs }
}

/// One step of gradient descent with momentum, kept only while loss and gradients are finite.
///
/// Inputs: x, one-hot y, learning rate, five weights, five velocities. Outputs: loss, ok, weights, velocities.
pub(crate) fn training_step(batch: usize, features: usize, units: usize) -> Case {
    let mut g = Graph::new();
    let mut case = Case { graph: Graph::new(), signature: Signature::default(), inputs: Vec::new() };
    let mut next = 0;
    let mut add = |g: &mut Graph, name: &str, tensor: Tensor, state: bool| {
        let value = g.input(tensor.ty(), name);
        let bytes = tensor.bytes().len();
        case.inputs.push(tensor);
        case.signature.inputs.push(if state { Binding::State { offset: next } } else { Binding::Value });
        if state {
            next = (next + bytes).next_multiple_of(64);
        }
        value
    };
    let x = add(&mut g, "x", numbers(&[batch, features], 1), false);
    let y = add(&mut g, "y", numbers(&[batch, 3], 2), false);
    let rate = add(&mut g, "learning_rate", Tensor::scalar(0.05f32), false);
    let dims = weight_dims(features, units);
    let weights: Vec<Value> =
        (10..).zip(&dims).map(|(seed, dims)| add(&mut g, "w", numbers(dims, seed), true)).collect();
    let velocities: Vec<Value> =
        (20..).zip(&dims).map(|(seed, dims)| add(&mut g, "v", numbers(dims, seed), true)).collect();
    let results = step(&mut g, x, y, rate, &weights, &velocities).unwrap();
    g.set_outputs(results);
    case.signature.outputs = vec![Binding::Value; 2];
    let states = case.signature.inputs[3..].to_vec();
    case.signature.outputs.extend(states);
    case.signature.guard = Some(1);
    case.graph = g;
    case
}

fn step(
    g: &mut Graph,
    x: Value,
    y: Value,
    rate: Value,
    weights: &[Value],
    velocities: &[Value],
) -> Result<Vec<Value>, GraphError> {
    let logits = network(g, x, weights)?;
    let log = compose::log_softmax(g, logits, 1)?;
    let terms = compose::multiply(g, log, y)?;
    let loss = compose::mean(g, terms, &[0, 1], false)?;
    let loss = ops::negate(g, loss)?;
    let gradients = autodiff::gradients(g, loss, weights).unwrap();
    let mut watched = vec![loss];
    watched.extend(&gradients);
    let ok = ops::all_finite(g, &watched)?;
    let mut new_weights = Vec::new();
    let mut new_velocities = Vec::new();
    for ((weight, velocity), gradient) in weights.iter().zip(velocities).zip(gradients) {
        let kept = compose::multiply_scalar(g, *velocity, 0.9)?;
        let scaled = compose::multiply(g, gradient, rate)?;
        let velocity = compose::subtract(g, kept, scaled)?;
        new_weights.push(compose::add(g, *weight, velocity)?);
        new_velocities.push(velocity);
    }
    Ok([vec![loss, ok], new_weights, new_velocities].concat())
}
