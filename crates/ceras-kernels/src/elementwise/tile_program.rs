//! The fused kernel's code for use inside other kernels: a matrix product's prologue and epilogue.

use super::Body;
use super::layout::{Kind, Layout, Tile};
use super::registers::RegisterProgram;
use crate::io::RawView;
use crate::isa::Isa;
use std::fmt;
use std::mem::MaybeUninit;

/// The most slots of a program.
const SLOTS: usize = 64;
/// The most elements that are worked on at a time.
const LONGEST_CHUNK: usize = 1024;
/// Room for stages: little, as it is taken anew for every run.
const STAGES_BYTES: usize = 16 * 1024;

/// A body that is run on parts of rows, with one of its inputs wherever the caller has it.
pub(crate) struct TileProgram {
    program: RegisterProgram,
    layout: Layout,
    /// For each slot where its stage starts, in bytes.
    stages: Vec<usize>,
    /// Elements that are worked on at a time, a multiple of 16.
    chunk: usize,
}

impl TileProgram {
    /// Makes the program of a body with one output for a level.
    ///
    /// # Errors
    /// As for [`fused`](super::fused); or the body has not exactly one output.
    pub(crate) fn new(body: &Body, isa: Isa) -> Result<TileProgram, String> {
        let (program, _) = RegisterProgram::new(body, isa)?;
        let operands: Vec<(usize, &[usize])> =
            body.inputs.iter().map(|operand| (operand.dtype.size(), operand.strides.as_slice())).collect();
        let layout = Layout::new(&body.shape, &operands, true)?;
        let slots = program.sizes.len();
        if body.outputs.len() != 1 || slots > SLOTS {
            return Err(format!("a body of {} outputs and {slots} values at a time", body.outputs.len()));
        }
        let chunk = STAGES_BYTES / program.sizes.iter().sum::<usize>() / 16 * 16;
        let chunk = chunk.min(LONGEST_CHUNK);
        let starts = program.sizes.iter().scan(0, |end, size| {
            *end += chunk * size;
            Some(*end - chunk * size)
        });
        let stages = starts.collect();
        Ok(TileProgram { program, layout, stages, chunk })
    }

    /// Bytes of an element of the output.
    pub(crate) fn output_bytes(&self) -> usize {
        self.program.sizes[self.program.inputs]
    }

    /// How many elements input `index` must have, contiguous.
    pub(crate) fn input_elements(&self, index: usize) -> usize {
        self.layout.elements(index)
    }

    /// Computes the elements `column..column + len` of a row of the body's shape, or whole rows one after the other: then
    /// `column` is 0 and `len` a multiple of their length.
    ///
    /// `row` counts over all axes but the last. `operands` are the starts of the inputs, each contiguous;
    /// `overrides` names an input whose elements for just this run lie, one after the other, at the pointer.
    /// `output` receives `len` elements and may be the overriding pointer.
    ///
    /// # Safety
    /// The run lies in the body's shape; each operand that is not overridden holds [`TileProgram::input_elements`]
    /// aligned elements, the overriding pointer and `output` are aligned and valid for `len` elements; `output`
    /// overlaps no input except that it may be equal to the overriding pointer where the elements' sizes are equal.
    pub(crate) unsafe fn run_row(
        &self,
        row: usize,
        column: usize,
        len: usize,
        operands: &[*const u8],
        overrides: Option<(usize, *const u8)>,
        output: *mut u8,
    ) {
        let mut room = Room(MaybeUninit::uninit());
        let base = room.0.as_mut_ptr().cast::<u8>();
        let inputs = self.program.inputs;
        let mut slots = [std::ptr::null_mut::<u8>(); SLOTS];
        for (slot, stage) in slots.iter_mut().zip(&self.stages) {
            *slot = base.wrapping_add(*stage);
        }
        let in_place = overrides.filter(|(_, pointer)| std::ptr::eq(*pointer, output.cast_const()));
        let staged = in_place.is_some_and(|(input, _)| self.program.reads_at_or_after(input, 0));
        let is_splat = |input: usize| self.layout.accesses[input].kind == Kind::Splat;
        let is_given = |input: usize| overrides.is_some_and(|(overridden, _)| overridden == input);
        for input in (0..inputs).filter(|input| is_splat(*input) && !is_given(*input)) {
            let all = Tile { row: 0, rows: 1, column: 0, width: self.chunk.min(len) };
            let view = self.view(input, operands[input]);
            // SAFETY: the operand is one element, and the stage has room for a chunk.
            slots[input] =
                unsafe { self.layout.fetch(input, &view, &all, base.wrapping_add(self.stages[input])) };
        }
        let width = self.layout.inner;
        let (rows, step) = if len > width && width <= self.chunk {
            (self.chunk / width, self.chunk / width * width)
        } else {
            (1, self.chunk.min(width))
        };
        let mut start = 0;
        while start < len {
            let (row, column) = (row + (column + start) / width, (column + start) % width);
            let tile = if rows > 1 {
                Tile { row, rows: rows.min((len - start) / width), column, width }
            } else {
                Tile { row, rows: 1, column, width: step.min(width - column).min(len - start) }
            };
            for input in 0..inputs {
                let size = self.program.sizes[input];
                slots[input] = match overrides {
                    Some((overridden, pointer)) if overridden == input => {
                        pointer.cast_mut().wrapping_add(start * size)
                    }
                    _ if is_splat(input) => continue,
                    _ => {
                        let view = self.view(input, operands[input]);
                        // SAFETY: the operand holds what the layout reads, and the stage has room for a chunk.
                        unsafe {
                            self.layout.fetch(input, &view, &tile, base.wrapping_add(self.stages[input]))
                        }
                    }
                };
            }
            let bytes = self.output_bytes();
            let target = output.wrapping_add(start * bytes);
            slots[inputs] = if staged { base.wrapping_add(self.stages[inputs]) } else { target };
            // SAFETY: every slot points to the chunk's elements; the output is apart from what is read with or after it.
            unsafe { self.program.call(&slots, tile.len()) };
            if staged {
                // SAFETY: the stage is apart from the caller's memory.
                unsafe {
                    std::ptr::copy_nonoverlapping(slots[inputs].cast_const(), target, tile.len() * bytes)
                }
            }
            start += tile.len();
        }
    }

    fn view(&self, input: usize, pointer: *const u8) -> RawView {
        let bytes = self.layout.elements(input) * self.program.sizes[input];
        RawView::new(pointer.cast_mut(), 1, bytes, bytes)
    }
}

/// Room for the stages of a chunk.
#[repr(align(64))]
struct Room(MaybeUninit<[u8; STAGES_BYTES]>);

impl fmt::Debug for TileProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TileProgram").field("calls", &self.program.calls.len()).finish_non_exhaustive()
    }
}
