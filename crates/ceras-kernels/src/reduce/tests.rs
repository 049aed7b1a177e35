//! Reductions against plain loops.

use super::*;
use crate::testing::{Run, Sequence, bytes, values};
use crate::{DType, Element, Isa};

const SHAPES: [&[usize]; 17] = [
    &[],
    &[1],
    &[5],
    &[0],
    &[3, 0],
    &[0, 3],
    &[32, 10],
    &[10, 1, 17],
    &[3, 5, 7],
    &[2, 1, 65, 4],
    &[4, 100_000],
    &[3000, 70],
    &[2, 2500, 3],
    &[2, 3, 4, 5],
    &[1025],
    &[7, 2049],
    &[16, 64],
];

fn axes_of(rank: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..1usize << rank).map(move |bits| (0..rank).filter(|axis| bits >> axis & 1 == 1).collect())
}

/// For each result the elements that it combines, in order.
fn gathered<T: Element>(data: &[T], dims: &[usize], axes: &[usize]) -> Vec<Vec<T>> {
    let kept: usize = (0..dims.len()).filter(|axis| !axes.contains(axis)).map(|axis| dims[axis]).product();
    let mut results = vec![Vec::new(); kept];
    for (index, &x) in data.iter().enumerate() {
        let (mut rest, mut at, mut step) = (index, 0, 1);
        for axis in (0..dims.len()).rev() {
            if !axes.contains(&axis) {
                at += rest % dims[axis] * step;
                step *= dims[axis];
            }
            rest /= dims[axis];
        }
        results[at].push(x);
    }
    results
}

fn reduce<T: Element>(
    reduction: Reduction,
    dims: &[usize],
    axes: &[usize],
    data: &[T],
    isa: Isa,
    threads: usize,
) -> Vec<T> {
    let kernel = Reduce::new(reduction, T::DTYPE, dims, axes, isa);
    let kept: usize = (0..dims.len()).filter(|axis| !axes.contains(axis)).map(|axis| dims[axis]).product();
    let mut run = Run::new(vec![bytes(data)], vec![kept * size_of::<T>()]);
    run.scratch_bytes = kernel.scratch_bytes();
    values(&run.on(kernel, threads)[0])
}

fn levels() -> Vec<Isa> {
    [Isa::Reference].into_iter().chain(Isa::available()).collect()
}

#[test]
fn rows_are_combined_as_columns_are() {
    let mut numbers = Sequence::new(9);
    let rows = 37;
    for n in 1..=20 {
        let data = numbers.floats(rows * n);
        let turned: Vec<f32> = (0..rows * n).map(|at| data[at % rows * n + at / rows]).collect();
        for isa in Isa::available() {
            for reduction in [Reduction::Sum, Reduction::Product, Reduction::Max, Reduction::Min] {
                let lying = reduce(reduction, &[rows, n], &[1], &data, isa, 1);
                let standing = reduce(reduction, &[n, rows], &[0], &turned, isa, 1);
                assert_eq!(bytes(&lying), bytes(&standing), "{reduction:?} of {n} at {isa}");
            }
        }
    }
}

#[test]
fn floats_over_all_axes() {
    let mut numbers = Sequence::new(1);
    for dims in SHAPES {
        let data = numbers.floats(dims.iter().product());
        for axes in axes_of(dims.len()) {
            let parts = gathered(&data, dims, &axes);
            for isa in levels() {
                let run = |reduction, threads| reduce(reduction, dims, &axes, &data, isa, threads);
                let context = format!("{dims:?} {axes:?} {isa}");
                let sums = run(Reduction::Sum, 1);
                for (sum, part) in sums.iter().zip(&parts) {
                    let exact: f64 = part.iter().map(|x| f64::from(*x)).sum();
                    let size: f64 = part.iter().map(|x| f64::from(x.abs())).sum();
                    assert!((f64::from(*sum) - exact).abs() <= 2e-7 * size, "{context}: {sum} for {exact}");
                }
                let extreme = |combine: fn(f32, f32) -> f32, start: f32| -> Vec<f32> {
                    parts.iter().map(|part| part.iter().copied().fold(start, combine)).collect()
                };
                assert_eq!(run(Reduction::Max, 2), extreme(f32::max, f32::NEG_INFINITY), "{context}");
                assert_eq!(run(Reduction::Min, 1), extreme(f32::min, f32::INFINITY), "{context}");
                for threads in [2, 3] {
                    assert_eq!(run(Reduction::Sum, threads), sums, "{context} {threads}");
                }
            }
        }
    }
}

