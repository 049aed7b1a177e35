//! A graph for each step of a sequence, with values carried from step to step.

use std::sync::{Arc, Mutex, PoisonError};

use ceras_kernels::elementwise::Function;
use ceras_kernels::{Io, Kernel};

use crate::autodiff;
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{
    Attribute, Attributes, CompiledGraph, CompoundStep, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx,
};
use crate::ops::{self, Given, rules};
use crate::types::{Dim, TensorType};

/// Runs the body for each step: `(carry, x_t) → (carry, y_t)`.
///
/// A carry that the body hands on unchanged (a weight, say) is *invariant*: it costs nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// Inputs: the carries, then one step of each sequence. Outputs: the carries, then one step of each result.
    pub body: Graph,
    /// How many carries there are.
    pub carries: usize,
    /// Whether the last step comes first; results still stand at their step's place.
    pub reverse: bool,
    /// The carries that, as they were before each step, are results too (after the others): what the gradient needs.
    pub saves: Vec<usize>,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let body = given.graph("body")?;
    let carries = given.axis("carries")?;
    Ok(Arc::new(Scan { body, carries, reverse: given.bool("reverse")?, saves: given.axes("saves")? }))
}

impl Scan {
    /// Whether the body hands this carry on unchanged.
    fn is_invariant(&self, carry: usize) -> bool {
        self.body.outputs().get(carry) == self.body.inputs().get(carry)
    }

    /// The carries that change.
    fn varying(&self) -> Vec<usize> {
        (0..self.carries).filter(|&carry| !self.is_invariant(carry)).collect()
    }

    /// The number of steps, which all sequences share.
    fn steps(&self, inputs: &[&TensorType]) -> Result<Dim, Rule> {
        if inputs.len() <= self.carries {
            return Err(Rule::new("needs a sequence, whose first axis is time"));
        }
        let mut steps = None;
        for (index, input) in inputs.iter().enumerate().skip(self.carries) {
            let Some(own) = input.shape.dims().first() else {
                return Err(Rule::new(format!(
                    "{{{index}}} must be a sequence, whose first axis is time; it is a scalar"
                )));
            };
            steps = rules::merge_dim(steps, *own).ok_or_else(|| {
                let (first, here) = (steps.unwrap_or(0), own.unwrap_or(0));
                Rule::new(format!("{{{}}} has {first} steps, but {{{index}}} has {here}", self.carries))
            })?;
        }
        Ok(steps)
    }

    fn check_carries(&self) -> Result<(), Rule> {
        if self.body.outputs().len() < self.carries {
            return Err(Rule::new(format!("the body must give {} carries first", self.carries)));
        }
        for carry in 0..self.carries {
            let (before, after) =
                (self.body.ty(self.body.inputs()[carry]), self.body.ty(self.body.outputs()[carry]));
            if before.dtype != after.dtype || !before.shape.is_compatible(&after.shape) {
                return Err(Rule::new(format!(
                    "carry {carry} must keep its type; it is {before} before a step and {after} after"
                )));
            }
        }
        Ok(())
    }
}

