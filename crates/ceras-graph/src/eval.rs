//! Running ops one by one, on the host, without the engine: for constant folding, for tests, and for debugging a
//! model on the plain loops.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ceras_kernels::memory::ALIGNMENT;
use ceras_kernels::movement::Copy;
use ceras_kernels::{Block, Io, Isa, Kernel, PlanError, Pool, Program, Region, Space, Step};

use crate::error::GraphError;
use crate::graph::{Graph, Node, Value};
use crate::op::{CompiledGraph, CpuStep, KernelStep, Op, OpTypes};
use crate::tensor::{Tensor, TensorError};
use crate::types::TensorType;

/// A graph could not be run.
#[derive(Clone, Debug, PartialEq)]
pub enum EvalError {
    /// The tensors are not what the graph takes.
    Inputs(String),
    /// The operands break an op's rule.
    Graph(GraphError),
    /// A dimension is unknown, or a tensor is too large for the address space.
    Size(String),
    /// The steps do not make a program: a fault of an op's `cpu`.
    Plan(PlanError),
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalError::Inputs(why) | EvalError::Size(why) => f.write_str(why),
            EvalError::Graph(error) => error.fmt(f),
            EvalError::Plan(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EvalError {}

impl From<GraphError> for EvalError {
    fn from(error: GraphError) -> EvalError {
        EvalError::Graph(error)
    }
}

impl From<PlanError> for EvalError {
    fn from(error: PlanError) -> EvalError {
        EvalError::Plan(error)
    }
}

impl From<TensorError> for EvalError {
    fn from(error: TensorError) -> EvalError {
        EvalError::Size(error.0)
    }
}

/// Runs one op by itself.
///
/// # Errors
/// The tensors break the op's rule.
pub fn eval(op: Arc<dyn Op>, inputs: &[Tensor], isa: Isa) -> Result<Vec<Tensor>, EvalError> {
    let mut g = Graph::new();
    let values: Vec<Value> = inputs.iter().map(|tensor| g.input(tensor.ty(), "")).collect();
    let outputs = g.emit(op, &values)?;
    g.set_outputs(outputs);
    run(&g, inputs, isa)
}

/// Runs a graph node by node on the plain loops.
///
/// # Errors
/// The tensors are not what the graph takes, or its shapes are not known.
///
/// # Examples
/// ```
/// use ceras_graph::{DType, Function, Tensor, TensorType, compose, eval};
/// let x = TensorType::new(DType::F32, [3]);
/// let f = Function::trace(&[("x", x)], |g, x| Ok(vec![compose::relu(g, x[0])?]))?;
/// let y = eval::interpret(f.graph(), &[Tensor::from_slice(&[-1.0f32, 0.0, 2.0])]).unwrap();
/// assert_eq!(y[0].slice::<f32>(), [0.0, 0.0, 2.0]);
/// # Ok::<(), ceras_graph::GraphError>(())
/// ```
pub fn interpret(graph: &Graph, inputs: &[Tensor]) -> Result<Vec<Tensor>, EvalError> {
    interpret_with(graph, inputs, Isa::Reference, &mut |_, _| {})
}

/// [`interpret`] on the kernels of a level; `observe` sees each node and its results.
///
/// # Errors
/// As [`interpret`].
pub fn interpret_with(
    graph: &Graph,
    inputs: &[Tensor],
    isa: Isa,
    observe: &mut dyn FnMut(&Node, &[Tensor]),
) -> Result<Vec<Tensor>, EvalError> {
    check_inputs(graph, inputs)?;
    let mut values: Vec<Option<Tensor>> = vec![None; graph.values()];
    for (value, tensor) in graph.inputs().iter().zip(inputs) {
        values[value.index()] = Some(tensor.clone());
    }
    let mut uses = vec![0usize; graph.values()];
    for value in graph.nodes().iter().flat_map(|node| &node.inputs).chain(graph.outputs()) {
        uses[value.index()] += 1;
    }
    for node in graph.nodes() {
        let operands: Vec<Tensor> =
            node.inputs.iter().map(|value| look(&values, *value)).collect::<Result<_, _>>()?;
        let results = eval(Arc::clone(&node.op), &operands, isa)?;
        observe(node, &results);
        for (value, tensor) in node.outputs.iter().zip(results) {
            values[value.index()] = Some(tensor);
        }
        for value in &node.inputs {
            uses[value.index()] -= 1;
            if uses[value.index()] == 0 {
                values[value.index()] = None;
            }
        }
    }
    graph.outputs().iter().map(|value| look(&values, *value)).collect()
}

fn look(values: &[Option<Tensor>], value: Value) -> Result<Tensor, EvalError> {
    values[value.index()].clone().ok_or_else(|| EvalError::Inputs(format!("%{} has no value", value.index())))
}

fn check_inputs(graph: &Graph, inputs: &[Tensor]) -> Result<(), EvalError> {
    if graph.inputs().len() != inputs.len() {
        let (wanted, given) = (graph.inputs().len(), inputs.len());
        return Err(EvalError::Inputs(format!("the graph takes {wanted} tensors, not {given}")));
    }
    for (index, (value, tensor)) in graph.inputs().iter().zip(inputs).enumerate() {
        let (wanted, given) = (graph.ty(*value), tensor.ty());
        if wanted.dtype != given.dtype || !wanted.shape.is_compatible(&given.shape) {
            let name = graph.name(*value).map_or_else(|| index.to_string(), |name| format!("`{name}`"));
            return Err(EvalError::Inputs(format!("input {name} must be {wanted}; it is {given}")));
        }
    }
    Ok(())
}

/// Runs a graph of known shapes as one program, in which every value has its own place.
///
/// # Errors
/// The tensors are not what the graph takes, or its shapes are not known.
pub fn run(graph: &Graph, inputs: &[Tensor], isa: Isa) -> Result<Vec<Tensor>, EvalError> {
    check_inputs(graph, inputs)?;
    let mut compiled = compile(graph, isa)?;
    let mut arena = Block::zeroed(compiled.program.arena_bytes());
    for (range, tensor) in compiled.inputs.iter().zip(inputs) {
        arena.slice_mut::<u8>(range.start, range.len()).copy_from_slice(tensor.bytes());
    }
    let steps = 0..compiled.program.steps().len();
    // One thread: most ops run so are small, and waking others costs more than it saves.
    compiled.program.run(&mut arena, &mut Block::zeroed(0), &Pool::new(1), steps);
    let mut results = Vec::with_capacity(graph.outputs().len());
    for (value, range) in graph.outputs().iter().zip(&compiled.outputs) {
        let ty = graph.ty(*value);
        let dims = ty.shape.to_known().unwrap_or_default();
        results.push(Tensor::from_bytes(ty.dtype, &dims, arena.slice::<u8>(range.start, range.len()))?);
    }
    Ok(results)
}

/// A graph of known shapes as a program in which every value has its own place in the arena. The engine makes better
/// ones; this one serves where speed does not matter.
///
/// # Errors
/// A shape is not known.
pub fn compile(graph: &Graph, isa: Isa) -> Result<CompiledGraph, EvalError> {
    let mut plan = Plan {
        graph,
        isa,
        places: vec![None; graph.values()],
        arena: 0,
        constants: Vec::new(),
        steps: Vec::new(),
    };
    let mut inputs = Vec::with_capacity(graph.inputs().len());
    for value in graph.inputs() {
        let region = plan.reserve(plan.bytes(*value)?)?;
        plan.places[value.index()] = Some(region);
        inputs.push(region.offset..region.offset + region.row_bytes);
    }
    for node in graph.nodes() {
        plan.node(node)?;
    }
    let mut outputs = Vec::with_capacity(graph.outputs().len());
    for value in graph.outputs() {
        let region = plan.output(*value)?;
        outputs.push(region.offset..region.offset + region.row_bytes);
    }
    let mut constants = Block::zeroed(plan.constants.len());
    constants.slice_mut::<u8>(0, plan.constants.len()).copy_from_slice(&plan.constants);
    let program = Program::new(plan.steps, constants, plan.arena, 0)?;
    Ok(CompiledGraph { program, inputs, outputs })
}

struct Plan<'a> {
    graph: &'a Graph,
    isa: Isa,
    /// Where each value lies.
    places: Vec<Option<Region>>,
    arena: usize,
    constants: Vec<u8>,
    steps: Vec<Step>,
}

impl Plan<'_> {
    fn bytes(&self, value: Value) -> Result<usize, EvalError> {
        let ty = self.graph.ty(value);
        ty.bytes().ok_or_else(|| {
            EvalError::Size(format!("a tensor of {ty} cannot be made: its size is not known, or too large"))
        })
    }

