//! A compiled graph, ready to run.

use ceras_graph::{DType, Isa, Tensor, TensorType};
use ceras_kernels::{Element, Program, Region};

use crate::error::InputError;
use crate::finite::{self, NonFinite};
use crate::memory::{self, Memory};

/// A plan: the steps of a graph over one arena.
///
/// A run allocates nothing once the arena of its [`Memory`] has grown to the plan's need, which the first
/// [`Executable::input_mut`] or [`Executable::run`] sees to.
///
/// # Examples
/// ```
/// use ceras_cpu::{Memory, Options, Signature, compile};
/// use ceras_graph::{DType, Function, TensorType, ops};
///
/// let x = TensorType::new(DType::F32, [2]);
/// let square = Function::trace(&[("x", x)], |g, inputs| Ok(vec![ops::multiply(g, inputs[0], inputs[0])?]))?;
/// let mut plan = compile(square.graph(), &Signature::values(1, 1), &Options::default())?;
///
/// let mut memory = Memory::default();
/// plan.input_slice_mut::<f32>(&mut memory, 0).copy_from_slice(&[3.0, -4.0]);
/// let outputs = plan.run(&mut memory);
/// assert_eq!(outputs.slice::<f32>(0), [9.0, 16.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Executable {
    pub(crate) program: Program,
    /// Steps of the compute segment; those after it are the commit segment.
    pub(crate) compute: usize,
    /// Where the guard lies, when there is one.
    pub(crate) guard: Option<Region>,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    /// For each step.
    pub(crate) info: Vec<StepInfo>,
    pub(crate) isa: Isa,
    pub(crate) check_finite: bool,
    pub(crate) non_finite: Option<NonFinite>,
}

/// An input or output.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    /// In words, such as `` input `x` ``.
    pub(crate) name: String,
    pub(crate) ty: TensorType,
    pub(crate) dims: Vec<usize>,
    pub(crate) region: Region,
}

impl Port {
    #[track_caller]
    fn check<T: Element>(&self) {
        let same = T::DTYPE == self.ty.dtype || (T::DTYPE == DType::U8 && self.ty.dtype == DType::Bool);
        assert!(same, "{} is {}, not {}", self.name, self.ty.dtype, T::DTYPE);
    }
}

/// What is known of a step beside its kernel and regions.
#[derive(Clone, Debug)]
pub(crate) struct StepInfo {
    /// The op's name.
    pub(crate) op: &'static str,
    /// An estimate of the floating-point operations.
    pub(crate) flops: u64,
    /// For each output of the step: what it is called, its type.
    pub(crate) results: Vec<(String, TensorType)>,
}