impl Op for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        let steps = self.steps(inputs)?;
        let sliced: Vec<TensorType> = inputs
            .iter()
            .enumerate()
            .map(|(index, ty)| match index < self.carries {
                true => (*ty).clone(),
                false => TensorType { dtype: ty.dtype, shape: ty.shape.without(0) },
            })
            .collect();
        ops::fused::same_types("the body", &self.body, &sliced.iter().collect::<Vec<_>>(), 0)?;
        self.check_carries()?;
        let ty = |value: Value| self.body.ty(value).clone();
        let stacked = |value: Value| {
            let one = ty(value);
            TensorType { dtype: one.dtype, shape: one.shape.prepend(steps) }
        };
        let (carried, given) = self.body.outputs().split_at(self.carries);
        let mut results: Vec<TensorType> = carried.iter().map(|&value| ty(value)).collect();
        results.extend(given.iter().map(|&value| stacked(value)));
        rules::distinct_axes("the carries", &self.saves, self.carries)?;
        results.extend(self.saves.iter().map(|&carry| stacked(self.body.inputs()[carry])));
        Ok(results)
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let saved = self.saved(cx)?;
        let plan = Backward::new(self, cx);
        let present = vec![true; plan.floats.len() + plan.given.len()];
        let body = match plan.body(self, &present)? {
            Ok(body) => body,
            Err(why) => return Ok(Vjp::NotDifferentiable(why)),
        };
        let mut operands = Vec::new();
        for &carry in &plan.floats {
            operands.push(match cx.cotangents[carry] {
                Some(ct) => ct,
                None => ops::zeros_like(cx.graph, cx.outputs[carry])?,
            });
        }
        operands.extend(plan.invariant.iter().map(|&carry| cx.inputs[carry]));
        let carries = operands.len();
        operands.extend(saved);
        operands.extend(&cx.inputs[self.carries..]);
        operands.extend(plan.given.iter().chain(&plan.saved).filter_map(|&output| cx.cotangents[output]));
        let scan = Scan { body, carries, reverse: !self.reverse, saves: Vec::new() };
        let results = cx.graph.emit(Arc::new(scan), &operands)?;
        let mut cotangents = vec![None; cx.inputs.len()];
        for (carry, result) in plan.floats.iter().zip(&results) {
            cotangents[*carry] = Some(*result);
        }
        for (input, result) in plan.sequences.iter().zip(&results[carries..]) {
            cotangents[*input] = Some(*result);
        }
        Ok(Vjp::Cotangents(cotangents))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let (scan, steps) = (self.clone(), types.input_dims(self.carries)[0]);
        let build = move |graphs: Vec<CompiledGraph>| {
            let kernel = ScanKernel::new(&scan, steps, graphs);
            let scratch = kernel.scratch_bytes;
            let step = KernelStep::new(kernel).scratch(scratch);
            (0..scan.carries).fold(step, |step, carry| step.in_place(carry, carry))
        };
        CpuStep::Compound(CompoundStep { build: Box::new(build) })
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
            .with("body", Attribute::Graph(Box::new(self.body.clone())))
            .with("carries", Attribute::Int(self.carries as i64))
            .with("reverse", Attribute::Bool(self.reverse))
            .with("saves", rules::ints(&self.saves))
    }

    fn elementwise(&self) -> Option<&'static Function> {
        None
    }

    fn graphs(&self) -> Vec<&Graph> {
        vec![&self.body]
    }

    fn with_graphs(&self, graphs: Vec<Graph>) -> Arc<dyn Op> {
        let body = graphs.into_iter().next().unwrap_or_else(|| self.body.clone());
        Arc::new(Scan { body, ..self.clone() })
    }
}

impl Scan {
    /// The carries before each step. When the scan does not give them, one that does is emitted: the `cse` pass then
    /// sees that it gives the results of the first, too.
    fn saved(&self, cx: &mut VjpCx<'_>) -> Result<Vec<Value>, GraphError> {
        let saves = self.varying();
        let plain = self.body.outputs().len();
        if self.saves == saves {
            return Ok(cx.outputs[plain..].to_vec());
        }
        let results = cx.graph.emit(Arc::new(Scan { saves, ..self.clone() }), cx.inputs)?;
        Ok(results[plain..].to_vec())
    }
}

/// Which values take part in the way back.
struct Backward {
    /// Carries that have cotangents.
    floats: Vec<usize>,
    /// Carries that the body hands on.
    invariant: Vec<usize>,
    /// Results of steps, by their number, that cotangents come from.
    given: Vec<usize>,
    /// Saved carries, by their number among the results, that cotangents come from.
    saved: Vec<usize>,
    /// Sequences, by their number among the operands, that want a cotangent.
    sequences: Vec<usize>,
}

impl Backward {
    fn new(scan: &Scan, cx: &VjpCx<'_>) -> Backward {
        let outputs = scan.body.outputs().len();
        let is_float = |value: Value| cx.ty(value).dtype.is_float();
        let comes = |range: std::ops::Range<usize>| -> Vec<usize> {
            range.filter(|&output| cx.cotangents[output].is_some()).collect()
        };
        Backward {
            floats: (0..scan.carries).filter(|&carry| is_float(cx.inputs[carry])).collect(),
            invariant: (0..scan.carries).filter(|&carry| scan.is_invariant(carry)).collect(),
            given: comes(scan.carries..outputs),
            saved: comes(outputs..cx.outputs.len()),
            sequences: (scan.carries..cx.inputs.len()).filter(|&input| cx.wanted[input]).collect(),
        }
    }

