//! Elementwise kernels against the machine's own bandwidth: `cargo bench -p ceras-kernels --bench elementwise`.
//!
//! Prints, for each body, nanoseconds per run and GB/s of operands read and written, beside a plain triad of the
//! same size (`a = b + 3·c`).
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use ceras_kernels::elementwise::*;
use ceras_kernels::{Block, DType, Isa, Pool, Program, Region, Space, Step};

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

fn triad(elements: usize) -> f64 {
    let (mut a, b, c) = (vec![0.0f32; elements], vec![1.0f32; elements], vec![2.0f32; elements]);
    time(|| {
        a.iter_mut().zip(&b).zip(&c).for_each(|((a, b), c)| *a = b + 3.0 * c);
        black_box(&mut a);
    })
}

fn apply(function: &'static Function, arguments: &[Register]) -> Instruction {
    Instruction { function, arguments: arguments.to_vec() }
}

/// Nanoseconds of one run.
fn run(body: &Body, isa: Isa, threads: usize, in_place: bool) -> f64 {
    let total: usize = body.shape.iter().product();
    let elements = |operand: &Operand| {
        body.shape.iter().zip(&operand.strides).map(|(extent, stride)| (extent - 1) * stride).sum::<usize>()
            + 1
    };
    let mut end = 0;
    let mut region = |bytes: usize| {
        let region = Region::contiguous(Space::Arena, end, bytes);
        end += bytes.next_multiple_of(64) + 4096;
        region
    };
    let inputs: Vec<Region> = body.inputs.iter().map(|operand| region(elements(operand) * 4)).collect();
    let output = if in_place { inputs[0] } else { region(total * 4) };
    let mut arena = Block::zeroed(end);
    arena.slice_mut::<f32>(0, end / 4).iter_mut().enumerate().for_each(|(i, x)| *x = (i % 97) as f32 / 50.0);
    let step = Step {
        label: String::new(),
        kernel: Box::new(fused(body.clone(), isa).expect("the body is legal")),
        inputs,
        outputs: vec![output],
        scratch: None,
        in_place: if in_place { vec![(0, 0)] } else { vec![] },
    };
    let mut program = Program::new(vec![step], Block::zeroed(0), end, 0).expect("the regions are apart");
    let (mut state, pool) = (Block::zeroed(0), Pool::new(threads));
    time(|| program.run(&mut arena, &mut state, &pool, 0..1))
}

fn bodies(shape: &[usize]) -> Vec<(&'static str, Body)> {
    let (a, b) = (Register::Input(0), Register::Input(1));
    let last = |index| Register::Instruction(index);
    let full = vec![shape[1], 1];
    let body = |strides: Vec<Vec<usize>>, instructions: Vec<Instruction>| Body {
        shape: shape.to_vec(),
        inputs: strides.into_iter().map(|strides| Operand { dtype: DType::F32, strides }).collect(),
        outputs: vec![last(instructions.len() - 1)],
        instructions,
    };
    let chain =
        || vec![apply(&ADD, &[a, b]), apply(&MULTIPLY, &[last(0), b]), apply(&MAXIMUM, &[last(1), a])];
    let mut bodies = vec![
        ("copy", body(vec![full.clone()], vec![apply(&COPY, &[a])])),
        ("add", body(vec![full.clone(), full.clone()], vec![apply(&ADD, &[a, b])])),
        ("three ops", body(vec![full.clone(), full.clone()], chain())),
        ("three ops, bias", body(vec![full.clone(), vec![0, 1]], chain())),
        ("three ops, column", body(vec![full.clone(), vec![1, 0]], chain())),
        ("three ops, scalar", body(vec![full.clone(), vec![0, 0]], chain())),
    ];
    for function in [
        &EXPONENTIAL,
        &EXPONENTIAL_MINUS_ONE,
        &LOG,
        &LOG_PLUS_ONE,
        &TANH,
        &LOGISTIC,
        &SINE,
        &ERF,
        &RSQRT,
        &FLOOR,
        &SIGN,
        &MAXIMUM,
        &POWER,
    ] {
        let arguments = [a, a];
        let instruction = apply(function, &arguments[..function.arity]);
        bodies.push((function.name, body(vec![full.clone()], vec![instruction])));
    }
    bodies
}

fn main() {
    let threads = Pool::default_threads();
    for shape in [[32, 10], [64, 256], [1024, 1024]] {
        let elements = shape[0] * shape[1];
        let triad = triad(elements);
        println!("\n{shape:?}   triad {triad:10.0} ns  {:6.1} GB/s", 12.0 * elements as f64 / triad);
        for (name, body) in bodies(&shape) {
            print!("  {name:24}");
            for isa in Isa::available() {
                let nanoseconds = run(&body, isa, 1, false);
                print!("  {isa} {nanoseconds:9.0} ns {:6.3} ns/element", nanoseconds / elements as f64);
            }
            let in_place = run(&body, Isa::active(), 1, true);
            let parallel = run(&body, Isa::active(), threads, false);
            println!("  in place {in_place:9.0} ns  {threads} threads {parallel:9.0} ns");
        }
    }
}