#[test]
fn integers_and_truth_values() {
    let mut numbers = Sequence::new(2);
    for dims in SHAPES {
        let total = dims.iter().product();
        let words: Vec<i32> = (0..total).map(|_| numbers.bits() as i32).collect();
        let truths: Vec<u8> = (0..total).map(|_| u8::from(!numbers.bits().is_multiple_of(5))).collect();
        for axes in axes_of(dims.len()).filter(|axes| axes.len() < 3) {
            let parts = gathered(&words, dims, &axes);
            let fold = |start: i32, combine: fn(i32, i32) -> i32| -> Vec<i32> {
                parts.iter().map(|part| part.iter().copied().fold(start, combine)).collect()
            };
            for isa in levels() {
                let run = |reduction| reduce(reduction, dims, &axes, &words, isa, 2);
                assert_eq!(run(Reduction::Sum), fold(0, i32::wrapping_add));
                assert_eq!(run(Reduction::Product), fold(1, i32::wrapping_mul));
                assert_eq!(run(Reduction::Max), fold(i32::MIN, i32::max));
                assert_eq!(run(Reduction::Min), fold(i32::MAX, i32::min));
                assert_eq!(run(Reduction::And), fold(-1, |a, b| a & b));
                assert_eq!(run(Reduction::Or), fold(0, |a, b| a | b));
            }
            let kept = parts.len();
            let all = Reduce::new(Reduction::And, DType::Bool, dims, &axes, Isa::active());
            let mut run = Run::new(vec![truths.clone()], vec![kept]);
            run.scratch_bytes = all.scratch_bytes();
            let expected: Vec<u8> = gathered(&truths, dims, &axes)
                .iter()
                .map(|part| u8::from(part.iter().all(|x| *x == 1)))
                .collect();
            assert_eq!(run.on(all, 1)[0], expected);
        }
    }
}

#[test]
fn extremes_pass_nan_on() {
    for place in [0, 5, 16, 1029] {
        let mut data = vec![1.0f32; 1030];
        data[place] = f32::NAN;
        for isa in levels() {
            for (dims, axis) in [([1, 1030], 1), ([1030, 1], 0), ([515, 2], 0)] {
                for reduction in [Reduction::Max, Reduction::Min, Reduction::Sum] {
                    assert!(
                        reduce(reduction, &dims, &[axis], &data, isa, 1)[place % (1030 / dims[axis])]
                            .is_nan()
                    );
                }
            }
        }
    }
}

/// What a result is does not depend on which other results there are, or on how they lie.
#[test]
fn a_result_does_not_depend_on_the_others() {
    let mut numbers = Sequence::new(3);
    for n in [1, 10, 33, 1000, 5000] {
        let columns = 70;
        let matrix = numbers.floats(n * columns);
        for isa in Isa::available() {
            let by_column = reduce(Reduction::Sum, &[n, columns], &[0], &matrix, isa, 1);
            let turned: Vec<f32> = (0..n * columns).map(|i| matrix[i % n * columns + i / n]).collect();
            assert_eq!(reduce(Reduction::Sum, &[columns, n], &[1], &turned, isa, 2), by_column);
            for (column, sum) in by_column.iter().enumerate() {
                let alone = &turned[column * n..(column + 1) * n];
                assert_eq!(reduce(Reduction::Sum, &[n], &[0], alone, isa, 1), [*sum]);
            }
            let middle =
                reduce(Reduction::Sum, &[2, n / 2, columns], &[1], &matrix[..n / 2 * 2 * columns], isa, 1);
            let second = &matrix[n / 2 * columns..n / 2 * 2 * columns];
            assert_eq!(reduce(Reduction::Sum, &[n / 2, columns], &[0], second, isa, 1), middle[columns..]);
        }
    }
}

#[test]
fn arg_max_is_the_first_and_nan_is_largest() {
    let rows =
        [[1.0f32, 3.0, 3.0, 2.0], [f32::NAN, 9.0, f32::NAN, 0.0], [-1.0, f32::NEG_INFINITY, f32::NAN, 5.0]];
    let data: Vec<f32> = rows.concat();
    let run = Run::new(vec![bytes(&data)], vec![12]);
    let out = run.on(ArgMax::new(DType::F32, &[3, 4], 1, Isa::active()), 1);
    assert_eq!(values::<i32>(&out[0]), [1, 0, 2]);
    let run = Run::new(vec![bytes(&data)], vec![16]);
    let out = run.on(ArgMax::new(DType::F32, &[3, 4], 0, Isa::active()), 1);
    assert_eq!(values::<i32>(&out[0]), [1, 1, 1, 2]);
    let mut numbers = Sequence::new(4);
    for n in [1, 17, 100, 2000] {
        let data: Vec<i64> = (0..3 * n).map(|_| (numbers.bits() % 50) as i64 - 25).collect();
        let expected: Vec<i32> = data
            .chunks(n)
            .map(|row| row.iter().position(|x| x == row.iter().max().unwrap()).unwrap() as i32)
            .collect();
        let run = Run::new(vec![bytes(&data)], vec![12]);
        let out = run.on(ArgMax::new(DType::I64, &[3, n], 1, Isa::active()), 2);
        assert_eq!(values::<i32>(&out[0]), expected);
    }
}

#[test]
fn all_finite_sees_every_element() {
    let run = |floats: &[f32], doubles: &[f64]| {
        let run = Run::new(vec![bytes(floats), bytes(doubles), bytes(&[-1i32])], vec![1]);
        let results: Vec<u8> = [1, 3]
            .map(|threads| run.on(AllFinite::new(vec![DType::F32, DType::F64, DType::I32]), threads)[0][0])
            .to_vec();
        assert_eq!(results[0], results[1]);
        results[0]
    };
    let mut floats = vec![1.0f32; 100_003];
    assert_eq!(run(&floats, &[f64::MAX, -0.0]), 1);
    assert_eq!(run(&[], &[]), 1);
    assert_eq!(run(&floats, &[1.0, f64::NEG_INFINITY]), 0);
    for place in [0, 63, 5_000, 100_002] {
        floats[place] = f32::NAN;
        assert_eq!(run(&floats, &[]), 0);
        floats[place] = f32::INFINITY;
        assert_eq!(run(&floats, &[]), 0);
        floats[place] = f32::MAX;
    }
}
