//! What an op is: every rule in one place, none optional.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use ceras_kernels::elementwise;
use ceras_kernels::{DType, Isa, Kernel, Program};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::tensor::Tensor;
use crate::types::{Shape, TensorType};

/// A primitive operation.
///
/// No method has a default: a missing rule is a compile error, and "there is none" is written down with its reason.
/// A user's own op implements the same trait as ours.
pub trait Op: fmt::Debug + Send + Sync + Any {
    /// The name in the text format, in errors and in profiles: StableHLO's where it has one.
    fn name(&self) -> &'static str;

    /// The types of the results; the only shape rule there is. Dimensions may be unknown.
    ///
    /// # Errors
    /// The rule that the operands break.
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule>;

    /// Emits the ops that carry cotangents of the results back to the inputs.
    ///
    /// # Errors
    /// An op that could not be emitted: a fault of this rule.
    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError>;

    /// How the CPU engine does it, for these concrete types.
    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep;

    /// Everything that distinguishes this op from another of its name, for the text format and for comparing.
    fn attributes(&self) -> Attributes;

    /// The elementwise function that this op applies to its inputs, if it is one: such ops are fused.
    fn elementwise(&self) -> Option<&'static elementwise::Function>;

    /// The graphs that this op owns (the branches of `cond`, the body of `scan`); passes recurse into them.
    fn graphs(&self) -> Vec<&Graph>;

    /// The op with other graphs in the same places, as a pass made them. Called only when `graphs` is not empty.
    fn with_graphs(&self, graphs: Vec<Graph>) -> Arc<dyn Op>;
}

/// The concrete types of an op's operands and results, and the level to choose a kernel for.
#[derive(Debug)]
pub struct OpTypes<'a> {
    /// The operands' types; every dimension is known.
    pub inputs: &'a [TensorType],
    /// The results' types; every dimension is known.
    pub outputs: &'a [TensorType],
    /// The level; [`Isa::Reference`] asks for the plain loops.
    pub isa: Isa,
}

impl OpTypes<'_> {
    /// The dimensions of an input.
    ///
    /// # Panics
    /// If one is unknown; the engine compiles only graphs of known shapes.
    pub fn input_dims(&self, index: usize) -> Vec<usize> {
        self.inputs[index].shape.to_known().expect("a compiled graph has known shapes")
    }

    /// The dimensions of a result.
    ///
    /// # Panics
    /// If one is unknown; the engine compiles only graphs of known shapes.
    pub fn output_dims(&self, index: usize) -> Vec<usize> {
        self.outputs[index].shape.to_known().expect("a compiled graph has known shapes")
    }
}

/// How the CPU engine carries out an op.
#[derive(Debug)]
pub enum CpuStep {
    /// The one result is bytes of the one input, from an offset on, under another shape: no work at all.
    View {
        /// Bytes from the start of the input to the start of the result.
        offset_bytes: usize,
    },
    /// The results are this constant.
    Constant(Tensor),
    /// The one result is the inputs one after the other along an axis: the engine lets producers write straight into
    /// their slices where they can, and runs `kernel` where not.
    Concatenate {
        /// The axis.
        axis: usize,
        /// What to run when the inputs lie elsewhere.
        kernel: Box<dyn Kernel>,
    },
    /// A kernel.
    Kernel(KernelStep),
    /// A kernel that runs compiled graphs: the engine compiles each of [`Op::graphs`] and hands over the programs.
    Compound(CompoundStep),
}

/// A kernel with what the planner must know of it.
#[derive(Debug)]
pub struct KernelStep {
    /// The work.
    pub kernel: Box<dyn Kernel>,
    /// Bytes of scratch it needs.
    pub scratch_bytes: usize,
    /// Pairs (input, output) that may be one region: the kernel reads an element no later than it writes it.
    pub in_place: Vec<(usize, usize)>,
    /// Whether inputs may be strided regions: rows along all axes but the last.
    pub strided_inputs: bool,
    /// Whether outputs may be strided regions: rows along all axes but the last.
    pub strided_outputs: bool,
}

