mod gathered;

use super::*;
use crate::elementwise::{self, Function, Instruction, Operand, Register};
use crate::memory::{Block, Region, Space};
use crate::pool::Pool;
use crate::program::{Program, Step};

const LEVELS: [Isa; 4] = [Isa::Reference, Isa::Portable, Isa::Avx2, Isa::Avx512];

fn levels() -> impl Iterator<Item = Isa> {
    LEVELS.into_iter().filter(|isa| isa.is_available())
}

/// Numbers between -1 and 1 that look random.
fn numbers(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| f64::from(next())).collect()
}

trait Real: Element {
    fn of(x: f64) -> Self;
    fn to(self) -> f64;
    fn bits(self) -> u64;
    const EPSILON: f64;
}

impl Real for f32 {
    fn of(x: f64) -> f32 {
        x as f32
    }
    fn to(self) -> f64 {
        self.into()
    }
    fn bits(self) -> u64 {
        self.to_bits().into()
    }
    const EPSILON: f64 = f32::EPSILON as f64;
}

impl Real for f64 {
    fn of(x: f64) -> f64 {
        x
    }
    fn to(self) -> f64 {
        self
    }
    fn bits(self) -> u64 {
        self.to_bits()
    }
    const EPSILON: f64 = f64::EPSILON;
}

fn of<T: Real>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&x| T::of(x)).collect()
}

/// Runs a kernel; the rows of the output lie `gap` elements apart.
fn run<T: Element>(spec: &Spec, isa: Isa, pool: &Pool, inputs: &[&[T]], gap: usize) -> Vec<T> {
    run_kernel(MatMul::new(spec.clone(), isa), spec, pool, inputs, gap)
}

/// [`run`] with a kernel for a product of these sizes.
fn run_kernel<T: Element>(kernel: MatMul, spec: &Spec, pool: &Pool, inputs: &[&[T]], gap: usize) -> Vec<T> {
    let size = size_of::<T>();
    let mut at = 0;
    let mut take = |bytes: usize| {
        let offset = at;
        at += bytes.next_multiple_of(64);
        offset
    };
    let regions: Vec<Region> = inputs
        .iter()
        .map(|input| Region::contiguous(Space::Arena, take(size_of_val(*input)), size_of_val(*input)))
        .collect();
    let (rows, row_bytes) = (spec.batch * spec.m, spec.n * size);
    let stride_bytes = row_bytes + gap * size;
    let offset = take(rows * stride_bytes);
    let output = if gap == 0 {
        Region::contiguous(Space::Arena, offset, rows * row_bytes)
    } else {
        Region { space: Space::Arena, offset, rows, row_bytes, stride_bytes }
    };
    let scratch_bytes = kernel.scratch_bytes();
    let scratch = Region::contiguous(Space::Arena, take(scratch_bytes), scratch_bytes);
    let arena_bytes = take(0);
    let mut arena = Block::zeroed(arena_bytes);
    for (input, region) in inputs.iter().zip(&regions) {
        arena.slice_mut::<T>(region.offset, input.len()).copy_from_slice(input);
    }
    // Scratch holds anything at first.
    arena.slice_mut::<u8>(scratch.offset, scratch_bytes).fill(0xff);
    let step = Step {
        label: "matmul".into(),
        kernel: Box::new(kernel),
        inputs: regions,
        outputs: vec![output],
        scratch: Some(scratch),
        in_place: vec![],
    };
    let mut program = Program::new(vec![step], Block::zeroed(0), arena_bytes, 0).unwrap();
    program.run(&mut arena, &mut Block::zeroed(0), pool, 0..1);
    let stride = spec.n + gap;
    (0..rows).flat_map(|row| arena.slice::<T>(offset + row * stride * size, spec.n).to_vec()).collect()
}

/// How operands are laid out.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Rows,
    Columns,
    /// Every other element, with gaps between rows.
    Gaps,
}

fn strides(layout: Layout, rows: usize, columns: usize) -> (Strides, usize) {
    let strides = match layout {
        Layout::Rows => Strides { batch: rows * columns, row: columns, col: 1 },
        Layout::Columns => Strides { batch: rows * columns, row: 1, col: rows },
        Layout::Gaps => Strides { batch: rows * (2 * columns + 3), row: 2 * columns + 3, col: 2 },
    };
    (strides, strides.batch)
}

fn spec(dtype: DType, [batch, m, n, k]: [usize; 4], lhs: Layout, rhs: Layout) -> Spec {
    let (lhs, rhs) = (strides(lhs, m, k).0, strides(rhs, k, n).0);
    Spec { dtype, batch, m, n, k, lhs, rhs, prologue: None, epilogue: None }
}

