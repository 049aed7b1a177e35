//! Matrix products beside the most that the processor can do, in one run.
//!
//! `cargo bench -p ceras-kernels --bench matmul [-- WORD…]`; a word keeps the lines whose name contains it. Both
//! instruction-set levels are measured unless `CERAS_ISA` names one. Each number is the best of several rounds in which
//! the contestants take turns, because other work on the machine only ever slows. `benches/peers/gemm` runs this
//! same table with the `gemm` crate as a contestant; it is a workspace of its own, so that tests do not build it.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use ceras_kernels::limits::fma_peak;
use ceras_kernels::matmul::{MatMul, Spec, Strides};
use ceras_kernels::{Block, DType, Isa, Pool, Program, Region, Space, Step};

/// A product `m × k` by `k × n`, and which operands lie transposed.
pub struct Case {
    /// What the line is called.
    pub name: &'static str,
    /// Rows of the product.
    pub m: usize,
    /// Columns of the product.
    pub n: usize,
    /// Length of the sums.
    pub k: usize,
    /// Whether the left and the right operand lie in columns.
    pub transposed: (bool, bool),
}

impl Case {
    /// How the operands are read.
    pub fn strides(&self) -> (Strides, Strides) {
        (strides(self.m, self.k, self.transposed.0), strides(self.k, self.n, self.transposed.1))
    }
}

/// Makes the same product by somebody else, on so many threads.
pub type Peer = fn(&Case, usize) -> Box<dyn FnMut()>;

const fn case(name: &'static str, m: usize, k: usize, n: usize, transposed: (bool, bool)) -> Case {
    Case { name, m, n, k, transposed }
}

const PLAIN: (bool, bool) = (false, false);

const CASES: &[Case] = &[
    case("square 1024", 1024, 1024, 1024, PLAIN),
    case("square 4096", 4096, 4096, 4096, PLAIN),
    case("wide forward", 4096, 256, 1024, PLAIN),
    case("wide by kernel", 256, 4096, 1024, (true, false)),
    case("wide by input", 4096, 1024, 256, (false, true)),
    case("conv 1", 30752, 27, 50, PLAIN),
    case("conv 1 by kernel", 27, 30752, 50, (true, false)),
    case("conv 2", 6272, 450, 50, PLAIN),
    case("conv 2 by kernel", 450, 6272, 50, (true, false)),
    case("conv 2 by input", 6272, 50, 450, (false, true)),
    case("conv 1x1", 51200, 128, 32, PLAIN),
    case("dense", 32, 100, 50, PLAIN),
    case("dense by kernel", 100, 32, 50, (true, false)),
    case("dense by input", 32, 50, 100, (false, true)),
    case("iris", 32, 4, 10, PLAIN),
    case("iris by kernel", 4, 32, 10, (true, false)),
    case("iris out", 32, 10, 3, PLAIN),
    case("iris out by input", 32, 3, 10, (false, true)),
    case("row", 1, 89, 100, PLAIN),
    case("row large", 1, 1024, 1024, PLAIN),
    case("column", 32, 50, 1, PLAIN),
];

fn strides(rows: usize, columns: usize, transposed: bool) -> Strides {
    let (row, col) = if transposed { (1, rows) } else { (columns, 1) };
    Strides { batch: rows * columns, row, col }
}

/// Our kernel as a program of one step.
struct Ours {
    program: Program,
    arena: Block,
    state: Block,
}

