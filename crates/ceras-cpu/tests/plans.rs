//! Plans of real graphs: the interpreter's numbers, the same bits on any threads and for any batch.

mod support;

use std::sync::Arc;

use ceras_cpu::{Binding, Dump, Memory, NonFinite, Options, Signature, call, compile};
use ceras_graph::{DType, Function, Graph, Isa, Tensor, TensorType, compose, eval, ops};
use ceras_kernels::Pool;
use support::{Case, forward, training_step};

fn options(isa: Isa, optimize: bool) -> Options {
    Options { isa, optimize, check_finite: false, dump: Dump::default() }
}

fn run(case: &Case, options: &Options, threads: usize) -> Vec<Tensor> {
    let mut plan = compile(&case.graph, &case.signature, options).unwrap();
    let mut memory = Memory::new(Arc::new(Pool::new(threads)));
    case.fill(&plan, &mut memory);
    let outputs = plan.run(&mut memory);
    assert!(outputs.committed());
    (0..outputs.len()).map(|index| outputs.tensor(index)).collect()
}

fn close(a: &[Tensor], b: &[Tensor]) {
    for (index, (a, b)) in a.iter().zip(b).enumerate() {
        let (a, b) = (a.to_f64(), b.to_f64());
        let scale = b.iter().fold(1e-3f64, |scale, x| scale.max(x.abs()));
        for (x, y) in a.iter().zip(&b) {
            assert!((x - y).abs() <= 1e-5 * scale, "output {index}: {x} and {y}");
        }
    }
}

