//! Elementwise functions and the fused kernel that runs many of them in one pass.
//!
//! Each [`Function`] has a file of its own. A [`Body`] is a small register program over them;
//! `fused` turns it into one [`Kernel`](crate::Kernel) that works on tiles which stay in the L1 cache.

mod adam;
mod arithmetic;
#[allow(unreachable_pub, reason = "`function!` makes public functions; these are chosen by `combine` alone")]
mod combine;
mod convert;
mod erf;
mod exponential;
mod exponential_minus_one;
mod extremes;
mod fused;
mod is_finite;
pub(crate) mod kernel;
mod layout;
mod log;
mod log_plus_one;
mod logic;
mod logistic;
mod power;
mod registers;
mod roots;
mod rounding;
mod tanh;
mod tile_program;
mod trigonometric;

use std::fmt;

use crate::dtype::DType;
use crate::isa::Isa;

pub use arithmetic::{ABS, ADD, DIVIDE, MULTIPLY, NEGATE, REMAINDER, SIGN, SUBTRACT};
pub use convert::{COPY, convert};
pub use erf::ERF;
pub use exponential::EXPONENTIAL;
pub use exponential_minus_one::EXPONENTIAL_MINUS_ONE;
pub use extremes::{CLAMP, MAXIMUM, MINIMUM};
pub use fused::{FusedKernel, fused};
pub use is_finite::IS_FINITE;
pub use log::LOG;
pub use log_plus_one::LOG_PLUS_ONE;
pub use logic::{AND, Direction, NOT, OR, SELECT, XOR, compare};
pub use logistic::LOGISTIC;
pub use power::POWER;
pub use roots::{RSQRT, SQRT};
pub use rounding::{CEIL, FLOOR, ROUND_NEAREST_EVEN};
pub use tanh::TANH;
pub(crate) use tile_program::TileProgram;

/// The functions that other kernels combine elements with.
pub(crate) mod markers {
    pub(crate) use super::arithmetic::{Add, Multiply};
    pub(crate) use super::extremes::{Maximum, Minimum};
    pub(crate) use super::logic::{And, Or};
}
pub use trigonometric::{COSINE, SINE};

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

impl Function {
    /// The type of the result for arguments of these types, or `None` when the function does not take them.
    ///
    /// # Examples
    /// ```
    /// use ceras_kernels::{DType, elementwise::{ADD, AND}};
    /// assert_eq!(ADD.result(&[DType::F32, DType::F32]), Some(DType::F32));
    /// assert_eq!(ADD.result(&[DType::F32, DType::I32]), None);
    /// assert_eq!(AND.result(&[DType::F32, DType::F32]), None);
    /// ```
    pub fn result(&self, arguments: &[DType]) -> Option<DType> {
        if arguments.len() == self.arity { (self.result)(arguments) } else { None }
    }

    /// What an element costs, in additions, about.
    fn weight(&self) -> usize {
        match self.name {
            "exponential"
            | "exponential_minus_one"
            | "log"
            | "log_plus_one"
            | "tanh"
            | "logistic"
            | "sine"
            | "cosine"
            | "erf" => 6,
            "power" | "remainder" => 24,
            "divide" | "sqrt" | "rsqrt" => 3,
            "approach_square" | "root_plus" | "minus_quotient" => 4,
            "approach" => 3,
            "multiply_add" | "difference_times" | "gate" | "add_maximum" => 2,
            _ => 1,
        }
    }

    /// The code for arguments of these types at a level this machine has.
    pub(crate) fn code(&self, isa: Isa, arguments: &[DType]) -> Option<TileKernel> {
        self.result(arguments)?;
        (self.select)(isa, arguments)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
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

#[cfg(test)]
mod function_tests;
#[cfg(test)]
mod fused_tests;
#[cfg(test)]
mod integer_tests;
