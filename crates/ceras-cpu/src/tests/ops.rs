//! A few ops over `uint32` with every trait that the planner cares about.

use std::sync::Arc;

use ceras_graph::op::{CompiledGraph, CompoundStep, KernelStep};
use ceras_graph::{
    Attributes, CpuStep, DType, Graph, GraphError, Op, OpTypes, Rule, Tensor, TensorType, Vjp, VjpCx,
};
use ceras_kernels::{Io, Kernel, RowsMut, elementwise};

/// What a toy op does.
#[derive(Clone, Debug)]
pub(crate) enum Toy {
    /// Results of the operands' shape, each element a jumble of the operands' elements there.
    Mix { results: usize, in_place: Vec<(usize, usize)>, strided: bool, scratch: usize },
    /// The same elements under other dimensions: a view.
    Reshape(Vec<usize>),
    /// Rows from one on, along the first axis: a view.
    Rows { start: usize, count: usize },
    /// Joins along an axis.
    Concatenate { axis: usize },
    /// A constant.
    Constant(Tensor),
    /// Runs a graph.
    Body(Graph),
}

impl Toy {
    /// A jumble with one result that can do nothing special.
    pub(crate) fn mix() -> Toy {
        Toy::Mix { results: 1, in_place: Vec::new(), strided: false, scratch: 0 }
    }

    /// A jumble with one result that may be written over the first operand.
    pub(crate) fn over() -> Toy {
        Toy::Mix { results: 1, in_place: vec![(0, 0)], strided: false, scratch: 0 }
    }

    /// A jumble with one result that takes rows with gaps.
    pub(crate) fn strided() -> Toy {
        Toy::Mix { results: 1, in_place: Vec::new(), strided: true, scratch: 0 }
    }

    /// What the results are, computed plainly.
    pub(crate) fn reference(&self, inputs: &[(Vec<usize>, Vec<u32>)]) -> Vec<(Vec<usize>, Vec<u32>)> {
        match self {
            Toy::Mix { results, .. } => (0..*results)
                .map(|result| {
                    let element = |index: usize| {
                        inputs.iter().fold(seed(result), |sum, (_, elements)| jumble(sum, elements[index]))
                    };
                    (inputs[0].0.clone(), (0..inputs[0].1.len()).map(element).collect())
                })
                .collect(),
            Toy::Reshape(dims) => vec![(dims.clone(), inputs[0].1.clone())],
            Toy::Rows { start, count } => {
                let width: usize = inputs[0].0[1..].iter().product();
                let mut dims = inputs[0].0.clone();
                dims[0] = *count;
                vec![(dims, inputs[0].1[start * width..(start + count) * width].to_vec())]
            }
            Toy::Concatenate { axis } => vec![join(inputs, *axis)],
            Toy::Constant(tensor) => vec![(tensor.dims().to_vec(), tensor.slice::<u32>().to_vec())],
            Toy::Body(body) => evaluate(body, inputs),
        }
    }
}

/// Runs a graph of toy ops plainly.
pub(crate) fn evaluate(graph: &Graph, inputs: &[(Vec<usize>, Vec<u32>)]) -> Vec<(Vec<usize>, Vec<u32>)> {
    let mut values = vec![(Vec::new(), Vec::new()); graph.values()];
    for (value, given) in graph.inputs().iter().zip(inputs) {
        values[value.index()] = given.clone();
    }
    for node in graph.nodes() {
        let operands: Vec<_> = node.inputs.iter().map(|value| values[value.index()].clone()).collect();
        let op: &dyn std::any::Any = &*node.op;
        let toy: &Toy = op.downcast_ref().expect("a graph of toys");
        for (value, result) in node.outputs.iter().zip(toy.reference(&operands)) {
            values[value.index()] = result;
        }
    }
    graph.outputs().iter().map(|value| values[value.index()].clone()).collect()
}

fn seed(result: usize) -> u32 {
    result as u32 + 17
}

fn jumble(sum: u32, element: u32) -> u32 {
    (sum.rotate_left(5) ^ element).wrapping_mul(0x9e37_79b1)
}

fn join(inputs: &[(Vec<usize>, Vec<u32>)], axis: usize) -> (Vec<usize>, Vec<u32>) {
    let mut dims = inputs[0].0.clone();
    dims[axis] = inputs.iter().map(|(dims, _)| dims[axis]).sum();
    let outer: usize = dims[..axis].iter().product();
    let mut elements = Vec::new();
    for row in 0..outer {
        for (_, operand) in inputs {
            let width = operand.len() / outer;
            elements.extend_from_slice(&operand[row * width..(row + 1) * width]);
        }
    }
    (dims, elements)
}

