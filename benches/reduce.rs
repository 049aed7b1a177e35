//! Reductions and moves against the machine's own bandwidth: `cargo bench -p ceras-kernels --bench reduce`.
//!
//! Prints, for each kernel, nanoseconds per run and GB/s of operands read and written, on one thread and on all, beside
//! a plain copy of as many bytes.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use ceras_kernels::gather::{Gather, ScatterAdd};
use ceras_kernels::movement::{Pad, Reverse, Slice, Transpose};
use ceras_kernels::random::Bits;
use ceras_kernels::reduce::{AllFinite, ArgMax, Reduce, Reduction};
use ceras_kernels::{Block, DType, Isa, Kernel, Pool, Program, Region, Space, Step};

/// The least of several timings of a loop, in nanoseconds a round.
fn time(mut round: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut rounds = 0u32;
    while rounds < 3 || start.elapsed().as_millis() < 30 {
        round();
        rounds += 1;
    }
    let each = (rounds / 5).max(1);
    (0..7)
        .map(|_| {
            let start = Instant::now();
            (0..each).for_each(|_| round());
            start.elapsed().as_secs_f64() * 1e9 / f64::from(each)
        })
        .fold(f64::INFINITY, f64::min)
}

/// Nanoseconds of one run of a kernel on inputs of so many bytes (small whole numbers, as floats, but the second input
/// as integers).
fn run(kernel: Box<dyn Kernel>, inputs: &[usize], output: usize, scratch: usize, threads: usize) -> f64 {
    let mut end = 0;
    let mut region = |bytes: usize| {
        let region = Region::contiguous(Space::Arena, end, bytes);
        end += bytes.next_multiple_of(64) + 4096;
        region
    };
    let regions: Vec<Region> = inputs.iter().map(|bytes| region(*bytes)).collect();
    let (output, scratch) = (region(output), region(scratch));
    let mut arena = Block::zeroed(end);
    for (index, region) in regions.iter().enumerate().filter(|(_, region)| region.row_bytes >= 4) {
        let words = region.row_bytes / 4;
        if index == 1 {
            arena
                .slice_mut::<i32>(region.offset, words)
                .iter_mut()
                .enumerate()
                .for_each(|(i, x)| *x = (i * 37 % 91) as i32);
        } else {
            arena
                .slice_mut::<f32>(region.offset, words)
                .iter_mut()
                .enumerate()
                .for_each(|(i, x)| *x = (i % 91) as f32);
        }
    }
    let (scratch, in_place) = (Some(scratch), vec![]);
    let step =
        Step { label: String::new(), kernel, inputs: regions, outputs: vec![output], scratch, in_place };
    let mut program = Program::new(vec![step], Block::zeroed(0), end, 0).expect("the regions are apart");
    let (mut state, pool) = (Block::zeroed(0), Pool::new(threads));
    time(|| program.run(&mut arena, &mut state, &pool, 0..1))
}

fn report(name: &str, make: impl Fn() -> Box<dyn Kernel>, inputs: &[usize], output: usize, scratch: usize) {
    let threads = Pool::default_threads();
    let bytes = inputs.iter().sum::<usize>() + output;
    let (from, mut to) = (vec![1u8; bytes / 2], vec![0u8; bytes / 2]);
    let copy = time(|| {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
    });
    let [one, all] = [1, threads].map(|threads| run(make(), inputs, output, scratch, threads));
    let rate = |nanoseconds: f64| bytes as f64 / nanoseconds;
    println!(
        "{name:44} {one:10.0} ns {:6.1} GB/s   {threads} threads {all:10.0} ns   copy {:6.1} GB/s",
        rate(one),
        rate(copy)
    );
}

fn reductions() {
    let cases: [(&[usize], &[usize]); 9] = [
        (&[32, 10], &[1]),
        (&[32, 10], &[0]),
        (&[128, 512], &[1]),
        (&[128, 512], &[0]),
        (&[1_000_000], &[0]),
        (&[60_000, 10], &[0]),
        (&[60_000, 10], &[1]),
        (&[8192, 256], &[0]),
        (&[32, 56, 56, 64], &[0, 1, 2]),
    ];
    for (dims, axes) in cases {
        let total: usize = dims.iter().product();
        let kept: usize =
            (0..dims.len()).filter(|axis| !axes.contains(axis)).map(|axis| dims[axis]).product();
        for reduction in [Reduction::Sum, Reduction::Max] {
            let make = || Reduce::new(reduction, DType::F32, dims, axes, Isa::active());
            let name = format!("{reduction:?} {dims:?} over {axes:?}");
            report(&name, || Box::new(make()), &[4 * total], 4 * kept, make().scratch_bytes());
        }
    }
    report(
        "ArgMax [60000, 10]",
        || Box::new(ArgMax::new(DType::F32, &[60_000, 10], 1, Isa::active())),
        &[2_400_000],
        240_000,
        0,
    );
    report("AllFinite 1M", || Box::new(AllFinite::new(vec![DType::F32])), &[4_000_000], 1, 0);
}

fn moves() {
    let cases: [(&[usize], &[usize]); 6] = [
        (&[64, 64], &[1, 0]),
        (&[784, 512], &[1, 0]),
        (&[2000, 2000], &[1, 0]),
        (&[32, 3, 64, 64], &[0, 2, 3, 1]),
        (&[32, 64, 64, 3], &[0, 3, 1, 2]),
        (&[32, 128, 64], &[1, 0, 2]),
    ];
    for (dims, permutation) in cases {
        let bytes = 4 * dims.iter().product::<usize>();
        let name = format!("Transpose {dims:?} {permutation:?}");
        report(&name, || Box::new(Transpose::new(4, dims, permutation)), &[bytes], bytes, 0);
    }
    let image = [32usize, 64, 64, 16];
    let bytes = 4 * image.iter().product::<usize>();
    let half = || Slice::new(4, &image, &[0; 4], &image, &[1, 2, 2, 1]);
    report("Slice every second pixel", || Box::new(half()), &[bytes], bytes / 4, 0);
    report("Reverse rows", || Box::new(Reverse::new(4, &image, &[2])), &[bytes], bytes, 0);
    let padded = 32 * 66 * 66 * 16 * 4;
    let around = || Pad::new(4, &image, &[0, 1, 1, 0], &[0, 1, 1, 0], &[0; 4]);
    report("Pad images by one", || Box::new(around()), &[bytes, 4], padded, 0);
    report(
        "Gather 4096 rows of 64",
        || Box::new(Gather::new(4, 1000, 64, DType::I32)),
        &[256_000, 16_384],
        1_048_576,
        0,
    );
    let scatter = || ScatterAdd::new(DType::F32, 1000, 64, DType::I32);
    report("ScatterAdd 4096 rows of 64", || Box::new(scatter()), &[256_000, 16_384, 1_048_576], 256_000, 0);
    report("Bits 1M", || Box::new(Bits::new()), &[16], 4_000_000, 0);
}

fn main() {
    reductions();
    moves();
}
