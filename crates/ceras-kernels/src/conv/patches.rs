//! The convolution as one matrix product: a row for each position of the result, with all elements that the kernel meets
//! there. The rows are brought together while the product copies its left operand, a block at a time.

use std::ops::Range;
use std::sync::Arc;

use super::{Bodies, Spec};
use crate::disjoint::Disjoint;
use crate::dtype::{DType, Element};
use crate::io::{Io, Kernel, RawView};
use crate::isa::Isa;
use crate::matmul::{self, Gather, Gathered, MatMul, Strides};
use crate::memory::ALIGNMENT;
use crate::pool::Pool;

/// The most inputs of a step: the operands of a convolution and of its bodies.
const MAX_INPUTS: usize = 66;

/// The elements that the kernel meets at each position of the result, zeros beyond the image's edges.
#[derive(Debug)]
struct Patches {
    spec: Spec,
    /// Elements that lie one after the other in the image: a row of the kernel, or a position of it if it is dilated.
    line: usize,
}

impl Patches {
    fn new(spec: Spec) -> Patches {
        let width = &spec.axes[2];
        let line = spec.inputs * if width.kernel_dilation == 1 { width.kernel } else { 1 };
        Patches { spec, line }
    }

    /// Where a line of the kernel starts for a result, counted in elements of the image's row, and the first element of
    /// that row; nothing if the row lies outside.
    #[inline(always)]
    fn start(&self, [d, h, w]: [usize; 3], line: usize) -> Option<(usize, i64)> {
        let [depth, height, width] = &self.spec.axes;
        let (rest, tw) = match width.kernel_dilation {
            1 => (line, 0),
            _ => (line / width.kernel, line % width.kernel),
        };
        let d = depth.source(d, rest / height.kernel)?;
        let h = height.source(h, rest % height.kernel)?;
        let w = (w * width.stride + tw * width.kernel_dilation) as i64 - width.low;
        Some(((d * height.input + h) * width.input * self.spec.inputs, w * self.spec.inputs as i64))
    }
}

// SAFETY: `copy` writes the block, and of the image it reads what `Axis::source` and the row's bounds let through.
unsafe impl<T: Element + Default> Gather<T> for Patches {
    fn elements(&self) -> usize {
        self.spec.batch * self.spec.input_positions() * self.spec.inputs
    }

    fn by_columns(&self) -> bool {
        false
    }

    unsafe fn copy(
        &self,
        source: *const T,
        rows: Range<usize>,
        k: Range<usize>,
        target: *mut T,
        stride: usize,
    ) {
        let [depth, height, width] = &self.spec.axes;
        let size = self.spec.input_positions() * self.spec.inputs;
        let row_elements = (width.input * self.spec.inputs) as i64;
        let (first, skipped) = (k.start / self.line, k.start % self.line);
        for (index, row) in rows.enumerate() {
            let (rest, w) = (row / width.output, row % width.output);
            let (rest, h) = (rest / height.output, rest % height.output);
            let (batch, d) = (rest / depth.output, rest % depth.output);
            let image = source.wrapping_add(batch * size);
            let mut to = target.wrapping_add(index * stride);
            let (mut left, mut line, mut from) = (k.len(), first, skipped);
            while left > 0 {
                let count = left.min(self.line - from);
                // The part of the run that lies in the image's row.
                let (base, inside) = match self.start([d, h, w], line) {
                    None => (0, 0..0),
                    Some((base, start)) => {
                        let start = start + from as i64;
                        let before = (-start).clamp(0, count as i64);
                        let after = (row_elements - start).clamp(before, count as i64);
                        ((base as i64 + start) as usize, before as usize..after as usize)
                    }
                };
                // SAFETY: the run is part of the block; what is read lies in a row of the image.
                unsafe {
                    for at in (0..inside.start).chain(inside.end..count) {
                        *to.add(at) = T::default();
                    }
                    let from = image.wrapping_add(base.wrapping_add(inside.start));
                    matmul::copy(to.add(inside.start), from, inside.len());
                }
                to = to.wrapping_add(count);
                (left, line, from) = (left - count, line + 1, 0);
            }
        }
    }
}

/// A convolution as a product.
#[derive(Debug)]
pub(super) struct Product {
    spec: Spec,
    product: MatMul,
    /// Whether the kernel is turned before the product.
    turns: bool,
}

