//! The order in which rows come.

use crate::random::{Random, mix};

/// The order in which rows come, epoch after epoch.
pub(super) struct Order {
    seed: u64,
    shuffle: bool,
    rows: Vec<usize>,
    next: usize,
}

impl Order {
    pub(super) fn new(seed: u64, rows: usize, shuffle: bool) -> Order {
        Order { seed, shuffle, rows: (0..rows).collect(), next: rows }
    }

    /// The next batch: so many rows, or fewer at the end of a pass. Each pass' order is a function of the seed and the
    /// step that it begins with, so it is the same after saving and loading.
    pub(super) fn next(&mut self, size: usize, step: u64) -> &[usize] {
        if self.next >= self.rows.len() {
            self.next = 0;
            if self.shuffle {
                self.rows.iter_mut().enumerate().for_each(|(index, row)| *row = index);
                let stream = mix(crate::random::stream("shuffle", step));
                Random::new(self.seed, stream).shuffle(&mut self.rows);
            }
        }
        let start = self.next;
        self.next = (start + size).min(self.rows.len());
        &self.rows[start..self.next]
    }
}
