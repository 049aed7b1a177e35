//! Ops that own graphs.

use std::sync::Arc;

use ceras_kernels::{DType, Isa};

use crate::check::op_check;
use crate::graph::{Graph, Value};
use crate::op::Op;
use crate::ops::{self, Cond, Reduction, Scan};
use crate::tensor::Tensor;
use crate::types::TensorType;
use crate::{autodiff, compose, eval, passes};

fn f32s(dims: &[usize], elements: &[f32]) -> Tensor {
    Tensor::new(dims, elements).unwrap()
}

fn branch(build: impl FnOnce(&mut Graph, Value, Value) -> Value) -> Graph {
    let mut g = Graph::new();
    let x = g.input(TensorType::new(DType::F32, [2]), "x");
    let y = g.input(TensorType::new(DType::F32, [2]), "y");
    let result = build(&mut g, x, y);
    g.set_outputs(vec![result]);
    g
}

#[test]
fn cond_runs_one_branch_and_has_its_gradient() {
    let then_graph = branch(|g, x, y| ops::multiply(g, x, y).unwrap());
    let else_graph = branch(|g, x, _| ops::sine(g, x).unwrap());
    let op = Arc::new(Cond { then_graph, else_graph });
    let (x, y) = (f32s(&[2], &[0.5, -2.0]), f32s(&[2], &[3.0, 4.0]));
    for holds in [true, false] {
        let predicate = Tensor::from_bools(&[], &[holds]).unwrap();
        op_check(op.clone(), &[predicate.clone(), x.clone(), y.clone()]).unwrap();
        let result = eval::eval(op.clone(), &[predicate, x.clone(), y.clone()], Isa::Portable).unwrap();
        let expected = if holds { [1.5, -8.0] } else { [0.5f32.sin(), (-2.0f32).sin()] };
        assert_eq!(result[0].to_f32(), expected);
    }
}

/// h ← tanh(x·W + h·U), y = h: inputs h, W, U; x.
fn recurrent() -> Graph {
    let mut g = Graph::new();
    let h = g.input(TensorType::new(DType::F32, [2, 3]), "h");
    let w = g.input(TensorType::new(DType::F32, [4, 3]), "w");
    let u = g.input(TensorType::new(DType::F32, [3, 3]), "u");
    let x = g.input(TensorType::new(DType::F32, [2, 4]), "x");
    let from_x = compose::dense(&mut g, x, w).unwrap();
    let from_h = compose::dense(&mut g, h, u).unwrap();
    let sum = ops::add(&mut g, from_x, from_h).unwrap();
    let next = ops::tanh(&mut g, sum).unwrap();
    g.set_outputs(vec![next, w, u, next]);
    g
}

fn recurrent_inputs(steps: usize) -> Vec<Tensor> {
    let numbers = |name: &str, dims: &[usize]| {
        let count = dims.iter().product();
        let numbers = ceras_testkit::Sampler::new(name).uniforms(count, -1.0, 1.0);
        Tensor::new(dims, numbers).unwrap().cast(DType::F32)
    };
    vec![numbers("h", &[2, 3]), numbers("w", &[4, 3]), numbers("u", &[3, 3]), numbers("xs", &[steps, 2, 4])]
}

#[test]
fn scan_has_first_and_second_derivatives() {
    for reverse in [false, true] {
        for steps in [0, 1, 3] {
            let op = Scan { body: recurrent(), carries: 3, reverse, saves: vec![] };
            // The body computes in float32 only, so central differences are taken of the loop written out.
            let op: Arc<dyn Op> = Arc::new(op);
            op_check(Arc::clone(&op), &recurrent_inputs(steps)).unwrap();
        }
    }
}

/// The loop written out step by step.
fn written_out(g: &mut Graph, inputs: &[Value], steps: usize) -> (Value, Vec<Value>) {
    let (mut h, w, u, xs) = (inputs[0], inputs[1], inputs[2], inputs[3]);
    let mut ys = Vec::new();
    for step in 0..steps {
        let x = ops::slice(g, xs, &[step, 0, 0], &[step + 1, 2, 4], &[1, 1, 1]).unwrap();
        let x = ops::reshape(g, x, [2usize, 4]).unwrap();
        let out = g.inline(&recurrent(), &[h, w, u, x]).unwrap();
        h = out[0];
        ys.push(ops::reshape(g, out[3], [1usize, 2, 3]).unwrap());
    }
    (h, ys)
}

fn loss(g: &mut Graph, h: Value, ys: Value) -> Value {
    let weights: Vec<f64> = (0..6).map(|i| f64::from(i) * 0.3 - 0.7).collect();
    let weights = ops::constant(g, Tensor::new(&[2, 3], weights).unwrap().cast(DType::F32)).unwrap();
    let weighted = compose::multiply(g, ys, weights).unwrap();
    let square = compose::square(g, h).unwrap();
    let a = ops::reduce(g, weighted, Reduction::Sum, &[0, 1, 2]).unwrap();
    let b = ops::reduce(g, square, Reduction::Sum, &[0, 1]).unwrap();
    ops::add(g, a, b).unwrap()
}

