//! Convolutions against the plain loops, on every level, on any number of threads, alone and in a batch.

use super::*;
use crate::elementwise::{self, Function, Instruction, Operand, Register};
use crate::testing::{Run, Sequence, bytes, values};

fn axis(
    input: usize,
    kernel: usize,
    stride: usize,
    (low, high): (i64, i64),
    dilations: (usize, usize),
) -> Axis {
    let (input_dilation, kernel_dilation) = dilations;
    let reach =
        ((input - 1) * input_dilation + 1) as i64 + low + high - ((kernel - 1) * kernel_dilation + 1) as i64;
    let output = if reach < 0 { 0 } else { reach as usize / stride + 1 };
    Axis { input, output, kernel, stride, low, input_dilation, kernel_dilation }
}

fn spec(axes: [Axis; 3], inputs: usize, outputs: usize, groups: usize, transposed: bool) -> Spec {
    Spec { dtype: DType::F32, batch: 3, axes, inputs, outputs, groups, transposed }
}

/// Shapes that take every path: edges, phases, merged runs, half registers, groups, single pixels.
fn specs() -> Vec<Spec> {
    let same = |input, kernel: usize, stride| {
        let low = (kernel as i64 - 1) / 2;
        axis(input, kernel, stride, (low, kernel as i64 - 1 - low), (1, 1))
    };
    let valid = |input, kernel, stride| axis(input, kernel, stride, (0, 0), (1, 1));
    let mut specs = vec![
        spec([Axis::ONE, valid(13, 3, 1), valid(33, 3, 1)], 3, 50, 1, false),
        spec([Axis::ONE, same(9, 3, 1), same(17, 3, 1)], 20, 50, 1, false),
        spec([Axis::ONE, same(9, 3, 1), same(17, 3, 1)], 50, 20, 1, true),
        spec([Axis::ONE, same(7, 7, 2), same(31, 7, 2)], 3, 64, 1, false),
        spec([Axis::ONE, valid(5, 1, 1), valid(6, 1, 1)], 33, 70, 1, false),
        spec([Axis::ONE, valid(9, 1, 2), valid(12, 1, 2)], 8, 40, 1, false),
        spec([Axis::ONE, axis(4, 3, 1, (1, 2), (2, 1)), axis(5, 3, 1, (1, 1), (2, 1))], 9, 11, 1, true),
        spec([Axis::ONE, axis(4, 1, 1, (0, 1), (2, 1)), axis(5, 1, 1, (0, 0), (3, 1))], 9, 11, 1, true),
        spec([Axis::ONE, axis(9, 3, 1, (2, 2), (1, 2)), axis(9, 2, 1, (-1, 3), (1, 3))], 5, 17, 1, false),
        spec([Axis::ONE, axis(4, 4, 2, (3, 3), (3, 2)), axis(5, 3, 3, (2, 4), (2, 3))], 4, 6, 1, false),
        spec([Axis::ONE, same(6, 3, 1), same(9, 3, 1)], 8, 36, 4, false),
        spec([Axis::ONE, same(6, 3, 1), same(9, 3, 1)], 36, 8, 4, true),
        spec([Axis::ONE, same(6, 3, 2), same(9, 3, 1)], 37, 37, 37, false),
        spec([Axis::ONE, axis(3, 3, 1, (1, 2), (2, 1)), same(9, 3, 1)], 37, 37, 37, true),
        spec([same(3, 3, 1), same(4, 2, 1), valid(20, 3, 2)], 6, 9, 1, false),
        spec([Axis::ONE, Axis::ONE, same(40, 5, 1)], 12, 24, 1, false),
        spec([Axis::ONE, same(2, 5, 1), same(2, 5, 1)], 3, 10, 1, false),
        spec([Axis::ONE, valid(3, 3, 1), valid(3, 3, 1)], 300, 8, 1, false),
    ];
    specs[0].batch = 11;
    specs
}

fn close(what: &str, actual: &[f32], expected: &[f32]) {
    let largest = expected.iter().fold(1e-3f32, |largest, x| largest.max(x.abs()));
    for (index, (a, b)) in actual.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 1e-5 * largest, "{what}: element {index} is {a}, not {b}");
    }
}