fn row_major(sizes: [usize; 4]) -> Spec {
    spec(DType::F32, sizes, Layout::Rows, Layout::Rows)
}

fn operands<T: Real>(spec: &Spec) -> (Vec<T>, Vec<T>) {
    let lhs = spec.lhs.batch.max(spec.m * spec.lhs.row) * spec.batch;
    let rhs = spec.rhs.batch.max(spec.k * spec.rhs.row) * spec.batch;
    (of(&numbers(lhs, 1)), of(&numbers(rhs, 2)))
}

/// Element and sum of magnitudes, in double precision.
fn exact<T: Real>(spec: &Spec, lhs: &[T], rhs: &[T], index: usize) -> (f64, f64) {
    let (b, i, j) = (index / (spec.m * spec.n), index / spec.n % spec.m, index % spec.n);
    (0..spec.k).fold((0.0, 0.0), |(sum, magnitude), k| {
        let a = lhs[b * spec.lhs.batch + i * spec.lhs.row + k * spec.lhs.col].to();
        let product = a * rhs[b * spec.rhs.batch + k * spec.rhs.row + j * spec.rhs.col].to();
        (sum + product, magnitude + product.abs())
    })
}

fn check<T: Real>(sizes: [usize; 4], lhs_layout: Layout, rhs_layout: Layout) {
    let spec = spec(T::DTYPE, sizes, lhs_layout, rhs_layout);
    let (lhs, rhs) = operands::<T>(&spec);
    let pool = Pool::new(2);
    for isa in levels() {
        let out = run(&spec, isa, &pool, &[&lhs, &rhs], 0);
        assert_eq!(out.len(), sizes[0] * sizes[1] * sizes[2]);
        for (index, value) in out.iter().enumerate() {
            let (sum, magnitude) = exact(&spec, &lhs, &rhs, index);
            let bound = (spec.k.min(300) as f64 + 4.0) * T::EPSILON * magnitude;
            let error = (value.to() - sum).abs();
            assert!(
                error <= bound,
                "{isa} {sizes:?} {lhs_layout:?} {rhs_layout:?} [{index}]: {value:?}, exactly {sum}"
            );
        }
    }
}

#[test]
fn products_of_any_size_and_layout() {
    let layouts = [Layout::Rows, Layout::Columns, Layout::Gaps];
    let sizes = [
        [1, 1, 1, 1],
        [1, 32, 10, 4],
        [2, 15, 33, 17],
        [3, 5, 1, 9],
        [1, 1, 100, 89],
        [2, 97, 70, 130],
        [1, 3, 49, 600],
    ];
    for lhs in layouts {
        for rhs in layouts {
            for sizes in sizes {
                check::<f32>(sizes, lhs, rhs);
                check::<f64>(sizes, lhs, rhs);
            }
        }
    }
    for m in 1..=31 {
        for n in [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 95, 113, 129] {
            check::<f32>([1, m, n, 3], Layout::Rows, Layout::Rows);
            check::<f64>([1, m, n, 2], Layout::Rows, Layout::Rows);
        }
    }
}

#[test]
fn products_larger_than_blocks_and_slabs() {
    for layout in [Layout::Rows, Layout::Columns] {
        check::<f32>([1, 130, 600, 520], layout, layout);
        check::<f32>([3, 100, 40, 300], layout, layout);
        check::<f64>([1, 120, 300, 290], layout, layout);
    }
    check::<f32>([1, 97, 530, 2600], Layout::Rows, Layout::Columns);
    for rhs in [Layout::Rows, Layout::Gaps] {
        check::<f32>([1, 27, 50, 2500], Layout::Columns, rhs);
        check::<f32>([1, 131, 50, 1100], Layout::Columns, rhs);
        check::<f64>([1, 150, 13, 1100], Layout::Columns, rhs);
        check::<f64>([1, 3, 9, 1100], Layout::Rows, rhs);
    }
}

#[test]
fn empty_products() {
    for isa in levels() {
        for sizes in [[0, 2, 2, 2], [1, 0, 2, 2], [1, 2, 0, 2], [1, 2, 3, 0], [2, 40, 40, 0]] {
            let spec = row_major(sizes);
            let (lhs, rhs) = operands::<f32>(&spec);
            let out = run(&spec, isa, &Pool::new(1), &[&lhs, &rhs], 0);
            assert_eq!(out, vec![0.0; sizes[0] * sizes[1] * sizes[2]], "{isa} {sizes:?}");
        }
    }
}

