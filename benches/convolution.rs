//! Convolutions and their gradients beside the most that the processor can do, in one run.
//!
//! `cargo bench -p ceras-kernels --bench convolution [-- WORD…]`; a word keeps the lines whose name contains it. The level
//! is the machine's, or that of `CERAS_ISA`. Each number is the best of several rounds, because other work on the machine
//! only ever slows.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use ceras_kernels::conv::{Axis, Convolution, KernelGradient, Spec};
use ceras_kernels::{Block, DType, Isa, Kernel, Pool, Program, Region, Space, Step, limits};

/// Square images and a square kernel.
struct Case {
    name: &'static str,
    batch: usize,
    side: usize,
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    /// Zeros around the image.
    margin: usize,
}

const fn case(
    name: &'static str,
    batch: usize,
    side: usize,
    channels: [usize; 2],
    window: [usize; 3],
) -> Case {
    let ([inputs, outputs], [kernel, stride, margin]) = (channels, window);
    Case { name, batch, side, inputs, outputs, kernel, stride, margin }
}

const CASES: &[Case] = &[
    case("lesson 1", 32, 64, [3, 50], [3, 1, 0]),
    case("lesson 2", 32, 31, [50, 50], [3, 1, 0]),
    case("densenet stem", 8, 166, [3, 64], [7, 2, 0]),
    case("densenet 1x1 early", 8, 40, [128, 128], [1, 1, 0]),
    case("densenet 3x3 early", 8, 40, [128, 32], [3, 1, 1]),
    case("densenet 1x1 late", 32, 10, [640, 128], [1, 1, 0]),
    case("densenet 3x3 late", 32, 10, [128, 32], [3, 1, 1]),
    case("resnet 3x3 early", 4, 56, [64, 64], [3, 1, 1]),
    case("resnet 3x3 late", 16, 14, [256, 256], [3, 1, 1]),
    case("resnet 3x3 last", 16, 7, [512, 512], [3, 1, 1]),
    case("resnet 1x1 wide", 4, 56, [64, 256], [1, 1, 0]),
    case("resnet 1x1 stride", 16, 56, [256, 128], [1, 2, 0]),
    case("resnet 1x1 late", 16, 14, [1024, 256], [1, 1, 0]),
];

impl Case {
    fn axis(&self) -> Axis {
        Axis {
            input: self.side,
            output: (self.side + 2 * self.margin - self.kernel) / self.stride + 1,
            kernel: self.kernel,
            stride: self.stride,
            low: self.margin as i64,
            input_dilation: 1,
            kernel_dilation: 1,
        }
    }

    fn forward(&self) -> Spec {
        Spec {
            dtype: DType::F32,
            batch: self.batch,
            axes: [Axis::ONE, self.axis(), self.axis()],
            inputs: self.inputs,
            outputs: self.outputs,
            groups: 1,
            transposed: false,
        }
    }

    /// The gradient of the image, as a convolution of the cotangent.
    fn by_image(&self) -> Spec {
        let axis = self.axis();
        let axis = Axis {
            input: axis.output,
            output: axis.input,
            kernel: self.kernel,
            stride: 1,
            low: self.kernel as i64 - 1 - axis.low,
            input_dilation: self.stride,
            kernel_dilation: 1,
        };
        let axes = [Axis::ONE, axis, axis];
        Spec { axes, inputs: self.outputs, outputs: self.inputs, transposed: true, ..self.forward() }
    }

    fn flops(&self) -> f64 {
        let pixels = self.axis().output * self.axis().output;
        2.0 * (self.batch * pixels * self.kernel * self.kernel * self.inputs * self.outputs) as f64
    }
}

/// A kernel as a program of one step.
struct Plan {
    program: Program,
    arena: Block,
}

impl Plan {
    fn new(kernel: impl Kernel + 'static, scratch: usize, inputs: &[usize], output: usize) -> Plan {
        let mut bytes = 0;
        let mut take = |size: usize| {
            let region = Region::contiguous(Space::Arena, bytes, size);
            bytes += size.next_multiple_of(64);
            region
        };
        let inputs: Vec<Region> = inputs.iter().map(|elements| take(elements * 4)).collect();
        let output = take(output * 4);
        let scratch = Some(take(scratch)).filter(|region| region.bytes() > 0);
        let mut arena = Block::zeroed(bytes);
        for region in &inputs {
            for (index, x) in arena.slice_mut::<f32>(region.offset, region.bytes() / 4).iter_mut().enumerate()
            {
                *x = ((index * 7919 + 13) % 1009) as f32 / 504.5 - 1.0;
            }
        }
        let step = Step {
            label: "convolution".into(),
            kernel: Box::new(kernel),
            inputs,
            outputs: vec![output],
            scratch,
            in_place: vec![],
        };
        let program = Program::new(vec![step], Block::zeroed(0), bytes, 0).expect("a legal program");
        Plan { program, arena }
    }

    /// The best time of some rounds.
    fn seconds(&mut self, pool: &Pool) -> f64 {
        let mut state = Block::zeroed(0);
        let rounds = 0..8;
        let times = rounds.map(|_| {
            let start = Instant::now();
            self.program.run(&mut self.arena, &mut state, pool, 0..1);
            start.elapsed().as_secs_f64()
        });
        times.fold(f64::INFINITY, f64::min)
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let (isa, pool) = (Isa::active(), Pool::global());
    let peak = limits::fma_peak(isa, pool);
    println!("level {isa}, {} threads, at the most {:.0} GFLOP/s", pool.threads(), peak / 1e9);
    println!("{:22} {:>16} {:>16} {:>16}", "GFLOP/s (of the peak)", "forward", "by image", "by kernel");
    for case in CASES {
        if !words.is_empty() && !words.iter().any(|word| case.name.contains(word.as_str())) {
            continue;
        }
        let pixels = case.batch * case.side * case.side * case.inputs;
        let results = case.batch * case.axis().output * case.axis().output * case.outputs;
        let kernel = case.kernel * case.kernel * case.inputs * case.outputs;
        let forward = Convolution::new(case.forward(), isa);
        let by_image = Convolution::new(case.by_image(), isa);
        let by_kernel = KernelGradient::new(case.forward(), isa);
        let scratch = [forward.scratch_bytes(), by_image.scratch_bytes(), by_kernel.scratch_bytes()];
        let plans = [
            Plan::new(forward, scratch[0], &[pixels, kernel], results),
            Plan::new(by_image, scratch[1], &[results, kernel], pixels),
            Plan::new(by_kernel, scratch[2], &[pixels, results], kernel),
        ];
        let rates = plans.map(|mut plan| {
            let rate = case.flops() / plan.seconds(pool);
            format!("{:.0} ({:.0}%)", rate / 1e9, 100.0 * rate / peak)
        });
        println!("{:22} {:>16} {:>16} {:>16}", case.name, rates[0], rates[1], rates[2]);
    }
}