#[test]
fn plans_and_the_interpreter_are_interchangeable() {
    for case in [forward(7, 5, 9), forward(1, 5, 9), training_step(16, 5, 33)] {
        let expected = eval::interpret(&case.graph, &case.inputs).unwrap();
        assert_eq!(run(&case, &options(Isa::Reference, false), 1), expected);
        assert_eq!(run(&case, &options(Isa::Reference, true), 1), expected);
        for isa in Isa::available() {
            close(&run(&case, &options(isa, true), 2), &expected);
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let case = training_step(512, 64, 128);
    for isa in Isa::available() {
        let expected = run(&case, &options(isa, true), 1);
        for threads in [2, 3] {
            assert_eq!(run(&case, &options(isa, true), threads), expected, "{isa}, {threads} threads");
        }
    }
}

#[test]
fn a_row_is_the_same_alone_and_in_any_batch() {
    let (batch, features, units) = (37, 20, 48);
    for isa in Isa::available() {
        let whole = forward(batch, features, units);
        let expected = &run(&whole, &options(isa, true), 2)[0];
        for (start, end) in [(0, 1), (36, 37), (5, 6), (3, 12), (0, 36)] {
            let mut part = forward(end - start, features, units);
            part.inputs[0] = whole.inputs[0].rows(start, end).unwrap();
            let found = &run(&part, &options(isa, true), 1)[0];
            assert_eq!(*found, expected.rows(start, end).unwrap(), "{isa}, rows {start}..{end}");
        }
    }
}

#[test]
fn state_is_updated_in_place_and_only_while_all_is_finite() {
    let mut case = training_step(8, 4, 16);
    let mut plan = compile(&case.graph, &case.signature, &Options::default()).unwrap();
    assert!(!plan.describe().contains("  copy  "), "{}", plan.describe());
    let mut memory = Memory::default();
    case.fill(&plan, &mut memory);
    let before = memory.state.clone();
    plan.input_slice_mut::<f32>(&mut memory, 0)[3] = f32::NAN;
    assert!(!plan.run(&mut memory).committed());
    let bytes = before.bytes();
    assert_eq!(before.slice::<u8>(0, bytes), memory.state.slice::<u8>(0, bytes));
    // Descending for a while makes the loss smaller.
    case.inputs.truncate(3);
    case.fill(&plan, &mut memory);
    let first = plan.run(&mut memory).slice::<f32>(0)[0];
    let last = (0..50).map(|_| plan.run(&mut memory).slice::<f32>(0)[0]).last().unwrap();
    assert!(last < first, "{last} after {first}");
}

#[test]
fn two_plans_share_a_memory() {
    let case = training_step(16, 4, 8);
    let signature = Signature {
        inputs: [vec![Binding::Value], case.signature.inputs[3..8].to_vec()].concat(),
        outputs: vec![Binding::Value],
        guard: None,
    };
    let predict = forward(2, 4, 8);
    let mut train = compile(&case.graph, &case.signature, &Options::default()).unwrap();
    let mut predict_plan = compile(&predict.graph, &signature, &Options::default()).unwrap();
    let mut memory = Memory::default();
    case.fill(&train, &mut memory);
    train.run(&mut memory);
    predict_plan.set_input(&mut memory, 0, &predict.inputs[0]).unwrap();
    let now = predict_plan.run(&mut memory).tensor(0);
    let weights: Vec<Tensor> = (1..6)
        .map(|index| {
            let dims = predict_plan.input_type(index).shape.to_known().unwrap();
            Tensor::new(&dims, &*predict_plan.input_slice_mut::<f32>(&mut memory, index)).unwrap()
        })
        .collect();
    let function = Function::from_graph(predict.graph.clone());
    let expected = call(&function, &[vec![predict.inputs[0].clone()], weights].concat()).unwrap();
    assert_eq!(now, expected[0]);
}

#[test]
fn the_first_number_that_is_not_finite_is_found() {
    let mut graph = Graph::new();
    let x = support::input(&mut graph, &[3, 2], "x");
    graph.enter("model");
    graph.enter("logarithm");
    let y = ops::log(&mut graph, x).unwrap();
    let total = compose::sum(&mut graph, y, &[0, 1], false).unwrap();
    graph.set_outputs(vec![total]);
    let options = Options { check_finite: true, ..options(Isa::active(), true) };
    let mut plan = compile(&graph, &Signature::values(1, 1), &options).unwrap();
    let mut memory = Memory::default();
    plan.input_slice_mut::<f32>(&mut memory, 0).copy_from_slice(&[1.0, 2.0, 3.0, -1.0, 5.0, 6.0]);
    let outputs = plan.run(&mut memory);
    assert!(!outputs.committed());
    let Some(NonFinite { step, row, element, .. }) = outputs.non_finite() else {
        panic!("-1 has no logarithm")
    };
    assert_eq!((step.as_str(), *row, *element), ("model/logarithm/log", 1, 3));
    plan.input_slice_mut::<f32>(&mut memory, 0)[4] = f32::INFINITY;
    let outputs = plan.run(&mut memory);
    let found = outputs.non_finite().unwrap().to_string();
    assert_eq!(found, "step `inputs`: input `x` (float32 [3, 2]) has inf in row 2, element 4");
    plan.input_slice_mut::<f32>(&mut memory, 0).fill(1.0);
    assert!(plan.run(&mut memory).non_finite().is_none());
}

#[test]
fn call_takes_the_shapes_of_its_tensors() {
    let x = TensorType::new(DType::F32, [None, Some(2)]);
    let sums = Function::trace(&[("x", x)], |g, x| Ok(vec![compose::sum(g, x[0], &[1], false)?])).unwrap();
    let rows = Tensor::new(&[3, 2], [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    assert_eq!(call(&sums, &[rows]).unwrap()[0], Tensor::from_slice(&[3.0f32, 7.0, 11.0]));
    let wrong = Tensor::new(&[3, 3], [0.0f32; 9]).unwrap();
    assert!(call(&sums, &[wrong]).is_err());
    assert_eq!(call(&sums, &[]).unwrap_err().to_string(), "the function takes 1 tensors; 0 were given");
}

#[test]
fn loops_and_branches_run_as_compiled_bodies() {
    let mut body = Graph::new();
    let w = support::input(&mut body, &[4, 4], "w");
    let h = support::input(&mut body, &[2, 4], "h");
    let x = support::input(&mut body, &[2, 4], "x");
    let product = compose::dense(&mut body, h, w).unwrap();
    let sum = compose::add(&mut body, product, x).unwrap();
    let new = ops::tanh(&mut body, sum).unwrap();
    body.set_outputs(vec![w, new, new]);
    let mut g = Graph::new();
    let w = support::input(&mut g, &[4, 4], "w");
    let h = support::input(&mut g, &[2, 4], "h");
    let xs = support::input(&mut g, &[5, 2, 4], "xs");
    let ok = g.input(TensorType::scalar(DType::Bool), "ok");
    let mut results = ops::scan(&mut g, &[w, h], &[xs], body).unwrap();
    // One branch hands its operands on, changed about; the other computes.
    let branch = |computes: bool| {
        let mut branch = Graph::new();
        let a = support::input(&mut branch, &[2, 4], "a");
        let b = support::input(&mut branch, &[2, 4], "b");
        let sum = ops::add(&mut branch, a, b).unwrap();
        branch.set_outputs(if computes { vec![sum, a] } else { vec![b, b] });
        branch
    };
    let operands = [results[1], h];
    results.extend(ops::cond(&mut g, ok, &operands, branch(true), branch(false)).unwrap());
    g.set_outputs(results);
    for ok in [false, true] {
        let shapes = [(&[4, 4][..], 1), (&[2, 4], 2), (&[5, 2, 4], 3)];
        let mut inputs = shapes.map(|(dims, seed)| support::numbers(dims, seed)).to_vec();
        inputs.push(Tensor::from_bools(&[], &[ok]).unwrap());
        let case = Case { signature: Signature::values(4, g.outputs().len()), graph: g.clone(), inputs };
        let expected = eval::interpret(&case.graph, &case.inputs).unwrap();
        assert_eq!(run(&case, &options(Isa::Reference, false), 1), expected);
        for isa in Isa::available() {
            close(&run(&case, &options(isa, true), 2), &expected);
        }
    }
}

#[test]
fn profiles_and_descriptions_name_the_layers() {
    let case = training_step(16, 8, 32);
    let mut plan = compile(&case.graph, &case.signature, &Options::default()).unwrap();
    let mut memory = Memory::default();
    case.fill(&plan, &mut memory);
    let profile = plan.profile(&mut memory, 3);
    assert_eq!(profile.len(), plan.steps());
    assert!(profile.iter().any(|step| step.label.starts_with("head/") && step.flops >= 2 * 16 * 64 * 3));
    assert!(profile.iter().all(|step| step.seconds >= 0.0 && step.bytes > 0));
    let text = plan.describe();
    assert!(text.contains("commit if arena["), "{text}");
    assert!(text.contains("input `learning_rate`: float32 []"), "{text}");
}
