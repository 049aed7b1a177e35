//! Random graphs: the plan gives what the plain interpreter gives, and no bit of state changes that should not.

use ceras_graph::{DType, Graph, Tensor, TensorType, Value};
use ceras_kernels::Pool;

use super::ops::{Toy, evaluate};
use super::places::{emit, options};
use crate::{Binding, Memory, Signature, compile};

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

const SHAPES: [&[usize]; 7] = [&[3, 4], &[1, 4], &[4], &[2, 3, 2], &[6, 2], &[0, 4], &[3, 1]];

fn dims(graph: &Graph, value: Value) -> Vec<usize> {
    graph.ty(value).shape.to_known().unwrap()
}

/// Adds a random op on values that there are.
fn grow(random: &mut Random, graph: &mut Graph, values: &mut Vec<Value>) {
    let first = random.pick(values);
    let shape = dims(graph, first);
    let alike: Vec<Value> = values.iter().copied().filter(|value| dims(graph, *value) == shape).collect();
    let new = match random.below(10) {
        0 => emit(graph, Toy::Reshape(vec![shape.iter().product()]), &[first]),
        1 if shape.len() > 1 && shape[0] > 1 => {
            let start = random.below(shape[0]);
            let count = 1 + random.below(shape[0] - start);
            emit(graph, Toy::Rows { start, count }, &[first])
        }
        2..4 => {
            let axis = random.below(shape.len());
            let without = |value: &Value| {
                let mut dims = dims(graph, *value);
                (axis < dims.len()).then(|| dims.remove(axis)).map(|_| dims)
            };
            let fitting: Vec<Value> =
                values.iter().copied().filter(|value| without(value) == without(&first)).collect();
            let operands: Vec<Value> = (0..1 + random.below(4)).map(|_| random.pick(&fitting)).collect();
            emit(graph, Toy::Concatenate { axis }, &operands)
        }
        4 => {
            let elements: Vec<u32> = (0..12).map(|_| random.below(2) as u32).collect();
            emit(graph, Toy::Constant(Tensor::new(&[3, 4], elements).unwrap()), &[])
        }
        5 => body(random, graph, first, random_operand(&alike)),
        _ => {
            let operands: Vec<Value> = (0..1 + random.below(3)).map(|_| random.pick(&alike)).collect();
            let results = 1 + random.below(3);
            let pairs = (0..operands.len()).flat_map(|input| (0..results).map(move |result| (input, result)));
            let in_place = pairs.filter(|_| random.below(3) > 0).collect();
            let toy =
                Toy::Mix { results, in_place, strided: random.below(3) > 0, scratch: random.below(2) * 100 };
            let new = graph.emit(std::sync::Arc::new(toy), &operands).unwrap();
            values.extend_from_slice(&new[1..]);
            new[0]
        }
    };
    // Huge concatenations of concatenations would make the test slow, not better.
    if graph.ty(new).shape.elements().unwrap() < 400 {
        values.push(new);
    }
}

fn random_operand(alike: &[Value]) -> Value {
    *alike.last().unwrap()
}

/// Adds an op that owns a graph with outputs of every kind.
fn body(random: &mut Random, graph: &mut Graph, a: Value, b: Value) -> Value {
    let mut inner = Graph::new();
    let x = inner.input(graph.ty(a).clone(), "x");
    let y = inner.input(graph.ty(b).clone(), "y");
    let mixed = emit(&mut inner, Toy::over(), &[x, y]);
    let again = emit(&mut inner, Toy::over(), &[mixed]);
    let all = [x, y, mixed, again];
    let outputs = (0..1 + random.below(4)).map(|_| random.pick(&all)).collect();
    inner.set_outputs(outputs);
    graph.emit(std::sync::Arc::new(Toy::Body(inner)), &[a, b]).unwrap()[0]
}

struct Case {
    graph: Graph,
    signature: Signature,
}

