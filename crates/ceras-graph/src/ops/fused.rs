//! A region of elementwise ops in one pass over memory; made by the fuse pass.

use std::sync::{Arc, OnceLock};

use ceras_kernels::elementwise::{self, Body, Function, Instruction, Operand, Register};

use crate::autodiff;
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Node, Value};
use crate::op::{Attribute, Attributes, CpuStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, BroadcastInDim, Given};
use crate::types::TensorType;

/// Elementwise ops whose results have one shape, and the broadcasts of their operands.
///
/// The body's inputs are the op's; each is used as it is or through one `broadcast_in_dim`.
#[derive(Clone, Debug)]
pub struct Fused {
    /// The ops.
    body: Graph,
    /// What [`body_of`] makes of them, once it was asked.
    program: OnceLock<Body>,
}

impl PartialEq for Fused {
    fn eq(&self, other: &Fused) -> bool {
        self.body == other.body
    }
}

impl Fused {
    /// For a graph of elementwise ops.
    pub fn new(body: Graph) -> Fused {
        Fused { body, program: OnceLock::new() }
    }

    /// The ops.
    pub fn body(&self) -> &Graph {
        &self.body
    }

    /// The ops as a register program.
    ///
    /// # Errors
    /// The body is not what it must be.
    pub(crate) fn program(&self) -> Result<&Body, String> {
        if let Some(program) = self.program.get() {
            return Ok(program);
        }
        let result = self.body.outputs().first().and_then(|&value| self.body.ty(value).shape.to_known());
        let dims = result.ok_or("the body must have results of known shape")?;
        let program = body_of(&self.body, &dims)?;
        Ok(self.program.get_or_init(|| program))
    }
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Fused::new(given.graph("body")?)))
}

impl Op for Fused {
    fn name(&self) -> &'static str {
        "fused"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        same_types("the body", &self.body, inputs, 0)?;
        self.program().map_err(Rule::new)?;
        Ok(self.body.outputs().iter().map(|&value| self.body.ty(value).clone()).collect())
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        autodiff::graph_vjp(&self.body, cx)
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let body = self.program().expect("`infer` accepted the body");
        ops::body_step(body.clone(), types)
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("body", Attribute::Graph(Box::new(self.body.clone())))
    }

    /// None: it is already what elementwise ops become.
    fn elementwise(&self) -> Option<&'static Function> {
        None
    }

    fn graphs(&self) -> Vec<&Graph> {
        // The body is not for passes to work on: each of its ops stands for an instruction.
        Vec::new()
    }

    fn with_graphs(&self, _graphs: Vec<Graph>) -> Arc<dyn Op> {
        Arc::new(self.clone())
    }
}

/// That operands from `skip` on are what a graph takes.
pub(crate) fn same_types(what: &str, graph: &Graph, inputs: &[&TensorType], skip: usize) -> Result<(), Rule> {
    let (expected, given) = (graph.inputs().len() + skip, inputs.len());
    if expected != given {
        return Err(Rule::new(format!(
            "{what} takes {} operands, not {}",
            expected - skip,
            given.saturating_sub(skip)
        )));
    }
    for (index, (value, input)) in graph.inputs().iter().zip(&inputs[skip..]).enumerate() {
        let wanted = graph.ty(*value);
        if wanted.dtype != input.dtype || !wanted.shape.is_compatible(&input.shape) {
            return Err(Rule::new(format!(
                "{{{}}} must be {wanted} for {what}; it is {input}",
                index + skip
            )));
        }
    }
    Ok(())
}

/// The register program of a graph of elementwise ops over a shape; its operands are the graph's inputs.
pub(crate) fn body_of(graph: &Graph, shape: &[usize]) -> Result<Body, String> {
    let mut builder = Builder {
        graph,
        registers: vec![None; graph.values()],
        operands: vec![None; graph.inputs().len()],
        instructions: Vec::new(),
        shape: shape.to_vec(),
    };
    for node in graph.nodes() {
        builder.node(node)?;
    }
    let mut outputs = Vec::new();
    for output in graph.outputs() {
        let mut register = builder.register(*output)?;
        if matches!(register, Register::Input(_)) {
            builder
                .instructions
                .push(Instruction { function: &elementwise::COPY, arguments: vec![register] });
            register = Register::Instruction(builder.instructions.len() - 1);
        }
        outputs.push(register);
    }
    let dtype = |index: usize| graph.ty(graph.inputs()[index]).dtype;
    let unread = || vec![0; shape.len()];
    let inputs = builder.operands.iter().enumerate();
    let inputs = inputs
        .map(|(index, strides)| Operand {
            dtype: dtype(index),
            strides: strides.clone().unwrap_or_else(unread),
        })
        .collect();
    Ok(Body { shape: shape.to_vec(), inputs, instructions: builder.instructions, outputs })
}

struct Builder<'a> {
    graph: &'a Graph,
    registers: Vec<Option<Register>>,
    /// For each input how it is read, once that is known.
    operands: Vec<Option<Vec<usize>>>,
    instructions: Vec<Instruction>,
    shape: Vec<usize>,
}

impl Builder<'_> {
    fn node(&mut self, node: &Node) -> Result<(), String> {
        if let Some(broadcast) = ops::downcast::<BroadcastInDim>(&*node.op) {
            let dims = self.dims(node.inputs[0])?;
            if self.dims(node.outputs[0])? != self.shape {
                return Err("an operand of the body is broadcast to another shape".into());
            }
            let strides = broadcast.strides(&dims);
            let register = self.operand(node.inputs[0], strides)?;
            self.registers[node.outputs[0].index()] = Some(register);
            return Ok(());
        }
        let function = node.op.elementwise();
        let function = function.ok_or_else(|| format!("`{}` is not elementwise", node.op.name()))?;
        if self.dims(node.outputs[0])? != self.shape {
            return Err(format!("the result of `{}` in the body has another shape", node.op.name()));
        }
        let arguments = node.inputs.iter().map(|value| self.register(*value)).collect::<Result<_, _>>()?;
        self.instructions.push(Instruction { function, arguments });
        self.registers[node.outputs[0].index()] = Some(Register::Instruction(self.instructions.len() - 1));
        Ok(())
    }

    /// Where a value is; an input that is used as it is becomes an operand.
    fn register(&mut self, value: Value) -> Result<Register, String> {
        if let Some(register) = self.registers[value.index()] {
            return Ok(register);
        }
        let dims = self.dims(value)?;
        let strides =
            if dims.is_empty() { vec![0; self.shape.len()] } else { ops::contiguous_strides(&dims) };
        if !dims.is_empty() && dims != self.shape {
            return Err("an operand of the body has another shape".into());
        }
        self.operand(value, strides)
    }

    fn operand(&mut self, value: Value, strides: Vec<usize>) -> Result<Register, String> {
        let index = self.graph.inputs().iter().position(|input| *input == value);
        let index = index.ok_or("only operands of the body may be broadcast")?;
        match &self.operands[index] {
            Some(known) if *known != strides => Err("an operand of the body is read in two ways".into()),
            _ => {
                self.operands[index] = Some(strides);
                Ok(Register::Input(index))
            }
        }
    }

    fn dims(&self, value: Value) -> Result<Vec<usize>, String> {
        self.graph.ty(value).shape.to_known().ok_or_else(|| "a shape of the body is unknown".into())
    }
}