fn run(
    kernel: impl Kernel + 'static,
    scratch: usize,
    inputs: &[&[f32]],
    outputs: usize,
    threads: usize,
) -> Vec<u8> {
    let inputs = inputs.iter().map(|input| bytes(input)).collect();
    let run = Run { scratch_bytes: scratch, ..Run::new(inputs, vec![outputs * 4]) };
    run.on(kernel, threads).remove(0)
}

#[test]
fn convolutions_are_the_plain_loops() {
    for spec in specs() {
        let mut sequence = Sequence::new(3);
        let x = sequence.floats(spec.batch * spec.input_positions() * spec.inputs);
        let w = sequence.floats(spec.kernel_elements());
        let image = spec.output_positions() * spec.outputs;
        let on = |spec: &Spec, isa, x: &[f32], threads| {
            let kernel = Convolution::new(spec.clone(), isa);
            let scratch = kernel.scratch_bytes();
            run(kernel, scratch, &[x, &w], spec.batch * image, threads)
        };
        let expected = values::<f32>(&on(&spec, Isa::Reference, &x, 1));
        for isa in Isa::available() {
            let fast = on(&spec, isa, &x, 1);
            close(&format!("{spec:?} on {isa}"), &values(&fast), &expected);
            assert!(fast == on(&spec, isa, &x, 3), "{spec:?} on {isa} with three threads");
            let one = Spec { batch: 1, ..spec.clone() };
            let first = &x[..spec.input_positions() * spec.inputs];
            assert!(fast[..image * 4] == on(&one, isa, first, 1)[..], "{spec:?} on {isa} alone");
        }
    }
}

#[test]
fn gradients_of_kernels_are_the_plain_loops() {
    for spec in specs().into_iter().filter(|spec| !spec.transposed) {
        let mut sequence = Sequence::new(4);
        let x = sequence.floats(spec.batch * spec.input_positions() * spec.inputs);
        let g = sequence.floats(spec.batch * spec.output_positions() * spec.outputs);
        let on = |isa, threads| {
            let kernel = KernelGradient::new(spec.clone(), isa);
            let scratch = kernel.scratch_bytes();
            run(kernel, scratch, &[&x, &g], spec.kernel_elements(), threads)
        };
        let expected = values::<f32>(&on(Isa::Reference, 1));
        for isa in Isa::available() {
            let fast = on(isa, 1);
            close(&format!("{spec:?} on {isa}"), &values(&fast), &expected);
            assert!(fast == on(isa, 3), "{spec:?} on {isa} with three threads");
        }
    }
}

