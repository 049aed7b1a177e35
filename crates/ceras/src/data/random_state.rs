//! NumPy's legacy random numbers, for the places where scikit-learn's results depend on them.

const WORDS: usize = 624;
const SHIFT: usize = 397;
const TWIST: u32 = 0x9908_b0df;

/// The part of NumPy's `RandomState` that scikit-learn's splits draw from: the Mersenne Twister MT19937, integers by
/// masked rejection, Fisher and Yates' shuffle from the end. Same seed, same numbers as in NumPy.
///
/// For everything else ceras draws from counter-based streams; this one is for scikit-learn's exact rows.
///
/// # Examples
/// ```
/// use ceras::data::RandomState;
/// // numpy.random.RandomState(0).permutation(5)
/// assert_eq!(RandomState::new(0).permutation(5), [2, 0, 1, 3, 4]);
/// ```
///
/// # References
/// Matsumoto and Nishimura, *Mersenne Twister*, ACM TOMACS 8(1), 1998, <https://doi.org/10.1145/272991.272995>.
#[derive(Clone, Debug)]
pub struct RandomState {
    words: Vec<u32>,
    position: usize,
}

impl RandomState {
    /// The state after `numpy.random.RandomState(seed)`.
    pub fn new(seed: u32) -> RandomState {
        let mut words = vec![seed; WORDS];
        for i in 1..WORDS {
            // Knuth's multiplier for seeding (The Art of Computer Programming, volume 2, 3.3.4, table 1).
            let last = words[i - 1];
            words[i] = 1_812_433_253u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i as u32);
        }
        RandomState { words, position: WORDS }
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.position == WORDS {
            self.twist();
        }
        let mut word = self.words[self.position];
        self.position += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        high << 32 | u64::from(self.next_u32())
    }

    /// An integer from 0 to `max`, both included: as many low bits as `max` has, drawn until they are in range.
    pub fn interval(&mut self, max: u64) -> u64 {
        if max == 0 {
            return 0;
        }
        let mask = u64::MAX >> max.leading_zeros();
        loop {
            let drawn = if max <= u64::from(u32::MAX) { u64::from(self.next_u32()) } else { self.next_u64() };
            if drawn & mask <= max {
                return drawn & mask;
            }
        }
    }

    /// Puts the items into random order, as `RandomState.shuffle` of a one-dimensional array does.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.interval(last as u64) as usize;
            items.swap(last, other);
        }
    }

    /// The numbers below `count` in random order.
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..count).collect();
        self.shuffle(&mut numbers);
        numbers
    }

    /// `size` of the items (or all, if there are fewer), none twice: `RandomState.choice(items, size, replace=False)`.
    pub fn choice<T: Copy>(&mut self, items: &[T], size: usize) -> Vec<T> {
        self.permutation(items.len()).into_iter().take(size).map(|index| items[index]).collect()
    }

    fn twist(&mut self) {
        for i in 0..WORDS {
            let mixed = (self.words[i] & 0x8000_0000) | (self.words[(i + 1) % WORDS] & 0x7fff_ffff);
            let twisted = (mixed >> 1) ^ if mixed & 1 == 1 { TWIST } else { 0 };
            self.words[i] = self.words[(i + SHIFT) % WORDS] ^ twisted;
        }
        self.position = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_thousandth_number_is_that_of_the_standard() {
        // C++'s standard fixes it for the default seed of `std::mt19937`.
        let mut random = RandomState::new(5489);
        let last = (0..10_000).map(|_| random.next_u32()).last();
        assert_eq!(last, Some(4_123_659_995));
    }

    #[test]
    fn intervals_stay_within_and_reach_both_ends() {
        let mut random = RandomState::new(1);
        let drawn: Vec<u64> = (0..1000).map(|_| random.interval(5)).collect();
        assert!((0..=5).all(|value| drawn.contains(&value)) && drawn.iter().all(|value| *value <= 5));
        assert_eq!(random.interval(0), 0);
        assert!(random.interval(1 << 40) <= 1 << 40);
    }
}
