//! Elementwise functions and the fused kernel that runs many of them in one pass.
//!
//! Each [`Function`] has a file of its own. A [`Body`] is a small register program over them;
//! `fused` turns it into one [`Kernel`](crate::Kernel) that works on tiles which stay in the L1 cache.

use crate::dtype::DType;
use crate::isa::Isa;

/// The code of a function for one instruction-set level and one choice of types: reads up to three runs of elements,
/// writes one run.
pub(crate) type TileKernel = unsafe fn(inputs: [*const u8; 3], output: *mut u8, len: usize);

/// An elementwise function: its name and its code for each instruction-set level.
pub struct Function {
    /// StableHLO's name.
    pub name: &'static str,
    /// How many arguments it takes, 1 to 3.
    pub arity: usize,
    /// The type of the result, or `None` when the arguments' types do not fit.
    pub(crate) result: fn(&[DType]) -> Option<DType>,
    /// The code, or `None` when the arguments' types do not fit.
    pub(crate) select: fn(Isa, &[DType]) -> Option<TileKernel>,
}

/// A value inside a [`Body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Register {
    /// An operand of the kernel.
    Input(usize),
    /// The result of an instruction.
    Instruction(usize),
}

/// One application of a function.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// What to compute.
    pub function: &'static Function,
    /// From what.
    pub arguments: Vec<Register>,
}

/// An operand and how it is read: element `i, j, …` of the result reads the operand at `i·strides[0] + j·strides[1] + …`.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The type of its elements.
    pub dtype: DType,
    /// Elements to step for each axis of the body's shape; 0 repeats (broadcasts) the operand along that axis.
    pub strides: Vec<usize>,
}

/// A register program that is run for every element of a shape.
#[derive(Clone, Debug)]
pub struct Body {
    /// The shape of every output.
    pub shape: Vec<usize>,
    /// The operands.
    pub inputs: Vec<Operand>,
    /// The work, in order; an argument names an input or an earlier instruction.
    pub instructions: Vec<Instruction>,
    /// What to write.
    pub outputs: Vec<Register>,
}