impl Product {
    /// The product of a convolution without groups and dilated images.
    pub(super) fn new(spec: Spec, bodies: Bodies, isa: Isa) -> Result<Product, String> {
        let (k, n) = (spec.taps() * spec.inputs, spec.outputs);
        let plain = spec.is_pixelwise();
        if spec.groups != 1 || (bodies.prologue.is_some() && !plain) {
            return Err("a prologue is for convolutions of single pixels without groups".into());
        }
        let turned = spec.transposed && plain;
        let matrix = matmul::Spec {
            dtype: spec.dtype,
            batch: 1,
            m: spec.batch * spec.output_positions(),
            n,
            k,
            lhs: Strides { batch: 0, row: k, col: 1 },
            rhs: if turned {
                Strides { batch: 0, row: 1, col: k }
            } else {
                Strides { batch: 0, row: n, col: 1 }
            },
            prologue: bodies.prologue,
            epilogue: bodies.epilogue,
        };
        let product = if plain {
            MatMul::try_new(matrix, isa)?
        } else {
            let patches = Patches::new(spec.clone());
            let gathered = match spec.dtype {
                DType::F64 => Gathered::F64(Arc::new(patches)),
                _ => Gathered::F32(Arc::new(patches)),
            };
            MatMul::gathered(matrix, isa, gathered)?
        };
        Ok(Product { product, turns: spec.transposed && !plain, spec })
    }

    /// The gradient of the kernel of a convolution of single pixels: the image, channel by channel, times the cotangent.
    pub(super) fn gradient(spec: Spec, isa: Isa) -> Product {
        let (m, n) = (spec.inputs, spec.outputs);
        let matrix = matmul::Spec {
            dtype: spec.dtype,
            batch: 1,
            m,
            n,
            k: spec.batch * spec.output_positions(),
            lhs: Strides { batch: 0, row: 1, col: m },
            rhs: Strides { batch: 0, row: n, col: 1 },
            prologue: None,
            epilogue: None,
        };
        Product { product: MatMul::new(matrix, isa), turns: false, spec }
    }

    /// Whether the image is read where it lies, pixel by pixel.
    pub(super) fn is_plain(&self) -> bool {
        self.spec.is_pixelwise()
    }

    fn turned_bytes(&self) -> usize {
        let bytes = self.spec.kernel_elements() * self.spec.dtype.size();
        if self.turns { bytes.next_multiple_of(ALIGNMENT) } else { 0 }
    }

    pub(super) fn scratch_bytes(&self) -> usize {
        self.turned_bytes() + self.product.scratch_bytes()
    }

    pub(super) fn run(&self, io: &mut Io<'_>) {
        if !self.turns {
            return self.product.run(io);
        }
        match self.spec.dtype {
            DType::F64 => self.run_turned::<f64>(io),
            _ => self.run_turned::<f32>(io),
        }
    }

    /// Turns the kernel in the scratch, then multiplies.
    fn run_turned<T: Element>(&self, io: &mut Io<'_>) {
        let kernel = io.input::<T>(1);
        let (turned, rest) = io.scratch::<u8>().split_at_mut(self.turned_bytes());
        let view = |bytes: &mut [u8], used: usize| RawView::new(bytes.as_mut_ptr(), 1, used, used);
        let elements = self.spec.kernel_elements();
        let spare = rest.len();
        let (right, scratch) = (view(turned, elements * size_of::<T>()), view(rest, spare));
        // SAFETY: the scratch is aligned for any element, and large enough.
        let turned = unsafe { std::slice::from_raw_parts_mut(right.pointer.cast::<T>(), elements) };
        turn(&self.spec, io.pool(), kernel, turned);
        let mut room = [RawView::EMPTY; MAX_INPUTS];
        let inputs = &mut room[..io.inputs.len()];
        inputs.copy_from_slice(io.inputs);
        inputs[1] = right;
        let mut io = Io { inputs, outputs: io.outputs, in_place: &[], scratch, pool: io.pool(), taken: 0 };
        self.product.run(&mut io);
    }
}

/// `[taps, outputs, inputs]` read back to front, as `[taps, inputs, outputs]`.
fn turn<T: Element>(spec: &Spec, pool: &Pool, kernel: &[T], turned: &mut [T]) {
    let (taps, inputs, outputs) = (spec.taps(), spec.inputs, spec.outputs);
    /// Rows of a task, so that each cache line that is read serves several of them.
    const ROWS: usize = 16;
    let pieces = inputs.div_ceil(ROWS);
    let turned = Disjoint::new(turned);
    pool.for_each(taps * pieces, &|task| {
        let (tap, first) = (task / pieces, task % pieces * ROWS);
        let last = inputs.min(first + ROWS);
        let source = &kernel[(taps - 1 - tap) * inputs * outputs..][..inputs * outputs];
        let range = (tap * inputs + first) * outputs..(tap * inputs + last) * outputs;
        // SAFETY: each task has rows of its own.
        let target = unsafe { turned.part(range) };
        for (output, from) in source.chunks_exact(inputs).enumerate() {
            for (row, weight) in from[first..last].iter().enumerate() {
                target[row * outputs + output] = *weight;
            }
        }
    });
}
