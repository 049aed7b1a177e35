//! Counter-based random bits.
//!
//! Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011
//! (<https://doi.org/10.1145/2063384.2063405>): a bijection of 128-bit counters under a 64-bit key. Any element can be
//! computed by itself, so threads and tiles change nothing.

use crate::io::{Io, Kernel};

/// Ten rounds of Philox4x32.
///
/// # Examples
/// The paper's first test vector:
/// ```
/// let bits = ceras_kernels::random::philox4x32([0; 4], [0; 2]);
/// assert_eq!(bits, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
#[inline(always)]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    // The multipliers and the Weyl increments (golden ratio, √3 − 1) of the paper.
    const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const INCREMENTS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let (mut c, mut k) = (counter, key);
    for _ in 0..10 {
        let first = u64::from(MULTIPLIERS[0]) * u64::from(c[0]);
        let second = u64::from(MULTIPLIERS[1]) * u64::from(c[2]);
        c = [
            (second >> 32) as u32 ^ c[1] ^ k[0],
            second as u32,
            (first >> 32) as u32 ^ c[3] ^ k[1],
            first as u32,
        ];
        k = [k[0].wrapping_add(INCREMENTS[0]), k[1].wrapping_add(INCREMENTS[1])];
    }
    c
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
        let (seed, stream) = (key[0], key[1]);
        for (block, words) in io.output::<u32>(0).chunks_mut(4).enumerate() {
            let block = block as u64;
            let counter = [block as u32, (block >> 32) as u32, stream as u32, (stream >> 32) as u32];
            let bits = philox4x32(counter, [seed as u32, (seed >> 32) as u32]);
            words.copy_from_slice(&bits[..words.len()]);
        }
    }
}