    /// Room in the arena.
    fn reserve(&mut self, bytes: usize) -> Result<Region, EvalError> {
        let offset = self.arena;
        let end = offset.checked_add(bytes).and_then(|end| end.checked_next_multiple_of(ALIGNMENT));
        self.arena = end.filter(|end| *end <= isize::MAX as usize).ok_or_else(|| {
            EvalError::Size("the tensors of the graph do not fit in memory's address space".into())
        })?;
        Ok(Region::contiguous(Space::Arena, offset, bytes))
    }

    fn place(&self, value: Value) -> Result<Region, EvalError> {
        self.places[value.index()]
            .ok_or_else(|| EvalError::Inputs(format!("%{} is used before it is made", value.index())))
    }

    fn node(&mut self, node: &Node) -> Result<(), EvalError> {
        let types = |values: &[Value]| -> Vec<TensorType> {
            values.iter().map(|v| self.graph.ty(*v).clone()).collect()
        };
        let (inputs, outputs) = (types(&node.inputs), types(&node.outputs));
        for value in node.inputs.iter().chain(&node.outputs) {
            self.bytes(*value)?;
        }
        let step = node.op.cpu(&OpTypes { inputs: &inputs, outputs: &outputs, isa: self.isa });
        match step {
            CpuStep::View { offset_bytes } => {
                let source = self.place(node.inputs[0])?;
                let bytes = self.bytes(node.outputs[0])?;
                let place = Region::contiguous(source.space, source.offset + offset_bytes, bytes);
                self.places[node.outputs[0].index()] = Some(place);
                Ok(())
            }
            CpuStep::Constant(tensor) => {
                let offset = self.constants.len().next_multiple_of(ALIGNMENT);
                self.constants.resize(offset, 0);
                self.constants.extend_from_slice(tensor.bytes());
                let place = Region::contiguous(Space::Constants, offset, tensor.bytes().len());
                self.places[node.outputs[0].index()] = Some(place);
                Ok(())
            }
            CpuStep::Concatenate { kernel, .. } => {
                self.kernel(node, KernelStep { kernel, ..KernelStep::new(Copy::new()) })
            }
            CpuStep::Kernel(step) => self.kernel(node, step),
            CpuStep::Compound(compound) => {
                let graphs: Result<Vec<CompiledGraph>, EvalError> =
                    node.op.graphs().into_iter().map(|graph| compile(graph, self.isa)).collect();
                let step = (compound.build)(graphs?);
                self.kernel(node, step)
            }
        }
    }

