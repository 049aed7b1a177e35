//! Counter-based random bits.
//!
//! Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011
//! (<https://doi.org/10.1145/2063384.2063405>): a bijection of 128-bit counters under a 64-bit key. Any element can be
//! computed by itself, so threads and tiles change nothing.

use crate::disjoint::Disjoint;
use crate::io::{Io, Kernel};
#[cfg(target_arch = "x86_64")]
use crate::isa::Isa;

/// The multipliers of the paper.
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What is added to the key after each round: the golden ratio and √3 − 1, as in the paper.
const INCREMENTS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Counters that are worked on side by side.
const LANES: usize = 16;
/// Words that a thread takes at a time.
const TASK_WORDS: usize = 16 * 1024;

/// Ten rounds of Philox4x32.
///
/// # Examples
/// The paper's first test vector:
/// ```
/// let bits = ceras_kernels::random::philox4x32([0; 4], [0; 2]);
/// assert_eq!(bits, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    philox(counter.map(|word| [word]), key).map(|word| word[0])
}

/// Ten rounds on several counters at a time, word by word.
#[inline(always)]
fn philox<const N: usize>(counters: [[u32; N]; 4], key: [u32; 2]) -> [[u32; N]; 4] {
    let [mut a, mut b, mut c, mut d] = counters;
    let mut key = key;
    for _ in 0..10 {
        for lane in 0..N {
            let first = u64::from(MULTIPLIERS[0]) * u64::from(a[lane]);
            let second = u64::from(MULTIPLIERS[1]) * u64::from(c[lane]);
            a[lane] = (second >> 32) as u32 ^ b[lane] ^ key[0];
            b[lane] = second as u32;
            c[lane] = (first >> 32) as u32 ^ d[lane] ^ key[1];
            d[lane] = first as u32;
        }
        key = [key[0].wrapping_add(INCREMENTS[0]), key[1].wrapping_add(INCREMENTS[1])];
    }
    [a, b, c, d]
}

/// Random bits: input `key: u64[2]`, output `u32` of any shape, contiguous.
///
/// Element `i` is word `i mod 4` of `philox4x32([⌊i/4⌋ low, ⌊i/4⌋ high, key[1] low, key[1] high], [key[0] low, key[0] high])`.
#[derive(Debug, Default)]
pub struct Bits;

impl Bits {
    /// The kernel.
    pub fn new() -> Bits {
        Bits
    }
}

impl Kernel for Bits {
    fn run(&self, io: &mut Io<'_>) {
        let key = io.input::<u64>(0);
        let key = [key[0], key[1]];
        let output = io.output::<u32>(0);
        let total = output.len();
        if total <= 2 * TASK_WORDS {
            fill(output, 0, key);
            return;
        }
        let output = Disjoint::new(output);
        io.pool().for_each(total.div_ceil(TASK_WORDS), &|task| {
            let start = task * TASK_WORDS;
            // SAFETY: tasks have parts that do not overlap.
            let words = unsafe { output.part(start..total.min(start + TASK_WORDS)) };
            fill(words, (start / 4) as u64, key);
        });
    }
}

/// The words of some counters from `first` on, in their order: what [`Bits`] gives from element `4 · first` on.
///
/// # Examples
/// ```
/// use ceras_kernels::random::{fill, philox4x32};
/// let mut words = [0; 8];
/// fill(&mut words, 5, [1, 2]);
/// assert_eq!(words[4..], philox4x32([6, 0, 2, 0], [1, 0]));
/// ```
pub fn fill(words: &mut [u32], first: u64, key: [u64; 2]) {
    // The bits are the same at every level, so the machine's is used.
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the active level is one that the machine has.
    unsafe {
        match Isa::active() {
            Isa::Avx512 => return fill_avx512(words, first, key),
            Isa::Avx2 => return fill_avx2(words, first, key),
            Isa::Portable | Isa::Reference => {}
        }
    }
    fill_any(words, first, key);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn fill_avx2(words: &mut [u32], first: u64, key: [u64; 2]) {
    fill_any(words, first, key);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
unsafe fn fill_avx512(words: &mut [u32], first: u64, key: [u64; 2]) {
    fill_any(words, first, key);
}

#[inline(always)]
fn fill_any(words: &mut [u32], first: u64, key: [u64; 2]) {
    let [seed, stream] = key;
    let seed = [seed as u32, (seed >> 32) as u32];
    for (chunk, words) in words.chunks_mut(4 * LANES).enumerate() {
        let start = first + (chunk * LANES) as u64;
        let mut counters = [[0; LANES], [0; LANES], [stream as u32; LANES], [(stream >> 32) as u32; LANES]];
        let [low, high, ..] = &mut counters;
        for (lane, (low, high)) in low.iter_mut().zip(high).enumerate() {
            let counter = start + lane as u64;
            (*low, *high) = (counter as u32, (counter >> 32) as u32);
        }
        let bits = philox(counters, seed);
        let mut turned = [0; 4 * LANES];
        for lane in 0..LANES {
            for word in 0..4 {
                turned[4 * lane + word] = bits[word][lane];
            }
        }
        words.copy_from_slice(&turned[..words.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Run, bytes, values};

    /// The vectors of the authors' Random123 library, `kat_vectors`.
    #[test]
    fn published_vectors() {
        let ones = u32::MAX;
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32([ones; 4], [ones; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn elements_follow_the_counter() {
        let key = [0x0123_4567_89AB_CDEFu64, 0xFEDC_BA98_7654_3210];
        for count in [0, 1, 5, 64, 67, 50_000] {
            let expected: Vec<u32> = (0..count)
                .map(|i| {
                    let counter = [i as u32 / 4, 0, key[1] as u32, (key[1] >> 32) as u32];
                    philox4x32(counter, [key[0] as u32, (key[0] >> 32) as u32])[i % 4]
                })
                .collect();
            for threads in [1, 2, 3] {
                let out = Run::new(vec![bytes(&key)], vec![4 * count]).on(Bits::new(), threads);
                assert_eq!(values::<u32>(&out[0]), expected);
            }
        }
    }
}
