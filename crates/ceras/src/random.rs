//! Random numbers on the host: counter-based, from one seed.
//!
//! A number is a function of (seed, stream, counter), so nothing depends on the order in which numbers are asked for.

use std::ops::Range;

use ceras_kernels::random::fill;

/// A well-mixed 64-bit word from another (the finaliser of SplitMix64, a bijection).
pub fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// The number of a stream: of a path in a model (such as `model/dropout_1`) and a count within it.
pub fn stream(path: &str, count: u64) -> u64 {
    // FNV-1a over the path, then mixed: any well-spread function does, but it must never change.
    let hash = path.bytes().fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    mix(hash ^ mix(count))
}

/// Words that are made at a time when many are wanted; four belong to a counter.
const WORDS: usize = 128;
/// Counters that are worked out one at a time before that: few words are wanted more often than many.
const SINGLE: u64 = 4;

/// A sequence of random words.
#[derive(Clone, Debug)]
pub struct Random {
    /// The seed, mixed, and the stream.
    key: [u64; 2],
    /// The next counter.
    counter: u64,
    words: [u32; WORDS],
    /// The words that were made and not used yet.
    ready: Range<usize>,
}

impl Random {
    /// The sequence of a seed and a stream.
    pub fn new(seed: u64, stream: u64) -> Random {
        Random { key: [mix(seed), stream], counter: 0, words: [0; WORDS], ready: 0..0 }
    }

    /// 32 random bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        match self.ready.next() {
            Some(at) => self.words[at],
            None => self.refill(),
        }
    }

    #[cold]
    fn refill(&mut self) -> u32 {
        let counters = if self.counter < SINGLE { 1 } else { WORDS as u64 / 4 };
        let made = 4 * counters as usize;
        fill(&mut self.words[..made], self.counter, self.key);
        self.counter += counters;
        self.ready = 1..made;
        self.words[0]
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) | (u64::from(self.next_u32()) << 32)
    }

    /// A number from [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number from the standard normal distribution (Box and Muller 1958, <https://doi.org/10.1214/aoms/1177706645>).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A number from [0, bound), each equally likely (Lemire 2019, <https://doi.org/10.1145/3230636>).
    pub fn below(&mut self, bound: u64) -> u64 {
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            let low = product as u64;
            // What is compared with second is below `bound`, and takes a division.
            if low >= bound || low >= bound.wrapping_neg() % bound.max(1) {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts a slice in a random order (Fisher and Yates; Durstenfeld 1964, <https://doi.org/10.1145/364520.364540>).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use ceras_kernels::random::philox4x32;

    use super::*;

    #[test]
    fn words_follow_the_counter() {
        let (seed, stream) = (7, 0x0123_4567_89AB_CDEF);
        let halves = |word: u64| [word as u32, (word >> 32) as u32];
        let mut random = Random::new(seed, stream);
        for counter in 0..1000 {
            let [low, high] = halves(stream);
            let expected = philox4x32([counter, 0, low, high], halves(mix(seed)));
            assert_eq!([(); 4].map(|()| random.next_u32()), expected, "{counter}");
        }
    }
}