impl Executable {
    /// The bytes of an input, to fill before a run. For an input that is state, its place in the state block.
    ///
    /// # Panics
    /// If there is no such input.
    pub fn input_mut<'m>(&self, memory: &'m mut Memory, index: usize) -> &'m mut [u8] {
        self.reserve(memory);
        let region = &self.inputs[index].region;
        memory.block_mut(region.space).slice_mut(region.offset, region.bytes())
    }

    /// The elements of an input, to fill before a run; `bool` is seen as `u8`.
    ///
    /// # Panics
    /// If there is no such input or its elements are of another type.
    #[track_caller]
    pub fn input_slice_mut<'m, T: Element>(&self, memory: &'m mut Memory, index: usize) -> &'m mut [T] {
        self.inputs[index].check::<T>();
        self.reserve(memory);
        let region = &self.inputs[index].region;
        memory.block_mut(region.space).slice_mut(region.offset, region.bytes() / size_of::<T>())
    }

    /// Fills an input from a tensor.
    ///
    /// # Errors
    /// The tensor has another type than the input.
    ///
    /// # Panics
    /// If there is no such input.
    pub fn set_input(&self, memory: &mut Memory, index: usize, tensor: &Tensor) -> Result<(), InputError> {
        let port = &self.inputs[index];
        if port.ty.dtype != tensor.dtype() || port.dims != tensor.dims() {
            return Err(InputError {
                input: port.name.clone(),
                expected: Box::new(port.ty.clone()),
                found: Box::new(tensor.ty()),
            });
        }
        self.input_mut(memory, index).copy_from_slice(tensor.bytes());
        Ok(())
    }

    /// Runs the plan on the inputs that were filled in: the compute segment, then, if the guard allows it, the commit
    /// segment. Inputs keep their contents. A state block that is too small is grown with zeros.
    pub fn run<'m>(&'m mut self, memory: &'m mut Memory) -> Outputs<'m> {
        self.reserve(memory);
        let committed = if self.check_finite {
            finite::run(self, memory)
        } else {
            let (compute, end) = (self.compute, self.program.steps().len());
            self.run_range(memory, 0..compute);
            let commit = self.guard_allows(memory);
            if commit && compute < end {
                self.run_range(memory, compute..end);
            }
            commit
        };
        Outputs { executable: self, memory, committed }
    }

    /// How many inputs there are.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// How many outputs there are.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// The type of an input.
    ///
    /// # Panics
    /// If there is no such input.
    pub fn input_type(&self, index: usize) -> &TensorType {
        &self.inputs[index].ty
    }

    /// The type of an output.
    ///
    /// # Panics
    /// If there is no such output.
    pub fn output_type(&self, index: usize) -> &TensorType {
        &self.outputs[index].ty
    }

    /// Bytes of arena that a run needs: inputs, outputs, temporaries and scratch, exactly.
    pub fn arena_bytes(&self) -> usize {
        self.program.arena_bytes()
    }

    /// Bytes of state that a run reaches.
    pub fn state_bytes(&self) -> usize {
        self.program.state_bytes()
    }

    /// Bytes of the plan's constants.
    pub fn constant_bytes(&self) -> usize {
        self.program.constants().bytes()
    }

    /// How many steps there are, both segments together.
    pub fn steps(&self) -> usize {
        self.program.steps().len()
    }

    /// How many steps the compute segment has.
    pub fn compute_steps(&self) -> usize {
        self.compute
    }

    /// The instruction-set level that the kernels were chosen for.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    pub(crate) fn run_range(&mut self, memory: &mut Memory, steps: std::ops::Range<usize>) {
        self.program.run(&mut memory.arena, &mut memory.state, &memory.pool, steps);
    }

    /// Whether the commit segment may run; to be asked when the compute segment has run.
    pub(crate) fn guard_allows(&self, memory: &Memory) -> bool {
        self.guard
            .is_none_or(|region| memory::elements::<u8>(memory, self.program.constants(), &region)[0] != 0)
    }

    /// Grows the blocks to what the plan needs.
    pub(crate) fn reserve(&self, memory: &mut Memory) {
        memory.arena.grow(self.program.arena_bytes());
        memory.state.grow(self.program.state_bytes());
    }
}

/// What a run left behind.
#[derive(Debug)]
pub struct Outputs<'m> {
    executable: &'m Executable,
    memory: &'m Memory,
    committed: bool,
}

impl<'m> Outputs<'m> {
    /// Whether the state was written: always without a guard, else what the guard said. False too when
    /// [`check_finite`](crate::Options::check_finite) stopped the run.
    pub fn committed(&self) -> bool {
        self.committed
    }

    /// The first number that was not finite, when the plan was compiled to look for one.
    pub fn non_finite(&self) -> Option<&'m NonFinite> {
        self.executable.non_finite.as_ref()
    }

    /// How many outputs there are.
    pub fn len(&self) -> usize {
        self.executable.outputs.len()
    }

    /// Whether there are no outputs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements of an output; `bool` is seen as `u8`. For an output that is state, what the state now holds.
    ///
    /// # Panics
    /// If there is no such output or its elements are of another type.
    #[track_caller]
    pub fn slice<T: Element>(&self, index: usize) -> &'m [T] {
        let port = &self.executable.outputs[index];
        port.check::<T>();
        memory::elements(self.memory, self.executable.program.constants(), &port.region)
    }

    /// The bytes of an output.
    ///
    /// # Panics
    /// If there is no such output.
    pub fn bytes(&self, index: usize) -> &'m [u8] {
        let region = &self.executable.outputs[index].region;
        memory::elements(self.memory, self.executable.program.constants(), region)
    }

    /// A copy of an output.
    ///
    /// # Panics
    /// If there is no such output.
    pub fn tensor(&self, index: usize) -> Tensor {
        let port = &self.executable.outputs[index];
        Tensor::from_bytes(port.ty.dtype, &port.dims, self.bytes(index))
            .expect("a port's region is as its type says")
    }
}
