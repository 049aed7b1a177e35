//! Whether all numbers are finite.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::dtype::{DType, Element};
use crate::io::{Io, Kernel};
use crate::isa::Isa;
use crate::pool::Pool;

/// Elements that are looked at before the answer is looked at.
const CHUNK: usize = 16 * 1024;
/// Below so many elements waking threads costs more than it saves.
const PARALLEL_ELEMENTS: usize = 256 * 1024;

/// Whether every element of every input is finite, as one truth value. Inputs that are not floats are finite.
///
/// Inputs are contiguous.
#[derive(Debug)]
pub struct AllFinite {
    types: Vec<DType>,
    wide: bool,
}

impl AllFinite {
    /// For inputs of these types. (The answer is the same at every level, so the machine's is used.)
    pub fn new(types: Vec<DType>) -> AllFinite {
        AllFinite { types, wide: Isa::Avx2.is_available() }
    }

    fn all<T: Element>(&self, x: &[T], pool: &Pool, finite: impl Fn(&[T]) -> bool + Sync) -> bool {
        if x.len() < PARALLEL_ELEMENTS {
            return x.chunks(CHUNK).all(finite);
        }
        let all = AtomicBool::new(true);
        pool.for_each(x.len().div_ceil(CHUNK), &|chunk| {
            if all.load(Ordering::Relaxed) && !finite(&x[chunk * CHUNK..x.len().min((chunk + 1) * CHUNK)]) {
                all.store(false, Ordering::Relaxed);
            }
        });
        all.into_inner()
    }
}

impl Kernel for AllFinite {
    fn run(&self, io: &mut Io<'_>) {
        let (pool, wide) = (io.pool(), self.wide);
        let finite = self.types.iter().enumerate().all(|(index, dtype)| match dtype {
            DType::F32 => self.all(io.input::<f32>(index), pool, |x| finite(x, wide, |x| x.is_finite())),
            DType::F64 => self.all(io.input::<f64>(index), pool, |x| finite(x, wide, |x| x.is_finite())),
            _ => true,
        });
        io.output::<u8>(0)[0] = u8::from(finite);
    }
}

/// Whether all elements are finite, without an early way out, so that the loop vectorises.
fn finite<T: Copy>(x: &[T], wide: bool, is_finite: impl Fn(T) -> bool) -> bool {
    #[cfg(target_arch = "x86_64")]
    if wide {
        // SAFETY: `wide` says that the machine has AVX2 and FMA.
        return unsafe { finite_avx2(x, is_finite) };
    }
    let _ = wide;
    x.iter().fold(true, |all, &x| all & is_finite(x))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn finite_avx2<T: Copy>(x: &[T], is_finite: impl Fn(T) -> bool) -> bool {
    x.iter().fold(true, |all, &x| all & is_finite(x))
}
