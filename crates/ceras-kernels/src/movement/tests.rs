//! Kernels that move elements, against plain loops.

use super::*;
use crate::testing::{Run, Sequence, bytes, values};
use crate::{DType, Kernel};

/// All indices of a shape, in order.
fn indices(dims: &[usize]) -> Vec<Vec<usize>> {
    (0..dims.iter().product())
        .map(|number: usize| {
            let mut rest = number;
            let mut index: Vec<usize> = dims
                .iter()
                .rev()
                .map(|extent| {
                    let at = rest % extent;
                    rest /= extent;
                    at
                })
                .collect();
            index.reverse();
            index
        })
        .collect()
}

fn number(dims: &[usize], index: &[usize]) -> usize {
    dims.iter().zip(index).fold(0, |number, (extent, at)| number * extent + at)
}

fn elements(count: usize, element_bytes: usize) -> Vec<u8> {
    let mut numbers = Sequence::new(count as u64);
    (0..count * element_bytes).map(|_| numbers.bits() as u8).collect()
}

/// Runs a kernel whose output element is, for each index, that element of the input.
fn check<K: Kernel + 'static>(
    kernel: impl Fn() -> K,
    element_bytes: usize,
    input: &[usize],
    output: &[usize],
    source: impl Fn(&[usize]) -> Vec<usize>,
) {
    let data = elements(input.iter().product(), element_bytes);
    let expected: Vec<u8> = indices(output)
        .iter()
        .flat_map(|index| {
            let from = number(input, &source(index)) * element_bytes;
            data[from..from + element_bytes].to_vec()
        })
        .collect();
    let run = Run::new(vec![data], vec![expected.len()]);
    for threads in [1, 2, 3] {
        assert!(run.on(kernel(), threads)[0] == expected, "{:?} {input:?} {output:?}", kernel());
    }
}

#[test]
fn transposes_of_all_orders() {
    let cases: [(&[usize], &[&[usize]]); 9] = [
        (&[], &[&[]]),
        (&[7], &[&[0]]),
        (&[3, 5], &[&[0, 1], &[1, 0]]),
        (&[40, 33], &[&[1, 0]]),
        (&[300, 500], &[&[1, 0]]),
        (&[0, 4], &[&[1, 0]]),
        (&[2, 17, 18], &[&[0, 2, 1], &[2, 1, 0], &[1, 0, 2], &[1, 2, 0], &[2, 0, 1]]),
        (&[2, 3, 1, 4], &[&[3, 1, 2, 0], &[0, 2, 3, 1], &[1, 0, 3, 2]]),
        (&[4, 3, 20, 16], &[&[0, 2, 3, 1], &[0, 3, 1, 2], &[3, 0, 2, 1]]),
    ];
    for (dims, permutations) in cases {
        for permutation in permutations {
            let output: Vec<usize> = permutation.iter().map(|&axis| dims[axis]).collect();
            for element_bytes in [1, 2, 4, 8] {
                check(
                    || Transpose::new(element_bytes, dims, permutation),
                    element_bytes,
                    dims,
                    &output,
                    |index| {
                        let mut source = vec![0; dims.len()];
                        permutation.iter().zip(index).for_each(|(&axis, &at)| source[axis] = at);
                        source
                    },
                );
            }
        }
    }
}

#[test]
fn slices_and_reverses() {
    let dims = [6, 7, 8];
    for (starts, limits, strides) in [
        ([0, 0, 0], [6, 7, 8], [1, 1, 1]),
        ([1, 2, 3], [5, 7, 8], [1, 1, 1]),
        ([0, 1, 0], [6, 6, 8], [2, 3, 5]),
        ([0, 0, 7], [6, 7, 8], [1, 1, 2]),
        ([3, 3, 3], [3, 7, 8], [1, 1, 1]),
    ] {
        let output: Vec<usize> = (0..3).map(|a| usize::div_ceil(limits[a] - starts[a], strides[a])).collect();
        let kernel = || Slice::new(4, &dims, &starts, &limits, &strides);
        check(kernel, 4, &dims, &output, |index| (0..3).map(|a| starts[a] + index[a] * strides[a]).collect());
    }
    for axes in [vec![], vec![0], vec![1], vec![2], vec![0, 2], vec![0, 1, 2]] {
        check(
            || Reverse::new(8, &dims, &axes),
            8,
            &dims,
            &dims,
            |index| {
                (0..3).map(|a| if axes.contains(&a) { dims[a] - 1 - index[a] } else { index[a] }).collect()
            },
        );
    }
    check(|| Reverse::new(4, &[0, 3], &[0, 1]), 4, &[0, 3], &[0, 3], <[usize]>::to_vec);
}

