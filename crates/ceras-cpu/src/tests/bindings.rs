//! State: what is written where, when, and whether.

use ceras_graph::{DType, Graph, TensorType, Value};

use super::ops::Toy;
use super::places::{emit, input, options};
use crate::{Binding, Executable, Memory, Signature, compile};

const fn slot(index: usize) -> Binding {
    Binding::State { offset: index * 64 }
}

fn plan(
    graph: &mut Graph,
    inputs: &[Binding],
    outputs: &[(Value, Binding)],
    guard: Option<usize>,
) -> Executable {
    graph.set_outputs(outputs.iter().map(|(value, _)| *value).collect());
    let outputs = outputs.iter().map(|(_, binding)| *binding).collect();
    compile(graph, &Signature { inputs: inputs.to_vec(), outputs, guard }, &options()).unwrap()
}

/// Runs with slot i holding i + 1; gives the first element of the slots.
fn run(plan: &mut Executable, slots: usize) -> (Memory, Vec<u32>) {
    let mut memory = Memory::with_state(std::sync::Arc::new(ceras_kernels::Pool::new(1)), slots * 64);
    for index in 0..slots {
        memory.state.slice_mut::<u32>(index * 64, 2).fill(index as u32 + 1);
    }
    plan.run(&mut memory);
    let state = (0..slots).map(|index| memory.state.slice::<u32>(index * 64, 1)[0]).collect();
    (memory, state)
}

fn jumbled(inputs: &[u32]) -> u32 {
    let inputs: Vec<_> = inputs.iter().map(|input| (vec![1], vec![*input])).collect();
    Toy::mix().reference(&inputs)[0].1[0]
}

#[test]
fn new_state_is_computed_in_place_when_the_kernel_can() {
    let mut graph = Graph::new();
    let w = input(&mut graph, &[2], "w");
    let new = emit(&mut graph, Toy::over(), &[w]);
    let mut plan = plan(&mut graph, &[slot(0)], &[(new, slot(0))], None);
    assert_eq!((plan.steps(), plan.arena_bytes()), (1, 0), "{}", plan.describe());
    assert_eq!(run(&mut plan, 1).1, [jumbled(&[1])]);
}

#[test]
fn new_state_is_copied_when_the_old_is_still_read() {
    let mut graph = Graph::new();
    let (v, w) = (input(&mut graph, &[2], "v"), input(&mut graph, &[2], "w"));
    let new_v = emit(&mut graph, Toy::over(), &[v, w]);
    let new_w = emit(&mut graph, Toy::over(), &[w, v]);
    let mut plan = plan(&mut graph, &[slot(0), slot(1)], &[(new_v, slot(0)), (new_w, slot(1))], None);
    assert_eq!(plan.steps(), 3, "{}", plan.describe());
    assert_eq!(run(&mut plan, 2).1, [jumbled(&[1, 2]), jumbled(&[2, 1])]);
}

#[test]
fn states_may_change_places() {
    let mut graph = Graph::new();
    let (v, w) = (input(&mut graph, &[2], "v"), input(&mut graph, &[2], "w"));
    let mut plan =
        plan(&mut graph, &[slot(0), slot(1)], &[(w, slot(0)), (v, slot(1)), (v, Binding::Value)], None);
    let (mut memory, state) = run(&mut plan, 2);
    assert_eq!(state, [2, 1]);
    assert_eq!(plan.run(&mut memory).slice::<u32>(2)[0], 2);
}

#[test]
fn one_value_may_go_to_two_places_and_out() {
    let mut graph = Graph::new();
    let v = input(&mut graph, &[2], "v");
    let new = emit(&mut graph, Toy::mix(), &[v]);
    let outputs = [(new, slot(0)), (new, slot(1)), (new, Binding::Value), (v, Binding::Value)];
    let mut plan = plan(&mut graph, &[slot(0)], &outputs, None);
    let (mut memory, state) = run(&mut plan, 2);
    let (once, twice) = (jumbled(&[1]), jumbled(&[jumbled(&[1])]));
    assert_eq!(state, [once, once]);
    let outputs = plan.run(&mut memory);
    assert_eq!([2, 3, 0].map(|output| outputs.slice::<u32>(output)[0]), [twice, once, twice]);
}

