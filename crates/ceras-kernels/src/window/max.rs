//! The largest element of each window and where it stands.

use super::{Spec, at_level, leveled};
use crate::disjoint::Disjoint;
use crate::dtype::{DType, Element};
use crate::io::{Io, Kernel};
use crate::isa::Isa;

/// A window's position as it is stored.
pub(super) trait Position: Element + PartialEq {
    fn of(tap: usize) -> Self;
    fn tap(self) -> usize;
}

impl Position for u8 {
    #[inline(always)]
    fn of(tap: usize) -> u8 {
        tap as u8
    }
    #[inline(always)]
    fn tap(self) -> usize {
        usize::from(self)
    }
}

impl Position for i32 {
    #[inline(always)]
    fn of(tap: usize) -> i32 {
        tap as i32
    }
    #[inline(always)]
    fn tap(self) -> usize {
        self as usize
    }
}

/// A floating-point element.
pub(super) trait Float: Element + PartialOrd {
    const LEAST: Self;
    const ZERO: Self;
    fn plus(self, other: Self) -> Self;
}

macro_rules! float {
    ($($t:ty),*) => {$(
        impl Float for $t {
            const LEAST: $t = <$t>::NEG_INFINITY;
            const ZERO: $t = 0.0;
            #[inline(always)]
            fn plus(self, other: $t) -> $t {
                self + other
            }
        }
    )*};
}

float!(f32, f64);

/// Runs `$method::<T, P>` for the element type and the position type of a spec.
macro_rules! typed {
    ($self:ident.$method:ident($io:ident)) => {
        match ($self.spec.dtype, $self.spec.index()) {
            (DType::F64, DType::U8) => $self.$method::<f64, u8>($io),
            (DType::F64, _) => $self.$method::<f64, i32>($io),
            (_, DType::U8) => $self.$method::<f32, u8>($io),
            _ => $self.$method::<f32, i32>($io),
        }
    };
}

leveled! {
    /// A row of results of the largest elements.
    fn largest_row<T: Float; P: Position>(spec: &Spec, row: usize, image: &[T], best: &mut [T], place: &mut [P]) {
        let channels = spec.channels;
        best.fill(T::LEAST);
        place.fill(P::of(0));
        let mut seen = usize::MAX;
        spec.for_row(row, |column, pixel, tap| {
            let x = &image[pixel * channels..][..channels];
            let best = &mut best[column * channels..][..channels];
            let place = &mut place[column * channels..][..channels];
            if seen != column {
                // The first position of a window.
                seen = column;
                best.copy_from_slice(x);
                place.fill(P::of(tap));
                return;
            }
            for ((best, place), &x) in best.iter_mut().zip(place).zip(x) {
                // NaN wins, as in arithmetic; the first of equals stays.
                #[allow(clippy::eq_op, reason = "only NaN differs from itself")]
                let wins = x > *best || x != x;
                *best = if wins { x } else { *best };
                *place = if wins { P::of(tap) } else { *place };
            }
        });
    }
}

/// The largest element of each window, the first of several; NaN counts as the largest. Input: image. Outputs: the
/// elements, and their positions in the windows ([`Spec::index`]). A window outside of the image gives −∞.
#[derive(Debug)]
pub struct MaxPool {
    spec: Spec,
    isa: Isa,
}

impl MaxPool {
    /// The kernel for a level; the result is the same at each.
    pub fn new(spec: Spec, isa: Isa) -> MaxPool {
        MaxPool { spec, isa }
    }

    fn typed<T: Float, P: Position>(&self, io: &mut Io<'_>) {
        let spec = &self.spec;
        let (image, best, place) = (io.input::<T>(0), io.output::<T>(0), io.output::<P>(1));
        let (size, width) = (spec.input_positions() * spec.channels, spec.axes[2].output * spec.channels);
        let rows = spec.rows();
        let (best, place) = (Disjoint::new(best), Disjoint::new(place));
        let work = |task: usize| {
            // SAFETY: each task has a row of its own.
            let (best, place) = unsafe {
                (best.part(task * width..(task + 1) * width), place.part(task * width..(task + 1) * width))
            };
            let image = &image[task / rows * size..][..size];
            at_level!(self.isa, largest_row < T, P > (spec, task % rows, image, best, place));
        };
        let tasks = spec.batch * rows;
        if spec.is_parallel() { io.pool().for_each(tasks, &work) } else { (0..tasks).for_each(work) }
    }
}