#[test]
fn pads_crop_surround_and_spread() {
    let dims = [3, 4, 5];
    for (low, high, interior) in [
        ([0, 0, 0], [0, 0, 0], [0, 0, 0]),
        ([1, 2, 3], [3, 2, 1], [0, 0, 0]),
        ([1, 0, 0], [0, 1, 0], [0, 0, 0]),
        ([0, 1, 0], [0, 1, 0], [2, 1, 3]),
        ([-1, -2, -3], [-1, -1, -1], [0, 0, 0]),
        ([-2, 1, -3], [1, -4, 2], [1, 2, 1]),
        ([-3, 0, 0], [0, 0, 0], [0, 0, 0]),
        ([0, 0, -9], [0, 0, 9], [0, 0, 0]),
        ([0, 0, 9], [0, 0, -9], [0, 0, 0]),
    ] {
        let output: Vec<usize> = (0..3)
            .map(|a| (low[a] + high[a] + (dims[a] + (dims[a] - 1) * interior[a]) as i64).max(0) as usize)
            .collect();
        for element_bytes in [1, 2, 4, 8] {
            let (data, value) = (elements(60, element_bytes), elements(1, element_bytes));
            let mut expected = value.repeat(output.iter().product());
            for (from, index) in indices(&dims).iter().enumerate() {
                let to: Option<Vec<usize>> = (0..3)
                    .map(|a| usize::try_from(low[a] + (index[a] * (interior[a] + 1)) as i64).ok())
                    .collect();
                let Some(to) = to.filter(|to| to.iter().zip(&output).all(|(at, extent)| at < extent)) else {
                    continue;
                };
                let to = number(&output, &to) * element_bytes;
                expected[to..to + element_bytes]
                    .copy_from_slice(&data[from * element_bytes..][..element_bytes]);
            }
            let run = Run::new(vec![data, value], vec![expected.len()]);
            let kernel = Pad::new(element_bytes, &dims, &low, &high, &interior);
            assert_eq!(run.on(kernel, 1)[0], expected, "{low:?} {high:?} {interior:?}");
        }
    }
    let run = Run::new(vec![vec![], bytes(&[7i32])], vec![12]);
    assert_eq!(values::<i32>(&run.on(Pad::new(4, &[0], &[1], &[2], &[3]), 1)[0]), [7, 7, 7]);
}

#[test]
fn concatenates_along_every_axis() {
    for axis in 0..3 {
        let lengths = [2, 0, 3, 1];
        let dims: Vec<Vec<usize>> = lengths
            .iter()
            .map(|&length| {
                let mut dims = vec![4, 3, 5];
                dims[axis] = length;
                dims
            })
            .collect();
        let data: Vec<Vec<u8>> = dims.iter().map(|dims| elements(dims.iter().product(), 4)).collect();
        let mut output = dims[0].clone();
        output[axis] = 6;
        let expected: Vec<u8> = indices(&output)
            .iter()
            .flat_map(|index| {
                let mut index = index.clone();
                let mut input = 0;
                while index[axis] >= lengths[input] {
                    index[axis] -= lengths[input];
                    input += 1;
                }
                data[input][number(&dims[input], &index) * 4..][..4].to_vec()
            })
            .collect();
        let run = Run::new(data, vec![expected.len()]);
        assert_eq!(run.on(Concatenate::new(4, &dims, axis), 2)[0], expected);
    }
}

#[test]
fn iota_counts() {
    let iota = |dtype, dims: &[usize], axis, bytes| {
        Run::new(vec![], vec![bytes]).on(Iota::new(dtype, dims, axis), 1).remove(0)
    };
    assert_eq!(values::<f32>(&iota(DType::F32, &[2, 3], 1, 24)), [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
    assert_eq!(values::<i64>(&iota(DType::I64, &[2, 3], 0, 48)), [0, 0, 0, 1, 1, 1]);
    assert_eq!(iota(DType::U8, &[2, 2, 2], 1, 8), [0, 0, 1, 1, 0, 0, 1, 1]);
    assert_eq!(iota(DType::Bool, &[3], 0, 3), [0, 1, 1]);
    assert!(iota(DType::I32, &[0, 3], 1, 0).is_empty());
}

#[test]
fn copies_between_strided_regions() {
    let data = elements(60, 1);
    for (from, to) in
        [(None, None), (Some((6, 2)), None), (None, Some((10, 6))), (Some((6, 2)), Some((10, 6)))]
    {
        let mut run = Run::new(vec![data.clone()], vec![60]);
        run.gaps = vec![from, to];
        assert_eq!(run.on(Copy::new(), 1)[0], data);
    }
}