#[test]
fn scan_is_the_loop_written_out_up_to_second_derivatives() {
    let steps = 3;
    let inputs = recurrent_inputs(steps);
    let run = |scanned: bool| {
        let mut g = Graph::new();
        let values: Vec<Value> = inputs.iter().map(|tensor| g.input(tensor.ty(), "")).collect();
        let (h, ys) = if scanned {
            let out = ops::scan(&mut g, &values[..3], &values[3..], recurrent()).unwrap();
            (out[0], out[3])
        } else {
            let (h, ys) = written_out(&mut g, &values, steps);
            (h, ops::concatenate(&mut g, &ys, 0).unwrap())
        };
        let loss = loss(&mut g, h, ys);
        let first = autodiff::gradients(&mut g, loss, &values).unwrap();
        let square = compose::square(&mut g, first[1]).unwrap();
        let norm = ops::reduce(&mut g, square, Reduction::Sum, &[0, 1]).unwrap();
        let second = autodiff::gradients(&mut g, norm, &values).unwrap();
        g.set_outputs([&[loss, h, ys][..], &first, &second].concat());
        let optimized = passes::optimize(&g);
        let results = eval::interpret(&g, &inputs).unwrap();
        let fast = eval::run(&optimized, &inputs, Isa::active()).unwrap();
        for (a, b) in fast.iter().zip(&results) {
            ceras_testkit::oracle::assert_close("optimized", &a.to_f64(), &b.to_f64(), 1e-5);
        }
        let scans = optimized.nodes().iter().filter(|node| node.op.name() == "scan").count();
        (results, scans)
    };
    let ((scanned, scans), (expected, _)) = (run(true), run(false));
    for (index, (a, b)) in scanned.iter().zip(&expected).enumerate() {
        ceras_testkit::oracle::assert_close(&format!("result {index}"), &a.to_f64(), &b.to_f64(), 1e-5);
    }
    // Forward and back, each with saved carries; back through the latter, and through both results of the former.
    assert_eq!(scans, 5);
}

#[test]
fn the_gradient_of_a_scan_runs_it_forward_once() {
    let inputs = recurrent_inputs(3);
    let mut g = Graph::new();
    let values: Vec<Value> = inputs.iter().map(|tensor| g.input(tensor.ty(), "")).collect();
    let out = ops::scan(&mut g, &values[..3], &values[3..], recurrent()).unwrap();
    let loss = loss(&mut g, out[0], out[3]);
    let gradients = autodiff::gradients(&mut g, loss, &values).unwrap();
    g.set_outputs([&[loss][..], &gradients].concat());
    let optimized = passes::optimize(&g);
    let scans = optimized.nodes().iter().filter(|node| node.op.name() == "scan").count();
    assert_eq!(scans, 2, "{optimized}");
}

#[test]
fn carries_may_change_places() {
    let mut body = Graph::new();
    let ty = || TensorType::new(DType::F32, [2]);
    let (a, b, x) = (body.input(ty(), ""), body.input(ty(), ""), body.input(ty(), ""));
    let sum = ops::add(&mut body, a, x).unwrap();
    body.set_outputs(vec![b, a, sum]);
    let scan: Arc<dyn Op> = Arc::new(Scan { body, carries: 2, reverse: false, saves: vec![0] });
    let inputs = [f32s(&[2], &[1.0, 2.0]), f32s(&[2], &[10.0, 20.0]), f32s(&[3, 2], &[0.0; 6])];
    let results = eval::eval(scan, &inputs, Isa::Portable).unwrap();
    assert_eq!(results[0].slice::<f32>(), [10.0, 20.0]);
    assert_eq!(results[1].slice::<f32>(), [1.0, 2.0]);
    assert_eq!(results[2].slice::<f32>(), [1.0, 2.0, 10.0, 20.0, 1.0, 2.0]);
    assert_eq!(results[3].slice::<f32>(), [1.0, 2.0, 10.0, 20.0, 1.0, 2.0]);
}

#[test]
fn a_scan_that_is_not_legal_says_why() {
    let rule = |op: &dyn Op, types: &[TensorType]| op.infer(&types.iter().collect::<Vec<_>>()).unwrap_err().0;
    let scan = Scan { body: recurrent(), carries: 3, reverse: false, saves: vec![] };
    let mut types: Vec<TensorType> = recurrent_inputs(3).iter().map(Tensor::ty).collect();
    types[3] = TensorType::new(DType::F32, [3, 2, 5]);
    assert_eq!(rule(&scan, &types), "{3} must be float32 [2, 4] for the body; it is float32 [2, 5]");
    assert_eq!(rule(&scan, &types[..3]), "needs a sequence, whose first axis is time");
}
