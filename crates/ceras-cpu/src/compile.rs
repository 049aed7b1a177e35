//! From a graph to a plan.

use std::io::Write as _;
use std::ops::Range;

use ceras_graph::op::CompiledGraph;
use ceras_graph::{Function, Graph, Isa, Tensor, passes};
use ceras_kernels::{PlanError, Program, Region, Space};

use crate::check;
use crate::emit::{Emitted, emit};
use crate::error::{CallError, CompileError};
use crate::executable::{Executable, Port};
use crate::memory::Memory;
use crate::options::Options;
use crate::placement::{self, Placement};
use crate::schedule::{Id, Schedule};
use crate::signature::{Binding, Signature};

/// Compiles a graph of concrete shapes.
///
/// # Errors
/// The signature does not fit the graph, a dimension is unknown, or a tensor is larger than memory can be.
///
/// # Examples
/// See [`Executable`].
pub fn compile(graph: &Graph, signature: &Signature, options: &Options) -> Result<Executable, CompileError> {
    let state_bytes = signature.check(graph)?;
    if options.dump.graph {
        dump("graph as traced", graph);
    }
    let optimized = options.optimize.then(|| passes::optimize(graph));
    let graph = optimized.as_ref().unwrap_or(graph);
    if options.dump.graph && options.optimize {
        dump("graph after the passes", graph);
    }
    let mut schedule = Schedule::new(graph, signature, options.isa, false)?;
    let (placement, emitted) = plan(&mut schedule)?;
    let port = |what: &str, index: usize, id: Id, region: Region| {
        let info = &schedule.values[id];
        let name = graph.inputs().get(index).filter(|_| what == "input").and_then(|value| graph.name(*value));
        let name = name.map_or_else(|| format!("{what} {index}"), |name| format!("{what} `{name}`"));
        Port { name, ty: info.ty.clone(), dims: info.dims.clone(), region }
    };
    let inputs =
        schedule.inputs.iter().enumerate().map(|(index, &id)| port("input", index, id, placement.region(id)));
    let output_region = |id: Id, binding: &Binding| match binding {
        Binding::Value => placement.region(id),
        Binding::State { offset } => Region::contiguous(Space::State, *offset, schedule.values[id].bytes),
    };
    let outputs = schedule.outputs.iter().zip(&schedule.bindings).enumerate();
    let outputs =
        outputs.map(|(index, (&id, binding))| port("output", index, id, output_region(id, binding)));
    let executable = Executable {
        inputs: inputs.collect(),
        outputs: outputs.collect(),
        guard: signature.guard.map(|guard| placement.region(schedule.outputs[guard])),
        compute: emitted.compute,
        info: emitted.info,
        program: Program::new(
            emitted.steps,
            std::mem::take(&mut schedule.constants).into_block(),
            placement.arena_bytes,
            state_bytes,
        )
        .map_err(fault)?,
        isa: options.isa,
        check_finite: options.check_finite,
        non_finite: None,
    };
    if options.dump.plan {
        dump("plan", &executable.describe());
    }
    Ok(executable)
}

/// Compiles a graph that an op owns: all inputs and outputs lie apart in its own arena, but an
/// input that is the output of the same number.
pub(crate) fn compile_body(graph: &Graph, isa: Isa) -> Result<CompiledGraph, CompileError> {
    let signature = Signature::values(graph.inputs().len(), graph.outputs().len());
    let mut schedule = Schedule::new(graph, &signature, isa, true)?;
    let (placement, emitted) = plan(&mut schedule)?;
    let range = |id: &Id| -> Range<usize> {
        let region = placement.region(*id);
        region.offset..region.offset + region.bytes()
    };
    Ok(CompiledGraph {
        inputs: schedule.inputs.iter().map(range).collect(),
        outputs: schedule.outputs.iter().map(range).collect(),
        program: Program::new(
            emitted.steps,
            std::mem::take(&mut schedule.constants).into_block(),
            placement.arena_bytes,
            0,
        )
        .map_err(fault)?,
    })
}

fn plan(schedule: &mut Schedule) -> Result<(Placement, Emitted), CompileError> {
    let placement = placement::place(schedule);
    let emitted = emit(schedule, &placement);
    if cfg!(debug_assertions) {
        check::check(schedule, &placement, &emitted.events).map_err(|why| fault(PlanError(why)))?;
    }
    Ok((placement, emitted))
}

fn fault(error: PlanError) -> CompileError {
    CompileError::new(error.to_string()).hint("this is a fault of ceras, not of the model; please report it")
}

fn dump(what: &str, shown: &dyn std::fmt::Display) {
    // A closed stderr is no reason to fail.
    let _ = writeln!(std::io::stderr(), "--- {what}\n{shown}");
}

/// Compiles a function and runs it once: for tests, examples, and loops that do not mind the compiling.
///
/// Unknown dimensions of the function take those of the tensors.
///
/// # Errors
/// The tensors do not fit the function's inputs, or it cannot be compiled.
///
/// # Examples
/// ```
/// use ceras_cpu::call;
/// use ceras_graph::{DType, Function, Tensor, TensorType, ops};
///
/// let x = TensorType::new(DType::F32, [2]);
/// let double = Function::trace(&[("x", x)], |g, inputs| Ok(vec![ops::add(g, inputs[0], inputs[0])?]))?;
/// let outputs = call(&double, &[Tensor::from_slice(&[1.5f32, -2.0])])?;
/// assert_eq!(outputs[0].slice::<f32>(), [3.0, -4.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn call(function: &Function, inputs: &[Tensor]) -> Result<Vec<Tensor>, CallError> {
    let graph = function.graph();
    if graph.inputs().len() != inputs.len() {
        return Err(CallError::Count { expected: graph.inputs().len(), found: inputs.len() });
    }
    let is_known = graph.inputs().iter().all(|value| graph.ty(*value).shape.is_known());
    let concrete = if is_known { None } else { Some(specialize(graph, inputs)?) };
    let graph = concrete.as_ref().unwrap_or(graph);
    let signature = Signature::values(inputs.len(), graph.outputs().len());
    let mut executable = compile(graph, &signature, &Options::default())?;
    let mut memory = Memory::default();
    for (index, tensor) in inputs.iter().enumerate() {
        executable.set_input(&mut memory, index, tensor)?;
    }
    let outputs = executable.run(&mut memory);
    Ok((0..outputs.len()).map(|index| outputs.tensor(index)).collect())
}

/// The graph with the tensors' shapes for its inputs, where the two go together.
fn specialize(graph: &Graph, tensors: &[Tensor]) -> Result<Graph, CallError> {
    let mut concrete = Graph::new();
    let mut inputs = Vec::new();
    for (value, tensor) in graph.inputs().iter().zip(tensors) {
        let declared = graph.ty(*value);
        let fits = declared.dtype == tensor.dtype() && declared.shape.is_compatible(&tensor.shape());
        // A tensor that does not fit is told so by `set_input`, which knows the input's name.
        let ty = if fits { tensor.ty() } else { declared.clone() };
        inputs.push(concrete.input(ty, graph.name(*value).unwrap_or_default()));
    }
    let outputs = concrete.inline(graph, &inputs)?;
    concrete.set_outputs(outputs);
    Ok(concrete)
}