    /// The body of the scan that goes back. Inputs: cotangents of the carries, invariant carries; saved carries,
    /// sequences, cotangents of the results, cotangents of the saved carries. Outputs: cotangents of the carries,
    /// invariant carries; cotangents of the sequences.
    fn body(&self, scan: &Scan, present: &[bool]) -> Result<Result<Graph, &'static str>, GraphError> {
        let body = &scan.body;
        let with_cotangent = |output: &usize| self.floats.contains(output) || self.given.contains(output);
        let outputs: Vec<bool> = (0..body.outputs().len()).map(|output| with_cotangent(&output)).collect();
        debug_assert_eq!(present.len(), outputs.iter().filter(|&&flows| flows).count());
        let wanted: Vec<bool> = (0..body.inputs().len())
            .map(|input| self.floats.contains(&input) || self.sequences.contains(&input))
            .collect();
        let step = match autodiff::backward_graph(body, &outputs, &wanted)? {
            Ok(step) => step,
            Err(why) => return Ok(Err(why)),
        };
        let mut g = Graph::new();
        let ty = |value: &Value| body.ty(*value).clone();
        let carry_cts: Vec<Value> =
            self.floats.iter().map(|&carry| g.input(ty(&body.inputs()[carry]), "")).collect();
        let mut operands: Vec<Option<Value>> = vec![None; body.inputs().len()];
        for &carry in &self.invariant {
            operands[carry] = Some(g.input(ty(&body.inputs()[carry]), ""));
        }
        for (index, value) in body.inputs().iter().enumerate() {
            if operands[index].is_none() {
                operands[index] = Some(g.input(ty(value), ""));
            }
        }
        let given_cts: Vec<Value> =
            self.given.iter().map(|&output| g.input(ty(&body.outputs()[output]), "")).collect();
        let saved_carries: Vec<usize> =
            self.saved.iter().map(|output| scan.saves[output - body.outputs().len()]).collect();
        let saved_cts: Vec<Value> =
            saved_carries.iter().map(|&carry| g.input(ty(&body.inputs()[carry]), "")).collect();
        let mut inputs: Vec<Value> = operands.iter().flatten().copied().collect();
        inputs.extend(carry_cts.iter().chain(&given_cts));
        let results = g.inline(&step, &inputs)?;
        let mut results = results.into_iter();
        let mut outputs: Vec<Value> = results.by_ref().take(self.floats.len()).collect();
        for (carry, ct) in saved_carries.iter().zip(saved_cts) {
            if let Some(place) = self.floats.iter().position(|float| float == carry) {
                outputs[place] = ops::add(&mut g, outputs[place], ct)?;
            }
        }
        outputs.extend(self.invariant.iter().filter_map(|&carry| operands[carry]));
        outputs.extend(results);
        g.set_outputs(outputs);
        Ok(Ok(g))
    }
}

/// How the carries get from the end of a step to the start of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handover {
    /// Each straight to its place.
    Direct,
    /// All aside first: some place is read after it is written.
    Aside,
}

#[derive(Debug)]
struct ScanKernel {
    graph: Mutex<CompiledGraph>,
    carries: usize,
    varying: Vec<usize>,
    results: usize,
    steps: usize,
    reverse: bool,
    saves: Vec<usize>,
    handover: Handover,
    arena_bytes: usize,
    scratch_bytes: usize,
}

impl ScanKernel {
    fn new(scan: &Scan, steps: usize, graphs: Vec<CompiledGraph>) -> ScanKernel {
        let graph = graphs.into_iter().next().expect("the engine compiles the one graph of the op");
        let varying = scan.varying();
        let meets =
            |a: &std::ops::Range<usize>, b: &std::ops::Range<usize>| a.start < b.end && b.start < a.end;
        let clash = varying.iter().enumerate().any(|(turn, &carry)| {
            varying[turn + 1..].iter().any(|&later| meets(&graph.inputs[carry], &graph.outputs[later]))
        });
        let aside: usize =
            if clash { varying.iter().map(|&carry| graph.outputs[carry].len()).sum() } else { 0 };
        let arena_bytes = graph.program.arena_bytes();
        ScanKernel {
            carries: scan.carries,
            results: scan.body.outputs().len(),
            varying,
            steps,
            reverse: scan.reverse,
            saves: scan.saves.clone(),
            handover: if clash { Handover::Aside } else { Handover::Direct },
            arena_bytes,
            scratch_bytes: arena_bytes + aside,
            graph: Mutex::new(graph),
        }
    }