impl KernelStep {
    /// A kernel without scratch that works on contiguous, separate regions.
    pub fn new(kernel: impl Kernel + 'static) -> KernelStep {
        KernelStep {
            kernel: Box::new(kernel),
            scratch_bytes: 0,
            in_place: Vec::new(),
            strided_inputs: false,
            strided_outputs: false,
        }
    }

    /// The same with scratch.
    pub fn scratch(mut self, bytes: usize) -> KernelStep {
        self.scratch_bytes = bytes;
        self
    }

    /// The same, and the input may be where the output is.
    pub fn in_place(mut self, input: usize, output: usize) -> KernelStep {
        self.in_place.push((input, output));
        self
    }

    /// The same, and inputs and outputs may be strided.
    pub fn strided(mut self) -> KernelStep {
        self.strided_inputs = true;
        self.strided_outputs = true;
        self
    }
}

impl From<KernelStep> for CpuStep {
    fn from(step: KernelStep) -> CpuStep {
        CpuStep::Kernel(step)
    }
}

/// A graph compiled for use inside a compound kernel: a program whose inputs and outputs lie in its own arena.
#[derive(Debug)]
pub struct CompiledGraph {
    /// The steps; the arena is the part of the kernel's scratch that starts at `arena_offset`.
    pub program: Program,
    /// Where each input lies in the program's arena, contiguous, in bytes.
    pub inputs: Vec<std::ops::Range<usize>>,
    /// Where each output lies in the program's arena, contiguous, in bytes.
    pub outputs: Vec<std::ops::Range<usize>>,
}

/// Makes the kernel of an op that owns graphs.
pub struct CompoundStep {
    /// Takes the compiled graphs in the order of [`Op::graphs`]; gives the step.
    pub build: Box<dyn FnOnce(Vec<CompiledGraph>) -> KernelStep + Send>,
}

impl fmt::Debug for CompoundStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CompoundStep")
    }
}

/// What a gradient rule has to work with.
#[derive(Debug)]
pub struct VjpCx<'a> {
    /// The graph to emit into.
    pub graph: &'a mut Graph,
    /// The op's operands.
    pub inputs: &'a [Value],
    /// The op's results.
    pub outputs: &'a [Value],
    /// The cotangent of each result; `None` where nothing flows back.
    pub cotangents: &'a [Option<Value>],
    /// Which operands want a cotangent.
    pub wanted: &'a [bool],
}

impl VjpCx<'_> {
    /// The cotangent of the only result.
    ///
    /// # Panics
    /// If nothing flows back; autodiff asks no op for a gradient of nothing.
    pub fn cotangent(&self) -> Value {
        self.cotangents[0].expect("autodiff visits a node only when a cotangent reaches it")
    }

    /// The type of a value.
    pub fn ty(&self, value: Value) -> &TensorType {
        self.graph.ty(value)
    }
}

/// What a gradient rule answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Vjp {
    /// The cotangent of each operand; `None` is zero.
    Cotangents(Vec<Option<Value>>),
    /// There is no gradient, and why.
    NotDifferentiable(&'static str),
}

/// An attribute of an op.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Integers, such as axes.
    Ints(Vec<i64>),
    /// A number.
    Float(f64),
    /// A word.
    Text(String),
    /// An element type.
    DType(DType),
    /// A shape; dimensions may be unknown.
    Shape(Shape),
    /// A constant.
    Tensor(Tensor),
    /// A graph.
    Graph(Box<Graph>),
}

/// The attributes of an op, in the order in which they are printed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(pub Vec<(&'static str, Attribute)>);

impl Attributes {
    /// No attributes.
    pub fn none() -> Attributes {
        Attributes(Vec::new())
    }

    /// The same and one more.
    pub fn with(mut self, name: &'static str, value: Attribute) -> Attributes {
        self.0.push((name, value));
        self
    }

    /// The attribute of that name.
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}