#[test]
fn integers_wrap_around() {
    let spec = |dtype| spec(dtype, [1, 2, 2, 2], Layout::Rows, Layout::Columns);
    for isa in levels() {
        let pool = Pool::new(1);
        let out = run::<i32>(&spec(DType::I32), isa, &pool, &[&[1, 2, 3, 4], &[5, 6, i32::MAX, 8]], 0);
        assert_eq!(out, [17, i32::MAX.wrapping_add(16), 39, i32::MAX.wrapping_mul(3).wrapping_add(32)]);
        let out = run::<u8>(&spec(DType::U8), isa, &pool, &[&[1, 2, 3, 200], &[5, 6, 7, 8]], 0);
        assert_eq!(out, [17, 23, 191, 85]);
        let out = run::<i64>(&spec(DType::I64), isa, &pool, &[&[1, -2, 3, 4], &[5, 6, 7, 8]], 0);
        assert_eq!(out, [-7, -9, 39, 53]);
    }
}

/// Row `i` of a product is the product of row `i`, bit for bit, whatever paths the sizes take.
fn rows_alone<T: Real>(sizes: [usize; 4], lhs_layout: Layout, rhs_layout: Layout) {
    let spec = spec(T::DTYPE, sizes, lhs_layout, rhs_layout);
    let (lhs, rhs) = operands::<T>(&spec);
    let pool = Pool::new(2);
    for isa in levels() {
        let out = run(&spec, isa, &pool, &[&lhs, &rhs], 0);
        for row in [0, 1, spec.m / 2, spec.m - 1] {
            let alone = Spec { m: 1, batch: 1, ..spec.clone() };
            let alone = run(&alone, isa, &pool, &[&lhs[row * spec.lhs.row..], &rhs], 0);
            let bits = |values: &[T]| values.iter().map(|x| x.bits()).collect::<Vec<_>>();
            assert_eq!(
                bits(&out[row * spec.n..][..spec.n]),
                bits(&alone),
                "{isa} {sizes:?} {lhs_layout:?} {rhs_layout:?}"
            );
        }
    }
}

#[test]
fn a_row_has_the_same_bits_alone() {
    for lhs in [Layout::Rows, Layout::Columns, Layout::Gaps] {
        for rhs in [Layout::Rows, Layout::Columns] {
            for sizes in [
                [1, 33, 10, 4],
                [1, 101, 67, 259],
                [1, 203, 301, 515],
                [1, 37, 1, 1000],
                [1, 150, 2, 700],
                [1, 27, 50, 2500],
                [1, 135, 51, 900],
                [1, 5, 70, 2100],
            ] {
                rows_alone::<f32>(sizes, lhs, rhs);
                rows_alone::<f64>(sizes, lhs, rhs);
            }
        }
    }
}

#[test]
fn threads_and_batches_do_not_change_bits() {
    for isa in levels() {
        let sizes = [
            [1, 211, 173, 307],
            [3, 110, 90, 280],
            [1, 400, 600, 300],
            [2, 301, 1, 190],
            [1, 21, 50, 2300],
            [1, 140, 50, 600],
        ];
        let layouts = [Layout::Rows, Layout::Columns];
        let pairs = layouts.iter().flat_map(|&lhs| layouts.map(|rhs| (lhs, rhs)));
        for (sizes, (layout, rhs)) in sizes.iter().flat_map(|&s| pairs.clone().map(move |p| (s, p))) {
            let spec = spec(DType::F32, sizes, layout, rhs);
            let (lhs, rhs) = operands::<f32>(&spec);
            let one = run(&spec, isa, &Pool::new(1), &[&lhs, &rhs], 0);
            for threads in [2, 3] {
                assert!(
                    run(&spec, isa, &Pool::new(threads), &[&lhs, &rhs], 0) == one,
                    "{isa} {sizes:?} {threads}"
                );
            }
            let last = Spec { batch: 1, ..spec.clone() };
            let start = sizes[0] - 1;
            let inputs = [&lhs[start * spec.lhs.batch..], &rhs[start * spec.rhs.batch..]];
            assert!(run(&last, isa, &Pool::new(2), &inputs, 0) == one[start * sizes[1] * sizes[2]..]);
        }
    }
}

#[test]
fn a_shared_right_operand_makes_one_tall_product() {
    for isa in levels() {
        for m in [1, 7] {
            let mut batched = row_major([9, m, 20, 11]);
            batched.rhs.batch = 0;
            let (lhs, rhs) = operands::<f32>(&batched);
            let tall = row_major([1, 9 * m, 20, 11]);
            let pool = Pool::new(1);
            assert_eq!(run(&batched, isa, &pool, &[&lhs, &rhs], 0), run(&tall, isa, &pool, &[&lhs, &rhs], 0));
        }
    }
}

