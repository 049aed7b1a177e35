//! Convolutions by plain loops: what every faster one is compared with.

use std::ops::{AddAssign, Mul};

use super::{Axis, Spec};
use crate::dtype::Element;
use crate::io::Io;

/// A floating-point element.
pub(super) trait Float: Element + Mul<Output = Self> + AddAssign {}

impl Float for f32 {}
impl Float for f64 {}

/// Calls `each(output position, input position, tap)` for each pair of positions that meet, in order.
pub(super) fn for_each_pair(axes: &[Axis; 3], mut each: impl FnMut(usize, usize, usize)) {
    let [depth, height, width] = axes;
    for d in 0..depth.output {
        for h in 0..height.output {
            for w in 0..width.output {
                let out = (d * height.output + h) * width.output + w;
                for tap in 0..depth.kernel * height.kernel * width.kernel {
                    let (td, th) = (tap / (height.kernel * width.kernel), tap / width.kernel % height.kernel);
                    let source =
                        (depth.source(d, td), height.source(h, th), width.source(w, tap % width.kernel));
                    if let (Some(d), Some(h), Some(w)) = source {
                        each(out, (d * height.input + h) * width.input + w, tap);
                    }
                }
            }
        }
    }
}

/// The convolution of a step.
pub(super) fn convolution<T: Float>(spec: &Spec, io: &mut Io<'_>) {
    let (image, kernel, out) = (io.input::<T>(0), io.input::<T>(1), io.output::<T>(0));
    out.fill(T::default());
    let (inputs, outputs, groups) = (spec.inputs, spec.outputs, spec.groups.max(1));
    let (group_in, group_out, taps) = (inputs / groups, outputs / groups, spec.taps());
    let (pixels_in, pixels_out) = (spec.input_positions(), spec.output_positions());
    for batch in 0..spec.batch {
        for_each_pair(&spec.axes, |to, from, tap| {
            let x = &image[(batch * pixels_in + from) * inputs..][..inputs];
            let y = &mut out[(batch * pixels_out + to) * outputs..][..outputs];
            for (f, y) in y.iter_mut().enumerate() {
                let group = f / group_out;
                for c in 0..group_in {
                    let channel = group * group_in + c;
                    let weight = if spec.transposed {
                        ((taps - 1 - tap) * group_out + f % group_out) * inputs + channel
                    } else {
                        (tap * group_in + c) * outputs + f
                    };
                    *y += x[channel] * kernel[weight];
                }
            }
        });
    }
}

/// The kernel's gradient of a step.
pub(super) fn kernel_gradient<T: Float>(spec: &Spec, io: &mut Io<'_>) {
    let (image, cotangent, out) = (io.input::<T>(0), io.input::<T>(1), io.output::<T>(0));
    out.fill(T::default());
    let (inputs, outputs, groups) = (spec.inputs, spec.outputs, spec.groups.max(1));
    let (group_in, group_out) = (inputs / groups, outputs / groups);
    let (pixels_in, pixels_out) = (spec.input_positions(), spec.output_positions());
    for batch in 0..spec.batch {
        for_each_pair(&spec.axes, |to, from, tap| {
            let x = &image[(batch * pixels_in + from) * inputs..][..inputs];
            let g = &cotangent[(batch * pixels_out + to) * outputs..][..outputs];
            for c in 0..group_in {
                let row = &mut out[(tap * group_in + c) * outputs..][..outputs];
                for (f, (sum, &g)) in row.iter_mut().zip(g).enumerate() {
                    *sum += x[f / group_out * group_in + c] * g;
                }
            }
        });
    }
}
