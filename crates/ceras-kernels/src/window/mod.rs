//! Windows that slide over channels-last images: the largest and the mean of each, and their gradients.
//!
//! Each output position looks at the positions of its window that lie in the image. Loops run over the channels, so that
//! they fill vectors; each task has image rows of its own, so that the bits do not depend on the threads.

mod average;
mod max;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use average::{AveragePool, AveragePoolScatter};
pub use max::{MaxPool, MaxPoolGather, MaxPoolScatter};

use crate::dtype::DType;

/// Below so many elements waking threads costs more than it saves.
const PARALLEL_ELEMENTS: usize = 32 * 1024;

/// The most positions of a window that a byte can tell apart.
pub const BYTE_POSITIONS: usize = 256;

/// How a window slides along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// Positions of the image.
    pub input: usize,
    /// Positions of the result.
    pub output: usize,
    /// Positions of the window.
    pub window: usize,
    /// From a window to the next.
    pub stride: usize,
    /// Positions of the first window before the image.
    pub low: usize,
}

impl Axis {
    /// An axis of one position, for images of fewer than three axes.
    pub const ONE: Axis = Axis { input: 1, output: 1, window: 1, stride: 1, low: 0 };

    /// The positions of a window that lie in the image, and the place in the image of position 0, shifted by `low`.
    fn taps(&self, output: usize) -> (Range<usize>, usize) {
        let start = output * self.stride;
        let first = self.low.saturating_sub(start).min(self.window);
        let last = (self.input + self.low).saturating_sub(start).min(self.window);
        (first..last.max(first), start)
    }
}

/// Windows over a batch of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// `float32` or `float64`.
    pub dtype: DType,
    /// Images.
    pub batch: usize,
    /// The axes; unused ones come first and are [`Axis::ONE`].
    pub axes: [Axis; 3],
    /// Channels.
    pub channels: usize,
}

impl Spec {
    /// Positions of a window.
    pub fn taps(&self) -> usize {
        self.axes.iter().map(|axis| axis.window).product()
    }

    /// The type of a window's position: `uint8` where that is enough.
    pub fn index(&self) -> DType {
        if self.taps() <= BYTE_POSITIONS { DType::U8 } else { DType::I32 }
    }

    fn input_positions(&self) -> usize {
        self.axes.iter().map(|axis| axis.input).product()
    }

    fn output_positions(&self) -> usize {
        self.axes.iter().map(|axis| axis.output).product()
    }

    /// Rows of results: all axes but the last.
    fn rows(&self) -> usize {
        self.axes[0].output * self.axes[1].output
    }

    fn is_parallel(&self) -> bool {
        self.batch * self.channels * self.input_positions().max(self.output_positions()) >= PARALLEL_ELEMENTS
    }

    /// Calls `each(column, pixel, tap)` for the positions in the image of the windows of a row of results: which window
    /// of the row, which position of the image, which position of the window. Windows come in order, and so do their
    /// positions.
    #[inline(always)]
    fn for_row(&self, row: usize, mut each: impl FnMut(usize, usize, usize)) {
        let [depth, height, width] = &self.axes;
        let (ds, d0) = depth.taps(row / height.output);
        let (hs, h0) = height.taps(row % height.output);
        for column in 0..width.output {
            let (ws, w0) = width.taps(column);
            for d in ds.clone() {
                for h in hs.clone() {
                    let line = (d0 + d - depth.low) * height.input + h0 + h - height.low;
                    for w in ws.clone() {
                        let pixel = line * width.input + w0 + w - width.low;
                        each(column, pixel, (d * height.window + h) * width.window + w);
                    }
                }
            }
        }
    }

    /// How many positions of a window lie in the image.
    fn count(&self, row: usize, column: usize) -> usize {
        let [depth, height, width] = &self.axes;
        let of = |axis: &Axis, output| axis.taps(output).0.len();
        of(depth, row / height.output) * of(height, row % height.output) * of(width, column)
    }
}

/// Compiles `$body` for each level and calls the one of `$isa`: its loops then use that level's registers.
macro_rules! at_level {
    ($isa:expr, $body:ident<$($generic:ty),*>($($argument:expr),*)) => {{
        match $isa {
            #[cfg(target_arch = "x86_64")]
            $crate::Isa::Avx512 if $crate::Isa::Avx512.is_available() => {
                // SAFETY: the machine has the level.
                unsafe { $body::avx512::<$($generic),*>($($argument),*) }
            }
            #[cfg(target_arch = "x86_64")]
            $crate::Isa::Avx2 if $crate::Isa::Avx2.is_available() => {
                // SAFETY: the machine has the level.
                unsafe { $body::avx2::<$($generic),*>($($argument),*) }
            }
            _ => $body::portable::<$($generic),*>($($argument),*),
        }
    }};
}
pub(crate) use at_level;

/// Defines a module with the function for each level.
macro_rules! leveled {
    ($(#[$doc:meta])* fn $name:ident<$($generic:ident: $($bound:path),+);*>($($argument:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports, reason = "what the body needs")]
            use super::*;

            #[inline(always)]
            pub(super) fn portable<$($generic: $($bound +)+ Sized),*>($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            pub(super) fn avx2<$($generic: $($bound +)+ Sized),*>($($argument: $type),*) {
                portable::<$($generic),*>($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
            pub(super) fn avx512<$($generic: $($bound +)+ Sized),*>($($argument: $type),*) {
                portable::<$($generic),*>($($argument),*)
            }
        }
    };
}
pub(crate) use leveled;