/// A body over pixels: instructions that take operand 0 and rows (`[channels]`) or scalars.
fn body(pixels: usize, channels: usize, rows: &[bool], code: &[(&'static Function, [Register; 2])]) -> Body {
    let operand = |strides: [usize; 3]| Operand { dtype: DType::F32, strides: strides.to_vec() };
    let others = rows.iter().map(|&row| operand([0, 0, usize::from(row)]));
    Body {
        shape: vec![1, pixels, channels],
        inputs: std::iter::once(operand([pixels * channels, channels, 1])).chain(others).collect(),
        instructions: code
            .iter()
            .map(|(function, arguments)| Instruction { function, arguments: arguments.to_vec() })
            .collect(),
        outputs: vec![Register::Instruction(code.len() - 1)],
    }
}

/// What comes after: `maximum(x + row, scalar)`, which kernels know, or `row · x + row`, which they do not.
fn epilogue(spec: &Spec, native: bool) -> Body {
    use Register::{Input, Instruction as Step};
    let (pixels, channels) = (spec.batch * spec.output_positions(), spec.outputs);
    let (first, second) = if native {
        (&elementwise::ADD, &elementwise::MAXIMUM)
    } else {
        (&elementwise::MULTIPLY, &elementwise::ADD)
    };
    let code = [(first, [Input(0), Input(1)]), (second, [Step(0), Input(2)])];
    body(pixels, channels, &[true, !native], &code)
}

#[test]
fn what_comes_after_is_done_to_each_result() {
    for spec in specs() {
        let mut sequence = Sequence::new(5);
        let x = sequence.floats(spec.batch * spec.input_positions() * spec.inputs);
        let w = sequence.floats(spec.kernel_elements());
        let (row, second) = (sequence.floats(spec.outputs), sequence.floats(spec.outputs));
        let elements = spec.batch * spec.output_positions() * spec.outputs;
        let plain = Convolution::new(spec.clone(), Isa::Reference);
        let sums = values::<f32>(&run(plain, 0, &[&x, &w], elements, 1));
        for native in [true, false] {
            let last = if native { &second[..1] } else { &second[..] };
            let expected: Vec<f32> = sums
                .iter()
                .enumerate()
                .map(|(index, x)| match (native, index % spec.outputs.max(1)) {
                    (true, channel) => (x + row[channel]).max(last[0]),
                    (false, channel) => x * row[channel] + last[channel],
                })
                .collect();
            for isa in [Isa::available(), vec![Isa::Reference]].concat() {
                let bodies = Bodies { epilogue: Some(epilogue(&spec, native)), ..Bodies::default() };
                let kernel = Convolution::with(spec.clone(), bodies, isa).unwrap();
                let (scratch, (_, strided)) = (kernel.scratch_bytes(), kernel.strided());
                let inputs = [&x[..], &w, &row, last].map(bytes).to_vec();
                let mut run = Run { scratch_bytes: scratch, ..Run::new(inputs, vec![elements * 4]) };
                if strided && elements > 0 {
                    run.gaps = vec![None, None, None, None, Some((spec.outputs * 4, 64))];
                }
                let result = run.on(kernel, 3).remove(0);
                close(&format!("{spec:?} on {isa}, native {native}"), &values(&result), &expected);
            }
        }
    }
}

#[test]
fn what_comes_before_is_done_to_each_pixel() {
    use Register::{Input, Instruction as Step};
    let axes = [Axis::ONE, axis(5, 1, 1, (0, 0), (1, 1)), axis(7, 1, 1, (0, 0), (1, 1))];
    let spec = spec(axes, 40, 50, 1, false);
    let mut sequence = Sequence::new(6);
    let (pixels, channels) = (spec.batch * spec.input_positions(), spec.inputs);
    let (x, w) = (sequence.floats(pixels * channels), sequence.floats(spec.kernel_elements()));
    let (factor, shift) = (sequence.floats(channels), sequence.floats(channels));
    let code: [(&'static Function, [Register; 2]); 3] = [
        (&elementwise::MULTIPLY, [Input(0), Input(1)]),
        (&elementwise::ADD, [Step(0), Input(2)]),
        (&elementwise::MAXIMUM, [Step(1), Input(3)]),
    ];
    let prologue = body(pixels, channels, &[true, true, false], &code);
    let before: Vec<f32> = (0..pixels * channels)
        .map(|index| (x[index] * factor[index % channels] + shift[index % channels]).max(0.0))
        .collect();
    let plain = Convolution::new(spec.clone(), Isa::Reference);
    let expected = values::<f32>(&run(plain, 0, &[&before, &w], pixels * spec.outputs, 1));
    for isa in [Isa::available(), vec![Isa::Reference]].concat() {
        let bodies = Bodies { prologue: Some(prologue.clone()), epilogue: None };
        let kernel = Convolution::with(spec.clone(), bodies, isa).unwrap();
        assert!(isa == Isa::Reference || kernel.strided() == (true, true));
        let scratch = kernel.scratch_bytes();
        let result = run(kernel, scratch, &[&x, &w, &factor, &shift, &[0.0]], pixels * spec.outputs, 2);
        close(&format!("on {isa}"), &values(&result), &expected);
    }
    let wide = Spec { axes: [Axis::ONE, axis(5, 3, 1, (1, 1), (1, 1)), axes[2]], ..spec };
    let bodies = Bodies { prologue: Some(prologue), epilogue: None };
    assert!(Convolution::with(wide, bodies, Isa::active()).is_err());
}