fn case(random: &mut Random) -> Case {
    let mut graph = Graph::new();
    let mut signature = Signature::default();
    let mut values = Vec::new();
    for index in 0..2 + random.below(5) {
        let ty = TensorType::new(DType::U32, random.pick(&SHAPES));
        values.push(graph.input(ty, ""));
        let state = random.below(2) == 0;
        signature.inputs.push(if state { Binding::State { offset: index * 64 } } else { Binding::Value });
    }
    let inputs = values.clone();
    for _ in 0..random.below(25) {
        grow(random, &mut graph, &mut values);
    }
    let mut outputs: Vec<Value> = (0..1 + random.below(4)).map(|_| random.pick(&values)).collect();
    signature.outputs = vec![Binding::Value; outputs.len()];
    for (input, binding) in inputs.iter().zip(&signature.inputs) {
        let fitting: Vec<Value> = values
            .iter()
            .copied()
            .filter(|value| graph.ty(*value).bytes() == graph.ty(*input).bytes())
            .collect();
        if matches!(binding, Binding::State { .. }) && random.below(4) > 0 {
            outputs.push(random.pick(&fitting));
            signature.outputs.push(*binding);
        }
    }
    if random.below(2) == 0 {
        let ok = graph.input(TensorType::scalar(DType::Bool), "ok");
        signature.inputs.push(Binding::Value);
        signature.guard = Some(outputs.len());
        signature.outputs.push(Binding::Value);
        outputs.push(ok);
    }
    graph.set_outputs(outputs);
    Case { graph, signature }
}

#[test]
fn plans_give_what_the_interpreter_gives() {
    let mut random = Random(2024);
    for number in 0..3000 {
        let case = case(&mut random);
        check(&mut random, &case, number);
    }
}

fn check(random: &mut Random, case: &Case, number: usize) {
    let Case { graph, signature } = case;
    let mut plan =
        compile(graph, signature, &options()).unwrap_or_else(|error| panic!("case {number}: {error}"));
    let mut memory = Memory::new(std::sync::Arc::new(Pool::new(1)));
    plan.reserve(&mut memory);
    let bytes = memory.arena.bytes();
    memory.arena.slice_mut::<u8>(0, bytes).fill(0xcd);
    for run in 0..3 {
        let mut given = Vec::new();
        for (index, binding) in signature.inputs.iter().enumerate() {
            let is_guard = plan.input_type(index).dtype == DType::Bool;
            // The second run finds the inputs as the first left them.
            if (*binding == Binding::Value && run != 1) || run == 0 {
                plan.input_mut(&mut memory, index).iter_mut().for_each(|byte| {
                    *byte = random.below(if is_guard { 2 } else { 256 }) as u8;
                });
            }
            let dims = plan.input_type(index).shape.to_known().unwrap();
            let elements = if is_guard {
                vec![u32::from(plan.input_mut(&mut memory, index)[0])]
            } else {
                plan.input_slice_mut::<u32>(&mut memory, index).to_vec()
            };
            given.push((dims, elements));
        }
        let expected = evaluate(graph, &given);
        let before = memory.state.clone();
        let text = plan.describe();
        let outputs = plan.run(&mut memory);
        let committed = outputs.committed();
        let guard = signature.guard.is_none_or(|guard| expected[guard].1 == [1]);
        assert_eq!(committed, guard);
        for (index, binding) in signature.outputs.iter().enumerate() {
            if signature.guard != Some(index) && (committed || *binding == Binding::Value) {
                let found = outputs.slice::<u32>(index);
                assert_eq!(found, expected[index].1, "case {number}, run {run}, output {index}\n{text}");
            }
        }
        keeps_the_rest(signature, &plan, &before, &memory, committed);
    }
}

/// State that no output is bound to, or that the guard protected, is as it was.
fn keeps_the_rest(
    signature: &Signature,
    plan: &crate::Executable,
    before: &ceras_kernels::Block,
    memory: &Memory,
    committed: bool,
) {
    for (index, binding) in signature.inputs.iter().enumerate() {
        let Binding::State { offset } = *binding else { continue };
        if !committed || !signature.outputs.contains(binding) {
            let bytes = plan.input_type(index).bytes().unwrap();
            assert_eq!(before.slice::<u8>(offset, bytes), memory.state.slice::<u8>(offset, bytes));
        }
    }
}