impl Kernel for MaxPool {
    fn run(&self, io: &mut Io<'_>) {
        typed!(self.typed(io));
    }
}

leveled! {
    /// The cotangents of a row of results added to the image's.
    fn scatter_row<T: Float; P: Position>(spec: &Spec, row: usize, cotangent: &[T], place: &[P], image: &mut [T]) {
        let channels = spec.channels;
        spec.for_row(row, |column, pixel, tap| {
            let x = &mut image[pixel * channels..][..channels];
            let g = &cotangent[column * channels..][..channels];
            let place = &place[column * channels..][..channels];
            for ((x, &g), &place) in x.iter_mut().zip(g).zip(place) {
                let share = if place == P::of(tap) { g } else { T::ZERO };
                *x = x.plus(share);
            }
        });
    }
}

/// Each window's element added to the image at the window's position. Inputs: elements, positions; output: image.
#[derive(Debug)]
pub struct MaxPoolScatter {
    spec: Spec,
    isa: Isa,
}

impl MaxPoolScatter {
    /// The kernel for a level; the result is the same at each.
    pub fn new(spec: Spec, isa: Isa) -> MaxPoolScatter {
        MaxPoolScatter { spec, isa }
    }

    fn typed<T: Float, P: Position>(&self, io: &mut Io<'_>) {
        let spec = &self.spec;
        let (cotangent, place) = (io.input::<T>(0), io.input::<P>(1));
        scatter(spec, io, |row, at, image: &mut [T]| {
            let (g, place) = (&cotangent[at.clone()], &place[at]);
            at_level!(self.isa, scatter_row < T, P > (spec, row, g, place, image));
        });
    }
}

impl Kernel for MaxPoolScatter {
    fn run(&self, io: &mut Io<'_>) {
        typed!(self.typed(io));
    }
}

/// Calls `each(row, where the row lies in the results, image)` for each row of each image, whose elements start at zero.
pub(super) fn scatter<T: Float>(
    spec: &Spec,
    io: &mut Io<'_>,
    each: impl Fn(usize, std::ops::Range<usize>, &mut [T]) + Sync,
) {
    let out = io.output::<T>(0);
    let (size, width) = (spec.input_positions() * spec.channels, spec.axes[2].output * spec.channels);
    let rows = spec.rows();
    let out = Disjoint::new(out);
    let work = |batch: usize| {
        // SAFETY: each task has an image of its own.
        let image = unsafe { out.part(batch * size..(batch + 1) * size) };
        image.fill(T::ZERO);
        for row in 0..rows {
            let start = (batch * rows + row) * width;
            each(row, start..start + width, image);
        }
    };
    if spec.is_parallel() { io.pool().for_each(spec.batch, &work) } else { (0..spec.batch).for_each(work) }
}

/// The image's element at each window's position. Inputs: image, positions; output: elements.
#[derive(Debug)]
pub struct MaxPoolGather {
    spec: Spec,
}

impl MaxPoolGather {
    /// The kernel; the result is the same at each level.
    pub fn new(spec: Spec) -> MaxPoolGather {
        MaxPoolGather { spec }
    }

    fn typed<T: Float, P: Position>(&self, io: &mut Io<'_>) {
        let spec = &self.spec;
        let (image, place, out) = (io.input::<T>(0), io.input::<P>(1), io.output::<T>(0));
        let (size, width) = (spec.input_positions() * spec.channels, spec.axes[2].output * spec.channels);
        out.fill(T::ZERO);
        for task in 0..spec.batch * spec.rows() {
            let (image, at) = (&image[task / spec.rows() * size..][..size], task * width..(task + 1) * width);
            let (place, out) = (&place[at.clone()], &mut out[at]);
            spec.for_row(task % spec.rows(), |column, pixel, tap| {
                for channel in 0..spec.channels {
                    if place[column * spec.channels + channel].tap() == tap {
                        out[column * spec.channels + channel] = image[pixel * spec.channels + channel];
                    }
                }
            });
        }
    }
}

impl Kernel for MaxPoolGather {
    fn run(&self, io: &mut Io<'_>) {
        typed!(self.typed(io));
    }
}
