//! Convolutions of each channel by itself: loops over the channels, which fill the registers.

use super::gradient::{add_parts, images, parts};
use super::{Axis, Spec};
use crate::disjoint::Disjoint;
use crate::io::Io;
use crate::isa::Isa;
use crate::window::{at_level, leveled};

/// A `float32` element, so that the loops are generic over nothing but the level.
pub(super) trait Single {}

impl Single for f32 {}

/// Calls `each(column, pixel, tap)` for the pixels of the image that meet a row of results.
#[inline(always)]
fn for_row([depth, height, width]: &[Axis; 3], row: usize, mut each: impl FnMut(usize, usize, usize)) {
    for td in 0..depth.kernel {
        let Some(d) = depth.source(row / height.output, td) else { continue };
        for th in 0..height.kernel {
            let Some(h) = height.source(row % height.output, th) else { continue };
            for column in 0..width.output {
                for tw in 0..width.kernel {
                    let Some(w) = width.source(column, tw) else { continue };
                    let tap = (td * height.kernel + th) * width.kernel + tw;
                    each(column, (d * height.input + h) * width.input + w, tap);
                }
            }
        }
    }
}

leveled! {
    /// A row of results.
    fn forward_row<T: Single>(spec: &Spec, row: usize, image: &[f32], kernel: &[f32], out: &mut [f32]) {
        let channels = spec.inputs;
        let taps = spec.taps();
        out.fill(0.0);
        for_row(&spec.axes, row, |column, pixel, tap| {
            let tap = if spec.transposed { taps - 1 - tap } else { tap };
            let weights = &kernel[tap * channels..][..channels];
            let x = &image[pixel * channels..][..channels];
            for ((y, &x), &weight) in out[column * channels..][..channels].iter_mut().zip(x).zip(weights) {
                *y += x * weight;
            }
        });
    }
}

leveled! {
    /// A row of the cotangent, added to the kernel's gradient.
    fn gradient_row<T: Single>(spec: &Spec, row: usize, image: &[f32], cotangent: &[f32], sums: &mut [f32]) {
        let channels = spec.inputs;
        for_row(&spec.axes, row, |column, pixel, tap| {
            let g = &cotangent[column * channels..][..channels];
            let x = &image[pixel * channels..][..channels];
            for ((sum, &x), &g) in sums[tap * channels..][..channels].iter_mut().zip(x).zip(g) {
                *sum += x * g;
            }
        });
    }
}

/// The convolution of a step.
pub(super) fn convolution(spec: &Spec, isa: Isa, io: &mut Io<'_>) {
    let (image, kernel, out) = (io.input::<f32>(0), io.input::<f32>(1), io.output::<f32>(0));
    let size = spec.input_positions() * spec.inputs;
    let (rows, width) = (spec.axes[0].output * spec.axes[1].output, spec.axes[2].output * spec.outputs);
    let out = Disjoint::new(out);
    io.pool().for_each(spec.batch * rows, &|task| {
        // SAFETY: each task has a row of its own.
        let out = unsafe { out.part(task * width..(task + 1) * width) };
        let image = &image[task / rows * size..][..size];
        at_level!(isa, forward_row<f32>(spec, task % rows, image, kernel, out));
    });
}

/// Scratch that [`kernel_gradient`] needs.
pub(super) fn gradient_scratch_bytes(spec: &Spec) -> usize {
    parts(spec.batch, spec.kernel_elements()) * spec.kernel_elements() * size_of::<f32>()
}

/// The kernel's gradient of a step.
pub(super) fn kernel_gradient(spec: &Spec, isa: Isa, io: &mut Io<'_>) {
    let (image, cotangent, out) = (io.input::<f32>(0), io.input::<f32>(1), io.output::<f32>(0));
    let (elements, parts) = (spec.kernel_elements(), parts(spec.batch, spec.kernel_elements()));
    let size = spec.input_positions() * spec.inputs;
    let (rows, width) = (spec.axes[0].output * spec.axes[1].output, spec.axes[2].output * spec.outputs);
    let sums = io.scratch::<f32>();
    let shared = Disjoint::new(sums);
    io.pool().for_each(parts, &|part| {
        // SAFETY: each task has sums of its own.
        let sums = unsafe { shared.part(part * elements..(part + 1) * elements) };
        sums.fill(0.0);
        for batch in images(spec.batch, parts, part) {
            let image = &image[batch * size..][..size];
            for row in 0..rows {
                let g = &cotangent[(batch * rows + row) * width..][..width];
                at_level!(isa, gradient_row<f32>(spec, row, image, g, sums));
            }
        }
    });
    add_parts(io, sums, out);
}