#[test]
fn unchanged_state_costs_nothing() {
    let mut graph = Graph::new();
    let v = input(&mut graph, &[2], "v");
    let view = emit(&mut graph, Toy::Reshape(vec![2]), &[v]);
    let plan = plan(&mut graph, &[slot(0)], &[(view, slot(0)), (v, Binding::Value)], None);
    assert_eq!((plan.steps(), plan.arena_bytes()), (0, 0));
}

#[test]
fn the_guard_keeps_the_state() {
    let mut graph = Graph::new();
    let w = input(&mut graph, &[2], "w");
    let ok = graph.input(TensorType::scalar(DType::Bool), "ok");
    let x = input(&mut graph, &[2], "x");
    let loss = emit(&mut graph, Toy::over(), &[w, x]);
    let step = emit(&mut graph, Toy::over(), &[w, loss]);
    let outputs = [(loss, Binding::Value), (step, slot(0)), (ok, Binding::Value), (loss, slot(1))];
    let inputs = [slot(0), Binding::Value, Binding::Value];
    let mut plan = plan(&mut graph, &inputs, &outputs, Some(2));
    assert_eq!((plan.compute_steps(), plan.steps()), (1, 3), "{}", plan.describe());
    let mut memory = Memory::default();
    plan.input_slice_mut::<u32>(&mut memory, 2).fill(7);
    plan.input_slice_mut::<u32>(&mut memory, 0).fill(1);
    let refused = plan.run(&mut memory);
    assert!(!refused.committed());
    assert_eq!(refused.slice::<u32>(0)[0], jumbled(&[1, 7]));
    assert_eq!((refused.slice::<u32>(1)[0], refused.slice::<u32>(3)[0]), (1, 0));
    plan.input_mut(&mut memory, 1)[0] = 1;
    let kept = plan.run(&mut memory);
    assert!(kept.committed());
    assert_eq!(kept.slice::<u32>(1)[0], jumbled(&[1, jumbled(&[1, 7])]));
    assert_eq!(kept.slice::<u32>(3)[0], jumbled(&[1, 7]));
}

#[test]
fn signatures_that_do_not_fit_are_refused() {
    let mut graph = Graph::new();
    let x = input(&mut graph, &[2], "x");
    let y = input(&mut graph, &[3], "y");
    graph.set_outputs(vec![x]);
    let refusal = |inputs: [Binding; 2], output: Binding, guard| {
        let signature = Signature { inputs: inputs.to_vec(), outputs: vec![output], guard };
        compile(&graph, &signature, &options()).unwrap_err().to_string()
    };
    let _ = y;
    let at = |offset| Binding::State { offset };
    assert_eq!(refusal([at(0), at(4)], Binding::Value, None), "`y` and `x` overlap in the state");
    assert_eq!(refusal([at(0), at(3)], Binding::Value, None), "`y` cannot lie at byte 3 of the state");
    let value = Binding::Value;
    assert_eq!(refusal([value, value], value, Some(0)), "the guard must be a single bool; it is uint32 [2]");
    let compiled = compile(&graph, &Signature::values(1, 1), &options());
    assert_eq!(compiled.unwrap_err().to_string(), "the graph has 2 inputs, its signature 1");
}

#[test]
fn an_unknown_dimension_is_named() {
    let mut graph = Graph::new();
    let x = graph.input(TensorType::new(DType::U32, [None, Some(4)]), "features");
    graph.set_outputs(vec![x]);
    let error = compile(&graph, &Signature::values(1, 1), &options()).unwrap_err();
    assert_eq!(error.problem, "`features` is uint32 [?, 4], which has an unknown dimension");
    assert!(error.to_string().contains("hint: "));
}
