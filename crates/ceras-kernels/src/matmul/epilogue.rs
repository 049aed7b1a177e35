//! What happens to an element on its way into a product (prologue) and out of it (epilogue).

use std::mem::MaybeUninit;

use crate::dtype::DType;
use crate::elementwise::{Body, Instruction, Operand, Register, TileProgram};
use crate::io::Io;
use crate::isa::Isa;

use super::vector::{Float, Vector};

/// The most operands that a prologue or an epilogue may have.
const MAX_OPERANDS: usize = 32;

/// Addresses of operands; operand 0 is handed in.
pub(crate) type Pointers = [*const u8; MAX_OPERANDS];

/// What is done to the elements of the product.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one for each kernel, which is boxed itself")]
pub(crate) enum Epilogue {
    /// Addition of a row and then `maximum` with a scalar, each if there; inside of the micro-kernel.
    Native { bias: Option<usize>, floor: Option<usize> },
    /// Anything else.
    Program(RowProgram),
}

impl Epilogue {
    /// The epilogue of a body whose operand 1 is the kernel's input `first`.
    pub(crate) fn new(body: Option<&Body>, first: usize, dtype: DType, isa: Isa) -> Result<Epilogue, String> {
        let Some(body) = body else { return Ok(Epilogue::Native { bias: None, floor: None }) };
        match native(body, first, dtype) {
            Some(epilogue) if dtype.is_float() && isa != Isa::Reference => Ok(epilogue),
            _ => RowProgram::new(body, first, dtype, isa).map(Epilogue::Program),
        }
    }
}

/// Recognises `maximum(product + row, scalar)` and its parts.
fn native(body: &Body, first: usize, dtype: DType) -> Option<Epilogue> {
    let mut current = Register::Input(0);
    let (mut bias, mut floor) = (None, None);
    for (index, instruction) in body.instructions.iter().enumerate() {
        let input = other_operand(instruction, current)?;
        let operand = body.inputs.get(input)?;
        if operand.dtype != dtype || input == 0 {
            return None;
        }
        match instruction.function.name {
            "add" if index == 0 && has_strides(body, operand, [0, 0, 1]) => bias = Some(first + input - 1),
            "maximum" if floor.is_none() && has_strides(body, operand, [0, 0, 0]) => {
                floor = Some(first + input - 1)
            }
            _ => return None,
        }
        current = Register::Instruction(index);
    }
    (body.outputs == [current]).then_some(Epilogue::Native { bias, floor })
}

/// Recognises `maximum(element · row + row, scalar)`: the operands in this order.
pub(super) fn affine(body: &Body, dtype: DType) -> Option<[usize; 3]> {
    let [scale, shift, floor] = &body.instructions[..] else { return None };
    let (x, first, second) = (Register::Input(0), Register::Instruction(0), Register::Instruction(1));
    let operands = [other_operand(scale, x)?, other_operand(shift, first)?, other_operand(floor, second)?];
    let names = [scale, shift, floor].map(|instruction| instruction.function.name);
    let fits = |(place, strides): (usize, [usize; 3])| {
        let operand = body.inputs.get(operands[place]);
        operands[place] > 0 && operand.is_some_and(|it| it.dtype == dtype && has_strides(body, it, strides))
    };
    let rows = [(0, [0, 0, 1]), (1, [0, 0, 1]), (2, [0, 0, 0])];
    let last = body.outputs == [Register::Instruction(2)];
    (names == ["multiply", "add", "maximum"] && last && rows.into_iter().all(fits)).then_some(operands)
}

/// The operands of [`affine`], from some column on.
#[derive(Clone, Copy)]
pub(super) struct Affine<T> {
    pub(super) factor: *const T,
    pub(super) shift: *const T,
    pub(super) floor: *const T,
}

