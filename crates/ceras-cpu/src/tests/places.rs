//! Where values go, on graphs small enough to say it by hand.

use std::sync::Arc;

use ceras_graph::{DType, Graph, Isa, Tensor, TensorType, Value};

use super::ops::Toy;
use crate::{Executable, Options, Signature, compile};

pub(crate) fn input(graph: &mut Graph, dims: &[usize], name: &str) -> Value {
    graph.input(TensorType::new(DType::U32, dims), name)
}

pub(crate) fn emit(graph: &mut Graph, toy: Toy, inputs: &[Value]) -> Value {
    graph.emit(Arc::new(toy), inputs).unwrap()[0]
}

pub(crate) fn options() -> Options {
    Options { isa: Isa::Portable, optimize: false, check_finite: false, dump: crate::Dump::default() }
}

fn plan(mut graph: Graph, outputs: &[Value]) -> Executable {
    graph.set_outputs(outputs.to_vec());
    let signature = Signature::values(graph.inputs().len(), outputs.len());
    compile(&graph, &signature, &options()).unwrap()
}

#[test]
fn a_chain_in_place_takes_one_place_beside_its_input() {
    let mut graph = Graph::new();
    let mut x = input(&mut graph, &[16], "x");
    for _ in 0..5 {
        x = emit(&mut graph, Toy::over(), &[x]);
    }
    let plan = plan(graph, &[x]);
    assert_eq!((plan.steps(), plan.arena_bytes()), (5, 128));
}

#[test]
fn a_chain_out_of_place_takes_turns() {
    let mut graph = Graph::new();
    let mut x = input(&mut graph, &[16], "x");
    for _ in 0..5 {
        x = emit(&mut graph, Toy::mix(), &[x]);
    }
    assert_eq!(plan(graph, &[x]).arena_bytes(), 192);
}

#[test]
fn views_are_no_work() {
    let mut graph = Graph::new();
    let x = input(&mut graph, &[4, 3], "x");
    let y = emit(&mut graph, Toy::Reshape(vec![6, 2]), &[x]);
    let z = emit(&mut graph, Toy::Rows { start: 1, count: 2 }, &[y]);
    let w = emit(&mut graph, Toy::over(), &[z]);
    let plan = plan(graph, &[z, w, x]);
    assert_eq!(plan.steps(), 1, "{}", plan.describe());
    assert_eq!(plan.arena_bytes(), 64 + 16);
}

#[test]
fn parts_of_a_concatenation_are_computed_in_their_slices() {
    let mut graph = Graph::new();
    let x = input(&mut graph, &[4, 3], "x");
    let a = emit(&mut graph, Toy::strided(), &[x]);
    let b = emit(&mut graph, Toy::strided(), &[x]);
    let inner = emit(&mut graph, Toy::Concatenate { axis: 1 }, &[a, b]);
    let c = emit(&mut graph, Toy::mix(), &[x]);
    let whole = emit(&mut graph, Toy::Concatenate { axis: 1 }, &[inner, c, a]);
    let plan = plan(graph, &[whole]);
    // Three jumbles; `c` cannot write rows with gaps, and `a` is in its slice of the inner one already.
    assert_eq!(plan.steps(), 5, "{}", plan.describe());
    assert!(plan.describe().contains("by 48"), "{}", plan.describe());
}

#[test]
fn a_single_row_is_a_slice_without_gaps() {
    let mut graph = Graph::new();
    let x = input(&mut graph, &[1, 3], "x");
    let a = emit(&mut graph, Toy::mix(), &[x]);
    let b = emit(&mut graph, Toy::mix(), &[x]);
    let b = emit(&mut graph, Toy::Reshape(vec![1, 3]), &[b]);
    let whole = emit(&mut graph, Toy::Concatenate { axis: 1 }, &[a, b]);
    assert_eq!(plan(graph, &[whole, a]).steps(), 2);
}

#[test]
fn parts_that_lie_elsewhere_are_joined_by_the_kernel() {
    let mut graph = Graph::new();
    let x = input(&mut graph, &[4, 3], "x");
    let y = input(&mut graph, &[4, 2], "y");
    let whole = emit(&mut graph, Toy::Concatenate { axis: 1 }, &[x, y]);
    assert_eq!(plan(graph, &[whole]).steps(), 1);
}

#[test]
fn outputs_may_be_inputs_constants_and_each_other() {
    let mut graph = Graph::new();
    let x = input(&mut graph, &[2], "x");
    let c = emit(&mut graph, Toy::Constant(Tensor::from_slice(&[5u32, 6])), &[]);
    let again = emit(&mut graph, Toy::Constant(Tensor::from_slice(&[5u32, 6])), &[]);
    let mut plan = plan(graph, &[x, c, x, again]);
    assert_eq!((plan.steps(), plan.constant_bytes()), (0, 8));
    let mut memory = crate::Memory::default();
    plan.input_slice_mut::<u32>(&mut memory, 0).copy_from_slice(&[1, 2]);
    let outputs = plan.run(&mut memory);
    assert_eq!(outputs.slice::<u32>(0), [1, 2]);
    assert_eq!(outputs.tensor(1), Tensor::from_slice(&[5u32, 6]));
    assert_eq!(outputs.slice::<u32>(2), [1, 2]);
    assert_eq!(outputs.slice::<u32>(3), [5, 6]);
}

#[test]
fn work_that_no_output_needs_is_left_out() {
    let mut graph = Graph::new();
    let x = input(&mut graph, &[2], "x");
    let y = emit(&mut graph, Toy::mix(), &[x]);
    emit(&mut graph, Toy::mix(), &[y]);
    assert_eq!(plan(graph, &[y]).steps(), 1);
}
