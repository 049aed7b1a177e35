//! What the Rust peers share: data, clocks and the lines that `table.py` reads.

use std::time::Instant;

/// Name, rows of a, inner length, columns of b.
pub const PRODUCTS: [(&str, usize, usize, usize); 5] = [
    ("1024", 1024, 1024, 1024),
    ("4096", 4096, 4096, 4096),
    ("32x100x50", 32, 100, 50),
    ("30752x27x50", 30752, 27, 50),
    ("6272x450x50", 6272, 450, 50),
];

/// Floating-point operations of the dense layer (4096×256)·(256×1024) with both gradients.
pub const DENSE_FLOPS: f64 = 6.0 * 4096.0 * 256.0 * 1024.0;

/// One line for a piece of work: the best and the median of some runs.
pub fn report(peer: &str, work: &str, unit: &str, mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    if unit.ends_with("/s") {
        values.reverse();
    }
    let (best, median) = (values[0], values[values.len() / 2]);
    let peak = peak_mib();
    println!(
        r#"{{"peer":"{peer}","work":"{work}","unit":"{unit}","best":{best},"median":{median},"peak_mib":{peak}}}"#
    );
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(0.0, |kib| kib / 1024.0)
}

/// What each of some runs takes.
pub fn seconds(repeats: usize, mut run: impl FnMut()) -> Vec<f64> {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..repeats).map(time).collect()
}

/// GFLOP/s of some measurements, each long enough for the clock.
pub fn rates(flops: f64, repeats: usize, mut run: impl FnMut()) -> Vec<f64> {
    let once = seconds(3, &mut run).into_iter().fold(f64::INFINITY, f64::min);
    let calls = ((0.02 / once) as usize).max(1);
    let times = seconds(repeats, || (0..calls).for_each(|_| run()));
    times.into_iter().map(|time| flops * calls as f64 / time / 1e9).collect()
}

/// Numbers that look random, the same in every run (xorshift; Marsaglia 2003).
pub struct Numbers(u64);

impl Numbers {
    /// From a seed other than 0.
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Between -1 and 1.
    pub fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.bits() >> 40) as f32 / (1u64 << 23) as f32 - 1.0).collect()
    }

    /// Another order.
    pub fn shuffle(&mut self, rows: &mut [usize]) {
        for last in (1..rows.len()).rev() {
            rows.swap(last, (self.bits() % (last as u64 + 1)) as usize);
        }
    }
}

/// Rows of a table, one after the other.
pub fn gather(table: &[f32], width: usize, rows: &[usize]) -> Vec<f32> {
    rows.iter().flat_map(|row| &table[row * width..(row + 1) * width]).copied().collect()
}

/// The work that the command line names.
pub fn work() -> String {
    std::env::args().nth(1).unwrap_or_default()
}

/// Where the model's file is.
pub fn model_path() -> String {
    std::env::var("MODEL").expect("MODEL names a file")
}
