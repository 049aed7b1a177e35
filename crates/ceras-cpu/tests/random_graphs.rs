//! Random graphs of real ops: what an op says of its kernel (in place, strided) must hold, and no pass may change what
//! a graph means.

mod support;

use std::sync::Arc;

use ceras_cpu::{Dump, Memory, Options, Signature, compile};
use ceras_graph::ops::{self, DotDimensions};
use ceras_graph::{DType, Graph, GraphError, Isa, Shape, Tensor, Value, compose, eval};
use ceras_kernels::Pool;
use ceras_kernels::reduce::Reduction;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

fn dims(g: &Graph, value: Value) -> Vec<usize> {
    g.ty(value).shape.to_known().unwrap()
}

/// A new value made from some that there are. All keep numbers small and depend smoothly on their operands.
fn grow(random: &mut Random, g: &mut Graph, values: &[Value]) -> Result<Value, GraphError> {
    let x = random.pick(values);
    let shape = dims(g, x);
    let axis = random.below(shape.len());
    match random.below(14) {
        0 => ops::tanh(g, x),
        1 => ops::sine(g, x),
        2 => compose::multiply_scalar(g, x, 0.5),
        3 => ops::reshape(g, x, Shape::known(&[shape.iter().product()])),
        4 => {
            let mut order: Vec<usize> = (0..shape.len()).collect();
            order.rotate_left(axis);
            ops::transpose(g, x, &order)
        }
        5 if shape[axis] > 0 => slice(random, g, x, axis),
        6 | 7 => concatenate(random, g, values, x, axis),
        8 => ops::reduce(g, x, random.pick(&[Reduction::Sum, Reduction::Max]), &[axis])
            .and_then(|x| ops::tanh(g, x)),
        9 => dense(random, g, x),
        10 => {
            let mean = compose::mean(g, x, &[axis], true)?;
            compose::subtract(g, x, mean)
        }
        11 => {
            let zero = compose::scalar(g, 0.25, DType::F32)?;
            let (low, high) = (vec![1; shape.len()], vec![0; shape.len()]);
            ops::pad(g, x, zero, &low, &high, &vec![0; shape.len()])
        }
        _ => {
            let alike: Vec<Value> = values.iter().copied().filter(|value| dims(g, *value) == shape).collect();
            let y = random.pick(&alike);
            let sum = match random.below(3) {
                0 => compose::add(g, x, y)?,
                1 => compose::multiply(g, x, y)?,
                _ => compose::maximum(g, x, y)?,
            };
            ops::tanh(g, sum)
        }
    }
}

fn slice(random: &mut Random, g: &mut Graph, x: Value, axis: usize) -> Result<Value, GraphError> {
    let shape = dims(g, x);
    let mut starts = vec![0; shape.len()];
    let mut limits = shape.clone();
    starts[axis] = random.below(shape[axis]);
    limits[axis] = starts[axis] + 1 + random.below(shape[axis] - starts[axis]);
    ops::slice(g, x, &starts, &limits, &vec![1; shape.len()])
}

fn concatenate(
    random: &mut Random,
    g: &mut Graph,
    values: &[Value],
    x: Value,
    axis: usize,
) -> Result<Value, GraphError> {
    let without = |g: &Graph, value: Value| {
        let mut dims = dims(g, value);
        (axis < dims.len()).then(|| dims.remove(axis)).map(|_| dims)
    };
    let fitting: Vec<Value> =
        values.iter().copied().filter(|value| without(g, *value) == without(g, x)).collect();
    let operands: Vec<Value> = (0..2 + random.below(3)).map(|_| random.pick(&fitting)).collect();
    ops::concatenate(g, &operands, axis)
}

fn dense(random: &mut Random, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let shape = dims(g, x);
    let features = shape[shape.len() - 1];
    let kernel = support::numbers(&[features, 1 + random.below(5)], random.below(1000) as u64);
    let kernel = ops::constant(g, kernel)?;
    let product = compose::dense(g, x, kernel)?;
    if random.below(2) == 0 {
        return ops::tanh(g, product);
    }
    let rank = shape.len();
    let dimensions = DotDimensions {
        lhs_contracting: vec![rank - 1],
        rhs_contracting: vec![rank - 1],
        ..DotDimensions::default()
    };
    let square = ops::dot_general(g, product, product, &dimensions)?;
    ops::tanh(g, square)
}

fn case(random: &mut Random) -> (Graph, Vec<Tensor>) {
    let mut g = Graph::new();
    let mut values = Vec::new();
    let mut inputs = Vec::new();
    for _ in 0..1 + random.below(3) {
        let shape: &[usize] = random.pick(&[&[3, 4][..], &[1, 4], &[2, 3, 2], &[5], &[17, 9], &[0, 4]]);
        inputs.push(support::numbers(shape, random.below(1000) as u64));
        values.push(support::input(&mut g, shape, ""));
    }
    for _ in 0..1 + random.below(20) {
        let new = grow(random, &mut g, &values).unwrap();
        let ty = g.ty(new);
        if ty.shape.rank() > 0 && ty.shape.rank() < 5 && ty.shape.elements().unwrap() < 3000 {
            values.push(new);
        }
    }
    let outputs = (0..1 + random.below(4)).map(|_| random.pick(&values)).collect();
    g.set_outputs(outputs);
    (g, inputs)
}

fn run(g: &Graph, inputs: &[Tensor], isa: Isa, optimize: bool) -> Vec<Tensor> {
    let options = Options { isa, optimize, check_finite: false, dump: Dump::default() };
    let mut plan = compile(g, &Signature::values(inputs.len(), g.outputs().len()), &options).unwrap();
    let mut memory = Memory::new(Arc::new(Pool::new(1)));
    for (index, tensor) in inputs.iter().enumerate() {
        plan.set_input(&mut memory, index, tensor).unwrap();
    }
    let outputs = plan.run(&mut memory);
    (0..outputs.len()).map(|index| outputs.tensor(index)).collect()
}

fn check_close(found: &[Tensor], expected: &[Tensor], what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.dims(), expected.dims(), "{what}");
        let (found, expected) = (found.to_f64(), expected.to_f64());
        let worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0f64, f64::max);
        let scale = expected.iter().fold(1.0f64, |scale, x| scale.max(x.abs()));
        assert!(worst <= 1e-4 * scale, "{what}: off by {worst}");
    }
}

#[test]
fn plans_of_random_graphs_give_the_interpreter_s_numbers() {
    let mut random = Random(99);
    for number in 0..400 {
        let (g, inputs) = case(&mut random);
        let expected = eval::interpret(&g, &inputs).unwrap();
        for optimize in [false, true] {
            let found = run(&g, &inputs, Isa::Reference, optimize);
            assert_eq!(found, expected, "case {number}, with passes: {optimize}\n{g}");
        }
        for isa in Isa::available() {
            check_close(&run(&g, &inputs, isa, true), &expected, &format!("case {number}, {isa}\n{g}"));
        }
    }
}