/// `maximum(x · factor + shift, floor)` of `len` elements, each step rounded.
///
/// # Safety
/// The rows must be readable and the target writable for `len` elements; the target is the row itself or apart from all
/// rows; and the caller must have the level of `V`.
#[inline(always)]
pub(super) unsafe fn affine_row<V: Vector>(
    by: &Affine<V::Element>,
    x: *const V::Element,
    len: usize,
    target: *mut V::Element,
) {
    // SAFETY: as the caller vouches; the last register is masked.
    unsafe {
        let floor = V::splat(by.floor);
        // A sum with −0 is the product itself, whatever its sign.
        let nothing = V::splat(&V::Element::MINUS_ZERO);
        let mut at = 0;
        while at < len {
            let count = (len - at).min(V::LANES);
            let mask = V::mask(count);
            let load = |from: *const V::Element| {
                let from = from.add(at);
                if count == V::LANES { V::load(from) } else { V::load_masked(from, mask) }
            };
            let y = load(x).multiply_add(load(by.factor), nothing).add(load(by.shift)).maximum(floor);
            if count == V::LANES {
                y.store(target.add(at))
            } else {
                y.store_masked(target.add(at), mask)
            }
            at += count;
        }
    }
}

/// The input that an instruction combines with `current`.
fn other_operand(instruction: &Instruction, current: Register) -> Option<usize> {
    match *instruction.arguments.as_slice() {
        [a, Register::Input(b)] if a == current => Some(b),
        [Register::Input(a), b] if b == current => Some(a),
        _ => None,
    }
}

/// Whether an operand is read with these strides; that of an axis of length 1 does not matter.
fn has_strides(body: &Body, operand: &Operand, strides: [usize; 3]) -> bool {
    let axes = body.shape.iter().zip(&operand.strides).zip(strides);
    body.shape.len() == 3
        && axes.into_iter().all(|((&extent, &stride), wanted)| extent == 1 || stride == wanted)
}

/// A body that is run over runs of a row, its operand 0 being handed in.
#[derive(Debug)]
pub(crate) struct RowProgram {
    program: TileProgram,
    /// The kernel's input that is operand 1.
    first: usize,
    /// For each operand from 1 on, how many bytes the body may read.
    bytes: Vec<usize>,
}

impl RowProgram {
    pub(crate) fn new(body: &Body, first: usize, dtype: DType, isa: Isa) -> Result<RowProgram, String> {
        if body.inputs.first().is_none_or(|operand| operand.dtype != dtype) || body.outputs.len() != 1 {
            return Err(format!("the body must take {dtype} as operand 0 and give one output"));
        }
        if body.inputs.len() > MAX_OPERANDS {
            return Err(format!("a body has {} operands, more than {MAX_OPERANDS}", body.inputs.len()));
        }
        let program = TileProgram::new(body, isa)?;
        if program.output_bytes() != dtype.size() {
            return Err(format!("the body must give {dtype}"));
        }
        let size = |index: usize| program.input_elements(index) * body.inputs[index].dtype.size();
        let bytes = (1..body.inputs.len()).map(size).collect();
        Ok(RowProgram { program, first, bytes })
    }

    /// How many of the kernel's inputs the body takes.
    pub(crate) fn operands(&self) -> usize {
        self.bytes.len()
    }

    /// The addresses of the operands in a step, written to `room`.
    ///
    /// # Panics
    /// If the plan gave an operand that is strided or too small.
    pub(crate) fn pointers<'r>(&self, io: &Io<'_>, room: &'r mut MaybeUninit<Pointers>) -> &'r [*const u8] {
        let pointers = room.write([std::ptr::null(); MAX_OPERANDS]);
        for (index, &bytes) in self.bytes.iter().enumerate() {
            pointers[index + 1] = operand(io, self.first + index, bytes);
        }
        &pointers[..=self.bytes.len()]
    }

    /// Computes `len` elements from column `column` of a row on, in place or not. If the run goes on beyond the row, it
    /// is of whole rows that lie one after the other.
    ///
    /// # Safety
    /// The operands must be those of this step; `input` must be readable and `output` writable for `len` elements.
    pub(crate) unsafe fn run<T>(
        &self,
        (row, column, len): (usize, usize, usize),
        operands: &[*const u8],
        input: *const T,
        output: *mut T,
    ) {
        // SAFETY: as the caller vouches; the operands are large enough for the whole shape.
        unsafe { self.program.run_row(row, column, len, operands, Some((0, input.cast())), output.cast()) }
    }
}

/// The address of a contiguous operand.
///
/// # Panics
/// If it is strided or holds less than so many bytes.
pub(crate) fn operand(io: &Io<'_>, index: usize, bytes: usize) -> *const u8 {
    let view = io.input_rows::<u8>(index).view;
    assert!(
        view.is_contiguous() && view.bytes() >= bytes,
        "operand {index} must be one run of at least {bytes} bytes"
    );
    view.pointer
}
