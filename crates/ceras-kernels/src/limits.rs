//! What the machine can do at the most, measured on the spot: what a profile is held against.

use std::hint::{black_box, spin_loop};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::disjoint::Disjoint;
use crate::isa::Isa;
use crate::pool::Pool;

/// Sums that are worked on at a time: more than the latency of an addition times the additions that start per cycle.
const CHAINS: usize = 12;
/// Steps of one measurement: about a millisecond.
const STEPS: usize = 100_000;
/// Measurements; the best one counts.
const ROUNDS: usize = 8;
/// How long a thread waits for the others before a measurement: one that sleeps may take longer to wake than the measurement.
const PATIENCE: Duration = Duration::from_millis(10);
/// Elements of each array whose bandwidth is measured: together far more than a cache holds.
const ELEMENTS: usize = 8 << 20;

/// Single-precision multiplications and additions a second, of all threads of a pool that do nothing else, with the
/// instructions of a level (for [`Isa::Portable`] and [`Isa::Reference`] those that the compiler finds).
pub fn fma_peak(isa: Isa, pool: &Pool) -> f64 {
    let threads = pool.threads();
    let seconds = best(|| together(pool, &|| _ = black_box(sums(isa))));
    (threads * STEPS * 2 * CHAINS * lanes(isa)) as f64 / seconds
}

/// Bytes a second that the threads of a pool move to and from memory in `a ← a + k·b`: 12 for each element.
pub fn memory_bandwidth(pool: &Pool) -> f64 {
    const PART: usize = 64 * 1024;
    let (mut a, b) = (vec![1.0f32; ELEMENTS], vec![1.0f32; ELEMENTS]);
    let target = Disjoint::new(&mut a);
    let seconds = best(|| {
        let start = Instant::now();
        let k = black_box(0.5f32);
        pool.for_each(ELEMENTS / PART, &|part| {
            let range = part * PART..(part + 1) * PART;
            // SAFETY: tasks have parts that do not overlap.
            let a = unsafe { target.part(range.clone()) };
            a.iter_mut().zip(&b[range]).for_each(|(a, b)| *a += k * b);
        });
        start.elapsed().as_secs_f64()
    });
    (12 * ELEMENTS) as f64 / seconds
}

/// Seconds from the first start to the last end of a function that each thread of a pool runs, once all of them are there.
fn together(pool: &Pool, run: &(dyn Fn() + Sync)) -> f64 {
    let arrived = AtomicUsize::new(0);
    let span: Mutex<Option<(Instant, Instant)>> = Mutex::new(None);
    pool.for_each(pool.threads(), &|_| {
        arrived.fetch_add(1, Ordering::Relaxed);
        let arrival = Instant::now();
        while arrived.load(Ordering::Relaxed) < pool.threads() && arrival.elapsed() < PATIENCE {
            spin_loop();
        }
        let start = Instant::now();
        run();
        let end = Instant::now();
        let mut span = span.lock().unwrap_or_else(|poison| poison.into_inner());
        *span = Some(span.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
    });
    let span = *span.lock().unwrap_or_else(|poison| poison.into_inner());
    span.map_or(f64::INFINITY, |(first, last)| (last - first).as_secs_f64())
}

/// The least of several measurements.
fn best(mut seconds: impl FnMut() -> f64) -> f64 {
    (0..ROUNDS).map(|_| seconds()).fold(f64::INFINITY, f64::min)
}

fn lanes(isa: Isa) -> usize {
    match isa {
        Isa::Avx512 => 16,
        Isa::Avx2 => 8,
        Isa::Portable | Isa::Reference => 4,
    }
}

fn sums(isa: Isa) -> f32 {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the level was asked for.
        Isa::Avx512 if isa.is_available() => unsafe { x86::avx512() },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the level was asked for.
        Isa::Avx2 if isa.is_available() => unsafe { x86::avx2() },
        _ => plain(),
    }
}

fn plain() -> f32 {
    let (a, b) = (black_box(0.999f32), black_box(1e-3f32));
    let mut sums = [b; 4 * CHAINS];
    for _ in 0..STEPS {
        sums.iter_mut().for_each(|sum| *sum = *sum * a + b);
    }
    sums.iter().sum()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;

    use super::{CHAINS, STEPS};

    #[target_feature(enable = "avx512f")]
    pub(super) fn avx512() -> f32 {
        let (a, b) = (_mm512_set1_ps(black_box(0.999)), _mm512_set1_ps(black_box(1e-3)));
        let mut sums = [b; CHAINS];
        for _ in 0..STEPS {
            sums.iter_mut().for_each(|sum| *sum = _mm512_fmadd_ps(*sum, a, b));
        }
        sums.iter().map(|sum| _mm512_reduce_add_ps(*sum)).sum()
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2() -> f32 {
        let (a, b) = (_mm256_set1_ps(black_box(0.999)), _mm256_set1_ps(black_box(1e-3)));
        let mut sums = [b; CHAINS];
        for _ in 0..STEPS {
            sums.iter_mut().for_each(|sum| *sum = _mm256_fmadd_ps(*sum, a, b));
        }
        sums.iter().map(|sum| _mm_cvtss_f32(_mm256_castps256_ps128(*sum))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_a_machine() {
        let pool = Pool::new(2);
        for isa in Isa::available() {
            let peak = fma_peak(isa, &pool);
            assert!((1e6..1e13).contains(&peak), "{isa}: {peak}");
        }
        let bandwidth = memory_bandwidth(&pool);
        assert!((1e6..1e13).contains(&bandwidth), "{bandwidth}");
    }
}
