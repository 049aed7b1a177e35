//! The product by plain loops.

use std::mem::MaybeUninit;

use super::epilogue::RowProgram;
use super::plain::{self, Number};
use super::{Matrix, Spec, output_stride};
use crate::dtype::DType;
use crate::io::Io;
use crate::isa::Isa;

/// A product whose elements are computed one after the other, k in order, each product and each sum rounded.
#[derive(Debug)]
pub(super) struct Reference {
    spec: Spec,
    prologue: Option<RowProgram>,
    epilogue: Option<RowProgram>,
}

impl Reference {
    pub(super) fn new(spec: Spec, isa: Isa) -> Result<Reference, String> {
        let program = |body, first| RowProgram::new(body, first, spec.dtype, isa);
        let prologue = spec.prologue.as_ref().map(|body| program(body, 2)).transpose()?;
        let first = 2 + prologue.as_ref().map_or(0, RowProgram::operands);
        let epilogue = spec.epilogue.as_ref().map(|body| program(body, first)).transpose()?;
        Ok(Reference { spec, prologue, epilogue })
    }

    /// A row of the left operand after the prologue.
    pub(super) fn scratch_bytes(&self) -> usize {
        if self.prologue.is_some() { self.spec.k * self.spec.dtype.size() } else { 0 }
    }

    pub(super) fn run(&self, io: &mut Io<'_>) {
        match self.spec.dtype {
            DType::U8 => self.run_typed::<u8>(io),
            DType::I32 => self.run_typed::<i32>(io),
            DType::U32 => self.run_typed::<u32>(io),
            DType::I64 => self.run_typed::<i64>(io),
            DType::U64 => self.run_typed::<u64>(io),
            DType::F32 => self.run_typed::<f32>(io),
            DType::F64 => self.run_typed::<f64>(io),
            DType::Bool => unreachable!("`MatMul::try_new` refuses bool"),
        }
    }

    fn run_typed<T: Number>(&self, io: &mut Io<'_>) {
        let Spec { batch, m, n, k, .. } = self.spec;
        let rows = batch * m;
        let out = io.output_rows::<T>(0).view;
        if rows * n == 0 {
            return;
        }
        let stride = output_stride(out, size_of::<T>(), rows, n);
        let lhs = Matrix::<T>::new(io.input_rows::<T>(0).view, self.spec.lhs, [batch, m, k]);
        let rhs = Matrix::<T>::new(io.input_rows::<T>(1).view, self.spec.rhs, [batch, k, n]);
        let mut rooms = [MaybeUninit::uninit(), MaybeUninit::uninit()];
        let [before_room, after_room] = &mut rooms;
        let before = self.prologue.as_ref().map_or(&[][..], |program| program.pointers(io, before_room));
        let after = self.epilogue.as_ref().map_or(&[][..], |program| program.pointers(io, after_room));
        let scratch = if self.prologue.is_some() { io.scratch::<T>() } else { &mut [] };
        for row in 0..rows {
            let (index, i) = (row / m, row % m);
            let source = lhs.pointer.wrapping_add(index * lhs.strides.batch + i * lhs.strides.row);
            let (mut left, mut column) = (source, lhs.strides.col);
            // SAFETY: `Matrix::new` and `output_stride` checked that the regions hold what the strides reach, the
            // programs' operands were checked by `pointers`, and the output overlaps no input (`Program::new`).
            unsafe {
                if let Some(program) = &self.prologue {
                    for (at, element) in scratch[..k].iter_mut().enumerate() {
                        *element = *source.add(at * column);
                    }
                    let pointer = scratch.as_mut_ptr();
                    program.run((row, 0, k), before, pointer, pointer);
                    (left, column) = (pointer, 1);
                }
                let target = out.pointer.cast::<T>().add(row * stride);
                let right = rhs.pointer.wrapping_add(index * rhs.strides.batch);
                plain::row(std::slice::from_raw_parts_mut(target, n), k, left, column, right, rhs.strides);
                if let Some(program) = &self.epilogue {
                    program.run((row, 0, n), after, target, target);
                }
            }
        }
    }
}
