//! Which positions of the image meet which positions of the kernel, as runs with one stride.

use std::ops::Range;

use super::Axis;

/// The results of an axis whose positions meet the same positions of the kernel: every `period`-th one.
///
/// With a dilated image (the gradient of a convolution with strides) the results fall into such phases; otherwise there
/// is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase {
    /// The first result and the distance to the next.
    pub(super) first: usize,
    pub(super) period: usize,
    /// How many results.
    pub(super) results: usize,
    /// Positions of the image from a result to the next.
    pub(super) step: usize,
    /// Positions of the kernel: the first, the distance to the next, how many.
    tap: usize,
    tap_step: usize,
    taps: usize,
    /// The position of the image that meets the first result and the first position of the kernel; may lie outside.
    offset: i64,
    /// Positions of the image from a position of the kernel to the next.
    pub(super) offset_step: usize,
    /// Positions of the image.
    input: usize,
}

/// The positions of the kernel that meet the image for one result: how many, the first, and where in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meeting {
    pub(super) count: usize,
    /// The first position of the kernel.
    pub(super) tap: usize,
    /// The position of the image that it meets.
    pub(super) source: usize,
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Phase {
    /// The phases of an axis.
    pub(super) fn all(axis: &Axis) -> Vec<Phase> {
        let dilation = axis.input_dilation;
        let period = dilation / gcd(axis.stride, dilation);
        (0..period.min(axis.output)).map(|first| Phase::new(axis, first, period)).collect()
    }

    fn new(axis: &Axis, first: usize, period: usize) -> Phase {
        let dilation = axis.input_dilation as i64;
        let place = |tap: usize| (first * axis.stride + tap * axis.kernel_dilation) as i64 - axis.low;
        let tap_step = axis.input_dilation / gcd(axis.kernel_dilation, axis.input_dilation);
        let tap = (0..axis.kernel.min(tap_step)).find(|&tap| place(tap).rem_euclid(dilation) == 0);
        let (tap, taps) = match tap {
            Some(tap) => (tap, (axis.kernel - tap).div_ceil(tap_step)),
            None => (0, 0),
        };
        Phase {
            first,
            period,
            results: (axis.output - first).div_ceil(period),
            step: period * axis.stride / axis.input_dilation,
            tap,
            tap_step,
            taps,
            offset: place(tap).div_euclid(dilation),
            offset_step: tap_step * axis.kernel_dilation / axis.input_dilation,
            input: axis.input,
        }
    }

    /// Positions of the kernel from one that meets the image to the next.
    pub(super) fn tap_step(&self) -> usize {
        self.tap_step
    }

    /// What the result number `index` of the phase meets.
    pub(super) fn meeting(&self, index: usize) -> Meeting {
        let start = self.offset + (index * self.step) as i64;
        let step = self.offset_step.max(1) as i64;
        let skipped = if start < 0 { (-start + step - 1) / step } else { 0 };
        let inside = self.input as i64 - start;
        let end = if inside > 0 { (inside + step - 1) / step } else { 0 };
        let end = end.min(self.taps as i64);
        let count = usize::try_from(end - skipped).unwrap_or(0);
        if count == 0 {
            return Meeting { count: 0, tap: 0, source: 0 };
        }
        let skipped = skipped as usize;
        let source = (start + (skipped * self.offset_step) as i64) as usize;
        Meeting { count, tap: self.tap + skipped * self.tap_step, source }
    }

    /// The results that meet all of the phase's positions of the kernel.
    pub(super) fn inner(&self) -> Range<usize> {
        let whole = |index: &usize| self.meeting(*index).count == self.taps;
        if self.taps == 0 {
            return 0..self.results;
        }
        let Some(first) = (0..self.results).find(whole) else { return 0..0 };
        let end = (first..self.results).rfind(whole).map_or(first, |last| last + 1);
        first..end
    }
}