#[test]
fn strided_outputs() {
    for isa in levels() {
        let gradients = [[1, 140, 30, 600], [1, 20, 30, 2300]];
        let gradients = gradients.map(|sizes| spec(DType::F32, sizes, Layout::Columns, Layout::Rows));
        for spec in
            [[2, 30, 37, 20], [2, 130, 1, 20], [1, 1, 5, 3]].map(row_major).into_iter().chain(gradients)
        {
            let sizes = [spec.batch, spec.m, spec.n, spec.k];
            let (lhs, rhs) = operands::<f32>(&spec);
            let pool = Pool::new(2);
            let apart = run(&spec, isa, &pool, &[&lhs, &rhs], 5);
            assert_eq!(apart, run(&spec, isa, &pool, &[&lhs, &rhs], 0), "{isa} {sizes:?}");
        }
    }
}

#[test]
fn strided_inputs_are_read_row_by_row() {
    let view =
        |rows, width: usize, stride: usize| RawView::new(RawView::EMPTY.pointer, rows, 4 * width, 4 * stride);
    let rows = Strides { batch: 15, row: 5, col: 1 };
    let matrix = Matrix::<f32>::new(view(6, 5, 9), rows, [2, 3, 5]);
    assert_eq!(matrix.strides, Strides { batch: 27, row: 9, col: 1 });
    let columns = Strides { batch: 15, row: 1, col: 5 };
    let matrix = Matrix::<f32>::new(view(6, 5, 9), columns, [2, 5, 3]);
    assert_eq!(matrix.strides, Strides { batch: 27, row: 1, col: 9 });
}