impl Op for Toy {
    fn name(&self) -> &'static str {
        match self {
            Toy::Mix { .. } => "mix",
            Toy::Reshape(_) => "reshape",
            Toy::Rows { .. } => "rows",
            Toy::Concatenate { .. } => "concatenate",
            Toy::Constant(_) => "constant",
            Toy::Body(_) => "body",
        }
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        if let Toy::Constant(tensor) = self {
            return Ok(vec![tensor.ty()]);
        }
        if let Toy::Mix { results, .. } = self {
            return Ok(vec![inputs[0].clone(); *results]);
        }
        if let Toy::Body(body) = self {
            return Ok(body.outputs().iter().map(|value| body.ty(*value).clone()).collect());
        }
        let zeros: Vec<_> = inputs
            .iter()
            .map(|ty| (ty.shape.to_known().unwrap(), vec![0; ty.shape.elements().unwrap()]))
            .collect();
        Ok(self
            .reference(&zeros)
            .into_iter()
            .map(|(dims, _)| TensorType::new(DType::U32, &dims[..]))
            .collect())
    }

    fn vjp(&self, _: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        Ok(Vjp::NotDifferentiable("it is a toy"))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        match self {
            Toy::Mix { in_place, strided, scratch, .. } => {
                let mut step = KernelStep::new(MixKernel).scratch(*scratch);
                step.in_place = in_place.clone();
                step.strided_inputs = *strided;
                step.strided_outputs = *strided;
                step.into()
            }
            Toy::Reshape(_) => CpuStep::View { offset_bytes: 0 },
            Toy::Rows { start, .. } => {
                let width: usize = types.input_dims(0)[1..].iter().product();
                CpuStep::View { offset_bytes: start * width * 4 }
            }
            Toy::Concatenate { axis } => {
                let outer = types.output_dims(0)[..*axis].iter().product();
                CpuStep::Concatenate { axis: *axis, kernel: Box::new(JoinKernel { outer }) }
            }
            Toy::Constant(tensor) => CpuStep::Constant(tensor.clone()),
            Toy::Body(_) => CpuStep::Compound(CompoundStep {
                build: Box::new(|bodies| {
                    let body = bodies.into_iter().next().expect("there is one graph");
                    let scratch = body.program.arena_bytes();
                    KernelStep::new(BodyKernel(std::sync::Mutex::new(body))).scratch(scratch)
                }),
            }),
        }
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
    }

    fn elementwise(&self) -> Option<&'static elementwise::Function> {
        None
    }

    fn graphs(&self) -> Vec<&Graph> {
        if let Toy::Body(body) = self { vec![body] } else { Vec::new() }
    }

    fn with_graphs(&self, mut graphs: Vec<Graph>) -> Arc<dyn Op> {
        Arc::new(Toy::Body(graphs.remove(0)))
    }
}

#[derive(Debug)]
struct MixKernel;

impl Kernel for MixKernel {
    fn run(&self, io: &mut Io<'_>) {
        io.scratch::<u8>().fill(0xab);
        let mut outputs: Vec<RowsMut<'_, u32>> =
            (0..io.outputs()).map(|output| io.output_rows(output)).collect();
        for index in 0..outputs[0].len() * outputs[0].width() {
            // All operands are read before any result is written: some of them lie in one place.
            let operands: Vec<u32> = (0..io.inputs())
                .map(|input| match io.in_place(input) {
                    Some(output) => *slot(&mut outputs[output], index),
                    None => element(io, input, index),
                })
                .collect();
            for (result, output) in outputs.iter_mut().enumerate() {
                *slot(output, index) =
                    operands.iter().fold(seed(result), |sum, element| jumble(sum, *element));
            }
        }
    }
}

/// An element of an output by its number in row-major order; regions of one step may differ in their rows.
fn slot<'a>(output: &'a mut RowsMut<'_, u32>, index: usize) -> &'a mut u32 {
    let width = output.width();
    &mut output.row(index / width)[index % width]
}

/// An element of an input by its number in row-major order.
fn element(io: &Io<'_>, input: usize, index: usize) -> u32 {
    let rows = io.input_rows::<u32>(input);
    rows.row(index / rows.width())[index % rows.width()]
}

#[derive(Debug)]
struct JoinKernel {
    outer: usize,
}

impl Kernel for JoinKernel {
    fn run(&self, io: &mut Io<'_>) {
        let output = io.output::<u32>(0);
        let mut at = 0;
        for row in 0..self.outer {
            for input in 0..io.inputs() {
                let operand = io.input::<u32>(input);
                let width = operand.len() / self.outer;
                output[at..at + width].copy_from_slice(&operand[row * width..(row + 1) * width]);
                at += width;
            }
        }
    }
}

/// Runs a body on blocks of its own, so that nothing but the planned ranges is tested.
#[derive(Debug)]
struct BodyKernel(std::sync::Mutex<CompiledGraph>);

impl Kernel for BodyKernel {
    fn run(&self, io: &mut Io<'_>) {
        let body = &mut *self.0.lock().unwrap();
        let mut arena = ceras_kernels::Block::zeroed(body.program.arena_bytes());
        for (input, range) in body.inputs.iter().enumerate() {
            arena.slice_mut::<u8>(range.start, range.len()).copy_from_slice(io.input(input));
        }
        let steps = body.program.steps().len();
        body.program.run(&mut arena, &mut ceras_kernels::Block::zeroed(0), io.pool(), 0..steps);
        for (output, range) in body.outputs.iter().enumerate() {
            io.output::<u8>(output).copy_from_slice(arena.slice(range.start, range.len()));
        }
    }
}
