//! The mean of each window.

use std::ops::{AddAssign, Mul};

use super::max::{Float, scatter};
use super::{Spec, at_level, leveled};
use crate::disjoint::Disjoint;
use crate::dtype::DType;
use crate::io::{Io, Kernel};
use crate::isa::Isa;

/// A floating-point element that can be scaled.
pub(super) trait Scaled: Float + AddAssign + Mul<Output = Self> {
    /// 1 / count.
    fn share(count: usize) -> Self;
}

macro_rules! scaled {
    ($($t:ty),*) => {$(
        impl Scaled for $t {
            #[inline(always)]
            fn share(count: usize) -> $t {
                1.0 / count.max(1) as $t
            }
        }
    )*};
}

scaled!(f32, f64);

leveled! {
    /// A row of means.
    fn mean_row<T: Scaled>(spec: &Spec, row: usize, image: &[T], sums: &mut [T]) {
        let channels = spec.channels;
        sums.fill(T::ZERO);
        spec.for_row(row, |column, pixel, _| {
            let x = &image[pixel * channels..][..channels];
            for (sum, &x) in sums[column * channels..][..channels].iter_mut().zip(x) {
                *sum += x;
            }
        });
        for column in 0..spec.axes[2].output {
            let share = T::share(spec.count(row, column));
            for sum in &mut sums[column * channels..][..channels] {
                *sum = *sum * share;
            }
        }
    }
}

leveled! {
    /// The cotangents of a row of means, shared out among the windows' positions.
    fn share_row<T: Scaled>(spec: &Spec, row: usize, cotangent: &[T], image: &mut [T]) {
        let channels = spec.channels;
        spec.for_row(row, |column, pixel, _| {
            let share = T::share(spec.count(row, column));
            let g = &cotangent[column * channels..][..channels];
            for (x, &g) in image[pixel * channels..][..channels].iter_mut().zip(g) {
                *x += g * share;
            }
        });
    }
}

/// The mean of each window over its positions in the image; 0 where there are none. Input: image; output: means.
#[derive(Debug)]
pub struct AveragePool {
    spec: Spec,
    isa: Isa,
}

impl AveragePool {
    /// The kernel for a level; the result is the same at each.
    pub fn new(spec: Spec, isa: Isa) -> AveragePool {
        AveragePool { spec, isa }
    }

    fn typed<T: Scaled>(&self, io: &mut Io<'_>) {
        let spec = &self.spec;
        let (image, out) = (io.input::<T>(0), io.output::<T>(0));
        let (size, width) = (spec.input_positions() * spec.channels, spec.axes[2].output * spec.channels);
        let rows = spec.rows();
        let out = Disjoint::new(out);
        let work = |task: usize| {
            // SAFETY: each task has a row of its own.
            let sums = unsafe { out.part(task * width..(task + 1) * width) };
            at_level!(self.isa, mean_row<T>(spec, task % rows, &image[task / rows * size..][..size], sums));
        };
        let tasks = spec.batch * rows;
        if spec.is_parallel() { io.pool().for_each(tasks, &work) } else { (0..tasks).for_each(work) }
    }
}

impl Kernel for AveragePool {
    fn run(&self, io: &mut Io<'_>) {
        match self.spec.dtype {
            DType::F64 => self.typed::<f64>(io),
            _ => self.typed::<f32>(io),
        }
    }
}

/// Each window's element shared out evenly among its positions in the image. Input: elements; output: image.
#[derive(Debug)]
pub struct AveragePoolScatter {
    spec: Spec,
    isa: Isa,
}

impl AveragePoolScatter {
    /// The kernel for a level; the result is the same at each.
    pub fn new(spec: Spec, isa: Isa) -> AveragePoolScatter {
        AveragePoolScatter { spec, isa }
    }

    fn typed<T: Scaled>(&self, io: &mut Io<'_>) {
        let (spec, cotangent) = (&self.spec, io.input::<T>(0));
        scatter(spec, io, |row, at, image: &mut [T]| {
            at_level!(self.isa, share_row<T>(spec, row, &cotangent[at], image));
        });
    }
}

impl Kernel for AveragePoolScatter {
    fn run(&self, io: &mut Io<'_>) {
        match self.spec.dtype {
            DType::F64 => self.typed::<f64>(io),
            _ => self.typed::<f32>(io),
        }
    }
}
