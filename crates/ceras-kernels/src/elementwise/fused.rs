//! The fused kernel: a register program over tiles.

use super::{Body, Register, TileKernel};
use crate::dtype::DType;
use crate::io::{Io, Kernel};
use crate::isa::Isa;

const TILE: usize = 64;
const REGISTERS: usize = 128;

/// A kernel that computes a [`Body`] in one pass over its elements.
#[derive(Debug)]
pub struct FusedKernel {
    body: Body,
    code: Vec<(TileKernel, Vec<Register>)>,
    types: Vec<DType>,
}

/// Makes the kernel of a body for a level.
///
/// # Errors
/// A function that does not take its arguments' types, a register that does not exist, or strides of the wrong rank.
pub fn fused(body: Body, isa: Isa) -> Result<FusedKernel, String> {
    let mut types: Vec<DType> = Vec::new();
    let mut code = Vec::new();
    for instruction in &body.instructions {
        let arguments: Option<Vec<DType>> = instruction
            .arguments
            .iter()
            .map(|register| match *register {
                Register::Input(index) => body.inputs.get(index).map(|operand| operand.dtype),
                Register::Instruction(index) => types.get(index).copied(),
            })
            .collect();
        let arguments = arguments.ok_or("an argument is not defined yet")?;
        let wrong = || format!("`{}` does not take {arguments:?}", instruction.function.name);
        types.push(instruction.function.result(&arguments).ok_or_else(wrong)?);
        code.push((
            instruction.function.code(isa, &arguments).ok_or_else(wrong)?,
            instruction.arguments.clone(),
        ));
    }
    if body.inputs.len() + body.instructions.len() > REGISTERS {
        return Err("too many registers".into());
    }
    Ok(FusedKernel { body, code, types })
}

#[repr(align(64))]
struct Tiles([[u8; TILE * 8]; REGISTERS]);

impl FusedKernel {
    fn type_of(&self, register: Register) -> DType {
        match register {
            Register::Input(index) => self.body.inputs[index].dtype,
            Register::Instruction(index) => self.types[index],
        }
    }

    fn index(&self, register: Register) -> usize {
        match register {
            Register::Input(index) => index,
            Register::Instruction(index) => self.body.inputs.len() + index,
        }
    }
}

impl Kernel for FusedKernel {
    fn run(&self, io: &mut Io<'_>) {
        let total: usize = self.body.shape.iter().product();
        let mut tiles = Tiles([[0; TILE * 8]; REGISTERS]);
        for start in (0..total).step_by(TILE) {
            let len = TILE.min(total - start);
            for (index, operand) in self.body.inputs.iter().enumerate() {
                let (view, size) = (io.inputs[index], operand.dtype.size());
                for at in 0..len {
                    let (mut rest, mut offset) = (start + at, 0);
                    for (extent, stride) in self.body.shape.iter().zip(&operand.strides).rev() {
                        offset += rest % extent * stride;
                        rest /= extent;
                    }
                    let byte =
                        (offset * size / view.row_bytes) * view.stride_bytes + offset * size % view.row_bytes;
                    // SAFETY: the offset lies in the operand's region, as the plan's maker vouches.
                    unsafe {
                        let target = tiles.0[index].as_mut_ptr().add(at * size);
                        std::ptr::copy_nonoverlapping(view.pointer.add(byte), target, size);
                    }
                }
            }
            for (index, (code, arguments)) in self.code.iter().enumerate() {
                let mut pointers = [std::ptr::null::<u8>(); 3];
                for (pointer, argument) in pointers.iter_mut().zip(arguments) {
                    *pointer = tiles.0[self.index(*argument)].as_ptr();
                }
                let output = tiles.0[self.body.inputs.len() + index].as_mut_ptr();
                // SAFETY: tiles hold `TILE` elements of any type, aligned; argument tiles are other tiles.
                unsafe { code(pointers, output, len) }
            }
            for (index, register) in self.body.outputs.iter().enumerate() {
                let (view, size) = (io.outputs[index], self.type_of(*register).size());
                let source = tiles.0[self.index(*register)].as_ptr();
                for at in 0..len {
                    let offset = (start + at) * size;
                    let byte = offset / view.row_bytes * view.stride_bytes + offset % view.row_bytes;
                    // SAFETY: the output's region holds an element for each of the body's.
                    unsafe {
                        std::ptr::copy_nonoverlapping(source.add(at * size), view.pointer.add(byte), size);
                    }
                }
            }
        }
    }
}