/// A body over `[batch, m, n]`: each instruction has its function and arguments.
fn body(shape: [usize; 3], strides: &[[usize; 3]], code: &[(&'static Function, &[Register])]) -> Body {
    let operand = |strides: [usize; 3]| Operand { dtype: DType::F32, strides: strides.to_vec() };
    let product = [shape[1] * shape[2], shape[2], 1];
    Body {
        shape: shape.to_vec(),
        inputs: std::iter::once(product).chain(strides.iter().copied()).map(operand).collect(),
        instructions: code
            .iter()
            .map(|(function, arguments)| Instruction { function, arguments: arguments.to_vec() })
            .collect(),
        outputs: vec![Register::Instruction(code.len() - 1)],
    }
}

use Register::{Input, Instruction as Step_};

#[test]
fn bias_and_floor() {
    for isa in levels() {
        for sizes in [[1, 32, 10, 4], [2, 100, 70, 300], [1, 40, 1, 20], [1, 1, 9, 0]] {
            let [batch, m, n, _] = sizes;
            let plain = row_major(sizes);
            let (lhs, rhs) = operands::<f32>(&plain);
            let (bias, zero) = (of::<f32>(&numbers(n, 3)), [0.0]);
            let pool = Pool::new(2);
            let product = run(&plain, isa, &pool, &[&lhs, &rhs], 0);
            let add: (&'static Function, &[Register]) = (&elementwise::ADD, &[Input(0), Input(1)]);
            let floor: (&'static Function, &[Register]) = (&elementwise::MAXIMUM, &[Input(2), Step_(0)]);
            let shape = [batch, m, n];
            let relu =
                Spec { epilogue: Some(body(shape, &[[0, 0, 1], [0; 3]], &[add, floor])), ..plain.clone() };
            let biased = Spec { epilogue: Some(body(shape, &[[0, 0, 1]], &[add])), ..plain.clone() };
            let expected: Vec<f32> = product.iter().enumerate().map(|(at, x)| x + bias[at % n]).collect();
            assert_eq!(run(&biased, isa, &pool, &[&lhs, &rhs, &bias], 0), expected, "{isa} {sizes:?}");
            let expected: Vec<f32> = expected.iter().map(|x| x.max(0.0)).collect();
            assert_eq!(run(&relu, isa, &pool, &[&lhs, &rhs, &bias, &zero], 0), expected, "{isa} {sizes:?}");
        }
    }
}

#[test]
fn the_native_floor_is_the_elementwise_maximum() {
    let values = [f32::NAN, -f32::NAN, 0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, 1e-40];
    for isa in levels() {
        for floor in values {
            let plain = row_major([1, 1, values.len(), 1]);
            let floored: (&'static Function, &[Register]) = (&elementwise::MAXIMUM, &[Input(0), Input(1)]);
            let native =
                Spec { epilogue: Some(body([1, 1, values.len()], &[[0; 3]], &[floored])), ..plain.clone() };
            // A second maximum keeps the body from being recognised.
            let twice: (&'static Function, &[Register]) = (&elementwise::MAXIMUM, &[Step_(0), Input(1)]);
            let general =
                Spec { epilogue: Some(body([1, 1, values.len()], &[[0; 3]], &[floored, twice])), ..plain };
            let bits = |spec: &Spec| {
                let out = run(spec, isa, &Pool::new(1), &[&[1.0], &values, &[floor]], 0);
                out.iter().map(|x| if x.is_nan() { 0x7fc0_0000 } else { x.to_bits() }).collect::<Vec<_>>()
            };
            assert_eq!(bits(&native), bits(&general), "{isa} {floor}");
        }
    }
}

#[test]
fn any_epilogue_and_prologue() {
    for isa in levels() {
        for sizes in [[1, 32, 10, 4], [2, 50, 70, 300], [1, 40, 1, 20], [1, 300, 520, 270]] {
            let [batch, m, n, k] = sizes;
            for layout in [Layout::Rows, Layout::Columns] {
                let plain = spec(DType::F32, sizes, layout, layout);
                let (lhs, rhs) = operands::<f32>(&plain);
                let (shift, residual) = (of::<f32>(&numbers(k, 4)), of::<f32>(&numbers(batch * m * n, 5)));
                let pool = Pool::new(2);
                let before = body([batch, m, k], &[[0, 0, 1]], &[(&elementwise::ADD, &[Input(0), Input(1)])]);
                let multiply: (&'static Function, &[Register]) =
                    (&elementwise::MULTIPLY, &[Input(0), Input(0)]);
                let subtract: (&'static Function, &[Register]) =
                    (&elementwise::SUBTRACT, &[Step_(0), Input(1)]);
                let after = body([batch, m, n], &[[m * n, n, 1]], &[multiply, subtract]);
                let fused = Spec { prologue: Some(before), epilogue: Some(after), ..plain.clone() };
                let out = run(&fused, isa, &pool, &[&lhs, &rhs, &shift, &residual], 0);
                let mut shifted = lhs.clone();
                for b in 0..batch {
                    for i in 0..m {
                        for (index, shift) in shift.iter().enumerate() {
                            shifted[b * plain.lhs.batch + i * plain.lhs.row + index * plain.lhs.col] += shift;
                        }
                    }
                }
                let product = run(&plain, isa, &pool, &[&shifted, &rhs], 0);
                let expected: Vec<f32> = product.iter().zip(&residual).map(|(x, r)| x * x - r).collect();
                if n > 1 {
                    assert_eq!(out, expected, "{isa} {sizes:?} {layout:?}");
                }
                // A product of one column has another order of summation without a prologue.
                for (x, y) in out.iter().zip(&expected) {
                    assert!((x - y).abs() <= 1e-5 * y.abs().max(1.0), "{isa} {sizes:?} {layout:?}: {x} {y}");
                }
            }
        }
    }
}

#[test]
fn a_row_of_one_column_has_the_same_bits_alone_after_an_epilogue() {
    for isa in levels() {
        for [batch, m] in [[9, 1], [1, 9], [3, 70]] {
            let k = 77;
            let square = body([batch, m, 1], &[], &[(&elementwise::MULTIPLY, &[Input(0), Input(0)])]);
            let mut spec = Spec { epilogue: Some(square), ..row_major([batch, m, 1, k]) };
            spec.rhs.batch = 0;
            let (lhs, rhs) = operands::<f32>(&row_major([1, batch * m, 1, k]));
            let out = run(&spec, isa, &Pool::new(2), &[&lhs, &rhs], 0);
            let square = body([1, 1, 1], &[], &[(&elementwise::MULTIPLY, &[Input(0), Input(0)])]);
            let alone = Spec { epilogue: Some(square), ..row_major([1, 1, 1, k]) };
            for (row, value) in out.iter().enumerate() {
                let alone = run(&alone, isa, &Pool::new(1), &[&lhs[row * k..][..k], &rhs], 0);
                assert_eq!(value.to_bits(), alone[0].to_bits(), "{isa} {batch} {m} [{row}]");
            }
        }
    }
}

#[test]
fn faults_of_a_pass_are_reported() {
    let good = row_major([1, 2, 3, 4]);
    let add: (&'static Function, &[Register]) = (&elementwise::ADD, &[Input(0), Input(1)]);
    let wrong_shape = Spec { epilogue: Some(body([1, 2, 4], &[[0, 0, 1]], &[add])), ..good.clone() };
    assert!(MatMul::try_new(wrong_shape, Isa::Portable).is_err());
    let truth = Spec { dtype: DType::Bool, ..good };
    assert!(MatMul::try_new(truth, Isa::Portable).is_err());
}