    /// Makes the carries after a step those before the next.
    fn hand_over(&self, graph: &CompiledGraph, arena: &mut [u8], aside: &mut [u8]) {
        if self.handover == Handover::Direct {
            for &carry in &self.varying {
                arena.copy_within(graph.outputs[carry].clone(), graph.inputs[carry].start);
            }
            return;
        }
        let mut at = 0;
        for &carry in &self.varying {
            let from = graph.outputs[carry].clone();
            aside[at..at + from.len()].copy_from_slice(&arena[from.clone()]);
            at += from.len();
        }
        at = 0;
        for &carry in &self.varying {
            let to = graph.inputs[carry].clone();
            arena[to.clone()].copy_from_slice(&aside[at..at + to.len()]);
            at += to.len();
        }
    }
}

impl Kernel for ScanKernel {
    fn run(&self, io: &mut Io<'_>) {
        let mut graph = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        let (arena, aside) = io.scratch::<u8>().split_at_mut(self.arena_bytes);
        let mut outputs = Outputs::take(io);
        for carry in 0..self.carries {
            let range = graph.inputs[carry].clone();
            match io.in_place(carry) {
                Some(output) => arena[range].copy_from_slice(outputs.get(output)),
                None => arena[range].copy_from_slice(io.input::<u8>(carry)),
            }
        }
        for turn in 0..self.steps {
            let step = if self.reverse { self.steps - 1 - turn } else { turn };
            for index in self.carries..graph.inputs.len() {
                let range = graph.inputs[index].clone();
                let bytes = range.len();
                arena[range].copy_from_slice(&io.input::<u8>(index)[step * bytes..(step + 1) * bytes]);
            }
            for (place, &carry) in self.saves.iter().enumerate() {
                outputs.put(self.results + place, step, &arena[graph.inputs[carry].clone()]);
            }
            graph.program.run_in(arena, io.pool());
            for index in self.carries..self.results {
                outputs.put(index, step, &arena[graph.outputs[index].clone()]);
            }
            self.hand_over(&graph, arena, aside);
        }
        for carry in 0..self.carries {
            outputs.put(carry, 0, &arena[graph.inputs[carry].clone()]);
        }
    }
}

/// A step's outputs as bytes; at most as many as a step can have.
struct Outputs<'a> {
    slices: [Option<&'a mut [u8]>; 62],
}

impl<'a> Outputs<'a> {
    fn take(io: &mut Io<'a>) -> Outputs<'a> {
        let mut slices = [const { None }; 62];
        for (index, slice) in slices.iter_mut().enumerate().take(io.outputs()) {
            *slice = Some(io.output::<u8>(index));
        }
        Outputs { slices }
    }

    fn get(&self, index: usize) -> &[u8] {
        self.slices[index].as_deref().unwrap_or_default()
    }

    /// Writes the part of an output that belongs to a step.
    fn put(&mut self, index: usize, step: usize, bytes: &[u8]) {
        if let Some(output) = self.slices[index].as_deref_mut() {
            output[step * bytes.len()..(step + 1) * bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// Runs `body` for each step of some sequences, from the first to the last: `(carry, x_t) → (carry, y_t)`. Gives the
/// last carries and the results of all steps.
///
/// # Shapes
/// The first axis of every sequence is time; the body sees one step without it, and its results get it back.
///
/// # Errors
/// The operands are not what the body takes, a carry changes its type, or there is no sequence.
#[track_caller]
pub fn scan(g: &mut Graph, carry: &[Value], xs: &[Value], body: Graph) -> Result<Vec<Value>, GraphError> {
    let scan = Scan { body, carries: carry.len(), reverse: false, saves: Vec::new() };
    g.emit(Arc::new(scan), &[carry, xs].concat())
}

/// [`scan`] from the last step to the first; each step's results stand at that step's place.
///
/// # Errors
/// As [`scan`].
#[track_caller]
pub fn scan_reverse(
    g: &mut Graph,
    carry: &[Value],
    xs: &[Value],
    body: Graph,
) -> Result<Vec<Value>, GraphError> {
    let scan = Scan { body, carries: carry.len(), reverse: true, saves: Vec::new() };
    g.emit(Arc::new(scan), &[carry, xs].concat())
}
