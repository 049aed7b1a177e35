//! One of two graphs.

use std::sync::{Arc, Mutex, PoisonError};

use ceras_kernels::elementwise::Function;
use ceras_kernels::{DType, Io, Kernel};

use crate::autodiff;
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{
    Attribute, Attributes, CompiledGraph, CompoundStep, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx,
};
use crate::ops::Given;
use crate::ops::fused::same_types;
use crate::types::TensorType;

/// The results of one graph if the predicate holds, else those of another; only one of them is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Cond {
    /// What is run if the predicate holds.
    pub then_graph: Graph,
    /// What is run if not.
    pub else_graph: Graph,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Cond { then_graph: given.graph("then")?, else_graph: given.graph("else")? }))
}

impl Op for Cond {
    fn name(&self) -> &'static str {
        "cond"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        match inputs.first() {
            Some(predicate) if **predicate == TensorType::scalar(DType::Bool) => {}
            Some(predicate) => return Err(Rule::new(format!("{{0}} must be one bool; it is {predicate}"))),
            None => return Err(Rule::new("takes a predicate")),
        }
        same_types("the then-graph", &self.then_graph, inputs, 1)?;
        same_types("the else-graph", &self.else_graph, inputs, 1)?;
        let types = |graph: &Graph| -> Vec<TensorType> {
            graph.outputs().iter().map(|&v| graph.ty(v).clone()).collect()
        };
        let (then_types, else_types) = (types(&self.then_graph), types(&self.else_graph));
        if then_types.len() != else_types.len() {
            let (a, b) = (then_types.len(), else_types.len());
            return Err(Rule::new(format!("both graphs must give as many results; they give {a} and {b}")));
        }
        for (index, (a, b)) in then_types.iter().zip(&else_types).enumerate() {
            if a.dtype != b.dtype || !a.shape.is_compatible(&b.shape) {
                return Err(Rule::new(format!(
                    "result {index} of both graphs must have one type; they are {a} and {b}"
                )));
            }
        }
        Ok(then_types)
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let present: Vec<bool> = cx.cotangents.iter().map(Option::is_some).collect();
        let wanted = &cx.wanted[1..];
        let backward = |graph: &Graph| autodiff::backward_graph(graph, &present, wanted);
        let (then_graph, else_graph) = match (backward(&self.then_graph)?, backward(&self.else_graph)?) {
            (Ok(then_graph), Ok(else_graph)) => (then_graph, else_graph),
            (Err(why), _) | (_, Err(why)) => return Ok(Vjp::NotDifferentiable(why)),
        };
        let operands: Vec<Value> =
            cx.inputs.iter().copied().chain(cx.cotangents.iter().flatten().copied()).collect();
        let mut results = cx.graph.emit(Arc::new(Cond { then_graph, else_graph }), &operands)?.into_iter();
        let cotangents = wanted.iter().map(|wanted| if *wanted { results.next() } else { None });
        Ok(Vjp::Cotangents([None].into_iter().chain(cotangents).collect()))
    }

    fn cpu(&self, _types: &OpTypes<'_>) -> CpuStep {
        let build = |graphs: Vec<CompiledGraph>| {
            let scratch = graphs.iter().map(|graph| graph.program.arena_bytes()).max().unwrap_or(0);
            let branches = graphs.into_iter().map(Mutex::new).collect();
            KernelStep::new(CondKernel { branches }).scratch(scratch)
        };
        CpuStep::Compound(CompoundStep { build: Box::new(build) })
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
            .with("then", Attribute::Graph(Box::new(self.then_graph.clone())))
            .with("else", Attribute::Graph(Box::new(self.else_graph.clone())))
    }

    fn elementwise(&self) -> Option<&'static Function> {
        None
    }

    fn graphs(&self) -> Vec<&Graph> {
        vec![&self.then_graph, &self.else_graph]
    }

    fn with_graphs(&self, graphs: Vec<Graph>) -> Arc<dyn Op> {
        let mut graphs = graphs.into_iter();
        let (Some(then_graph), Some(else_graph)) = (graphs.next(), graphs.next()) else {
            return Arc::new(self.clone());
        };
        Arc::new(Cond { then_graph, else_graph })
    }
}

/// Runs one of two programs: then, else.
#[derive(Debug)]
struct CondKernel {
    branches: Vec<Mutex<CompiledGraph>>,
}

impl Kernel for CondKernel {
    fn run(&self, io: &mut Io<'_>) {
        let branch = usize::from(io.input::<u8>(0)[0] == 0);
        let mut graph = self.branches[branch].lock().unwrap_or_else(PoisonError::into_inner);
        let arena = io.scratch::<u8>();
        for (index, range) in graph.inputs.iter().enumerate() {
            arena[range.clone()].copy_from_slice(io.input::<u8>(index + 1));
        }
        graph.program.run_in(arena, io.pool());
        for (index, range) in graph.outputs.iter().enumerate() {
            io.output::<u8>(index).copy_from_slice(&arena[range.clone()]);
        }
    }
}

/// The results of `then_graph` if `predicate` holds, else those of `else_graph`; only one of them is run.
///
/// # Shapes
/// `predicate` is one `bool`; both graphs take the operands and give results of the same types.
///
/// # Errors
/// The graphs or the operands are otherwise.
#[track_caller]
pub fn cond(
    g: &mut Graph,
    predicate: Value,
    operands: &[Value],
    then_graph: Graph,
    else_graph: Graph,
) -> Result<Vec<Value>, GraphError> {
    let inputs: Vec<Value> = [predicate].into_iter().chain(operands.iter().copied()).collect();
    g.emit(Arc::new(Cond { then_graph, else_graph }), &inputs)
}