    fn kernel(&mut self, node: &Node, step: KernelStep) -> Result<(), EvalError> {
        let inputs: Vec<Region> =
            node.inputs.iter().map(|value| self.place(*value)).collect::<Result<_, _>>()?;
        let mut outputs = Vec::with_capacity(node.outputs.len());
        for value in &node.outputs {
            let place = self.reserve(self.bytes(*value)?)?;
            self.places[value.index()] = Some(place);
            outputs.push(place);
        }
        let scratch = match step.scratch_bytes {
            0 => None,
            bytes => Some(self.reserve(bytes)?),
        };
        let label = node.op.name().to_owned();
        self.steps.push(Step { label, kernel: step.kernel, inputs, outputs, scratch, in_place: Vec::new() });
        Ok(())
    }

    /// The place of an output, copied to the arena if it lies among the constants.
    fn output(&mut self, value: Value) -> Result<Region, EvalError> {
        let place = self.place(value)?;
        if place.space == Space::Arena {
            return Ok(place);
        }
        let copy = self.reserve(place.row_bytes)?;
        self.steps.push(Step {
            label: "copy".into(),
            kernel: Box::new(Copy::new()),
            inputs: vec![place],
            outputs: vec![copy],
            scratch: None,
            in_place: Vec::new(),
        });
        self.places[value.index()] = Some(copy);
        Ok(copy)
    }
}

/// A step that runs a whole graph, for ops that have no kernel of their own for some operands.
pub(crate) fn graph_step(graph: &Graph, isa: Isa) -> Result<KernelStep, EvalError> {
    let compiled = compile(graph, isa)?;
    let scratch = compiled.program.arena_bytes();
    Ok(KernelStep::new(GraphKernel { compiled: Mutex::new(compiled) }).scratch(scratch))
}

#[derive(Debug)]
struct GraphKernel {
    compiled: Mutex<CompiledGraph>,
}

impl Kernel for GraphKernel {
    fn run(&self, io: &mut Io<'_>) {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let arena = io.scratch::<u8>();
        let copy_in = |arena: &mut [u8], index: usize, range: &Range<usize>| {
            arena[range.clone()].copy_from_slice(io.input::<u8>(index));
        };
        compiled.inputs.iter().enumerate().for_each(|(index, range)| copy_in(arena, index, range));
        compiled.program.run_in(arena, io.pool());
        for (index, range) in compiled.outputs.iter().enumerate() {
            io.output::<u8>(index).copy_from_slice(&arena[range.clone()]);
        }
    }
}