impl Ours {
    fn new(case: &Case, isa: Isa) -> Ours {
        let Case { m, n, k, .. } = *case;
        let (lhs, rhs) = case.strides();
        let spec = Spec { dtype: DType::F32, batch: 1, m, n, k, lhs, rhs, prologue: None, epilogue: None };
        let kernel = MatMul::new(spec, isa);
        let mut at = 0;
        let mut take = |bytes: usize| {
            let region = Region::contiguous(Space::Arena, at, bytes);
            at += bytes.next_multiple_of(64);
            region
        };
        let (left, right, out) = (take(m * k * 4), take(k * n * 4), take(m * n * 4));
        let scratch = take(kernel.scratch_bytes());
        let bytes = at;
        let mut arena = Block::zeroed(bytes);
        for (region, elements) in [(left, m * k), (right, k * n)] {
            fill(arena.slice_mut::<f32>(region.offset, elements));
        }
        let step = Step {
            label: case.name.into(),
            kernel: Box::new(kernel),
            inputs: vec![left, right],
            outputs: vec![out],
            scratch: Some(scratch),
            in_place: vec![],
        };
        let program = Program::new(vec![step], Block::zeroed(0), bytes, 0).expect("a legal program");
        Ours { program, arena, state: Block::zeroed(0) }
    }

    fn run(&mut self, pool: &Pool) {
        self.program.run(&mut self.arena, &mut self.state, pool, 0..1);
    }
}

/// Numbers between -1 and 1.
pub fn fill(values: &mut [f32]) {
    for (index, value) in values.iter_mut().enumerate() {
        *value = ((index * 7919 + 13) % 1009) as f32 / 504.5 - 1.0;
    }
}

/// Seconds of one call: the least over rounds of repeated calls.
fn seconds(rounds: usize, calls: usize, mut call: impl FnMut()) -> f64 {
    (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            start.elapsed().as_secs_f64() / calls as f64
        })
        .fold(f64::INFINITY, f64::min)
}

#[allow(dead_code, reason = "a module elsewhere")]
fn main() {
    table(None);
}

/// Prints the table of every level.
pub fn table(peer: Option<(&str, Peer)>) {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let levels = match std::env::var_os("CERAS_ISA") {
        Some(_) => vec![Isa::active()],
        None => [Isa::Avx2, Isa::Avx512].into_iter().filter(|isa| isa.is_available()).collect(),
    };
    let most = Pool::default_threads().min(2);
    for isa in if levels.is_empty() { vec![Isa::active()] } else { levels } {
        for threads in 1..=most {
            let pool = Pool::new(threads);
            println!("\n{isa}, {threads} thread(s); peak: of the most that was measured beside each line");
            let name = peer.map_or("", |(name, _)| name);
            println!(
                "{:<20} {:>16} {:>12} {:>9} {:>9} {:>6} {:>12} {:>7}",
                "", "m × k × n", "time", "GFLOP/s", "most", "peak", name, "ratio"
            );
            for case in CASES {
                if words.is_empty() || words.iter().any(|word| case.name.contains(word.as_str())) {
                    line(case, isa, &pool, peer);
                }
            }
        }
    }
}

fn line(case: &Case, isa: Isa, pool: &Pool, peer: Option<(&str, Peer)>) {
    let Case { m, n, k, .. } = *case;
    let flops = (2 * m * n * k) as f64;
    let mut ours = Ours::new(case, isa);
    let mut theirs = peer.map(|(_, make)| make(case, pool.threads()));
    let mut most = fma_peak(isa, pool);
    // Some milliseconds a round, however small the product.
    let calls = ((most * 2e-3 / flops) as usize).clamp(1, 20_000);
    let rounds = if flops > 1e10 { 4 } else { 12 };
    let (mut mine, mut other) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds {
        mine = mine.min(seconds(2, calls, || ours.run(pool)));
        if let Some(theirs) = &mut theirs {
            other = other.min(seconds(2, calls, theirs));
        }
        most = most.max(fma_peak(isa, pool));
    }
    println!(
        "{:<20} {:>16} {:>12} {:>9.1} {:>9.1} {:>5.1}% {}",
        case.name,
        format!("{m}×{k}×{n}"),
        show(mine),
        flops / mine / 1e9,
        most / 1e9,
        100.0 * flops / mine / most,
        if peer.is_some() { format!("{:>12} {:>6.2}x", show(other), other / mine) } else { String::new() }
    );
}

/// Seconds with a unit.
fn show(seconds: f64) -> String {
    format!("{:.2?}", Duration::from_nanos((seconds * 1e9).round() as u64))
}
