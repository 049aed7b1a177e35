//! Convolutions and pooling: rules, levels, gradients, text.

use std::sync::Arc;

use ceras_testkit::Sampler;

use crate::check::OpCheck;
use crate::op::Op;
use crate::ops::{self, ConvolutionWindow, PoolWindow};
use crate::tensor::Tensor;

fn numbers(name: &str, dims: &[usize]) -> Tensor {
    let len = dims.iter().product();
    Tensor::new(dims, Sampler::new(name).uniforms(len, -1.0, 1.0)).unwrap().cast(ceras_kernels::DType::F32)
}

fn check(op: impl Op, inputs: &[Tensor]) {
    let op: Arc<dyn Op> = Arc::new(op);
    OpCheck::new(op.clone(), inputs).run().unwrap_or_else(|why| panic!("{op:?}: {why}"));
}

/// Strides, padding, dilations.
type Case = (Vec<usize>, Vec<i64>, Vec<i64>, Vec<usize>, Vec<usize>);

fn cases() -> Vec<Case> {
    vec![
        (vec![1, 1], vec![0, 0], vec![0, 0], vec![1, 1], vec![1, 1]),
        (vec![2, 3], vec![1, 0], vec![1, 2], vec![1, 1], vec![1, 1]),
        (vec![1, 2], vec![2, 1], vec![-1, 1], vec![2, 3], vec![1, 2]),
        (vec![4, 1], vec![-1, 2], vec![3, 0], vec![1, 2], vec![2, 1]),
    ]
}

#[test]
fn convolutions_obey_their_rules() {
    for (strides, low, high, lhs_dilation, rhs_dilation) in cases() {
        for (groups, channels, features) in [(1, 2, 3), (2, 4, 2)] {
            let window = ConvolutionWindow {
                strides: strides.clone(),
                low: low.clone(),
                high: high.clone(),
                lhs_dilation: lhs_dilation.clone(),
                rhs_dilation: rhs_dilation.clone(),
                feature_groups: groups,
            };
            let image = numbers("image", &[2, 5, 6, channels]);
            let kernel = numbers("kernel", &[3, 2, channels / groups, features]);
            check(ops::Convolution::new(window.clone(), false), &[image.clone(), kernel]);
            let kernel = numbers("transposed", &[3, 2, features / groups, channels]);
            check(ops::Convolution::new(window.clone(), true), &[image.clone(), kernel]);
            let cotangent = numbers("cotangent", &[2, 3, 4, features]);
            check(ops::ConvolutionKernelGradient { taps: vec![3, 2], window }, &[image, cotangent]);
        }
    }
}

#[test]
fn convolutions_of_one_and_three_axes() {
    let image = numbers("line", &[2, 7, 3]);
    let window = ConvolutionWindow { low: vec![2], rhs_dilation: vec![2], ..ConvolutionWindow::plain(1) };
    check(ops::Convolution::new(window, false), &[image, numbers("kernel", &[2, 3, 2])]);
    let image = numbers("space", &[1, 3, 4, 3, 2]);
    let window = ConvolutionWindow { strides: vec![1, 2, 1], ..ConvolutionWindow::plain(3) };
    check(ops::Convolution::new(window, false), &[image, numbers("kernel", &[2, 1, 2, 2, 3])]);
}

#[test]
fn pooling_obeys_its_rules() {
    let windows = [
        PoolWindow { dimensions: vec![2, 2], strides: vec![2, 2], low: vec![0, 0], high: vec![0, 0] },
        PoolWindow { dimensions: vec![3, 2], strides: vec![1, 3], low: vec![1, 0], high: vec![1, 1] },
        PoolWindow { dimensions: vec![2, 3], strides: vec![3, 2], low: vec![1, 2], high: vec![0, 2] },
    ];
    for window in windows {
        let image = numbers("image", &[2, 5, 6, 3]);
        check(ops::MaxPool { window: window.clone() }, std::slice::from_ref(&image));
        check(ops::AveragePool { window: window.clone() }, std::slice::from_ref(&image));
        let pooled = crate::eval::eval(
            Arc::new(ops::MaxPool { window: window.clone() }),
            std::slice::from_ref(&image),
            ceras_kernels::Isa::Reference,
        );
        let places = pooled.unwrap().remove(1);
        let cotangent = numbers("cotangent", places.dims());
        let scatter = ops::MaxPoolScatter { window: window.clone(), positions: vec![5, 6] };
        check(scatter, &[cotangent.clone(), places.clone()]);
        check(ops::MaxPoolGather { window: window.clone() }, &[image, places]);
        check(ops::AveragePoolScatter { window, positions: vec![5, 6] }, &[cotangent]);
    }
}

#[test]
fn a_large_window_counts_in_int32() {
    let window = PoolWindow { dimensions: vec![300], strides: vec![1], low: vec![0], high: vec![0] };
    check(ops::MaxPool { window }, &[numbers("long", &[1, 302, 1])]);
}

#[test]
fn rules_that_are_broken_say_so() {
    let ty = |dims: &[usize]| numbers("x", dims).ty();
    let conv = |groups, dims: &[usize], kernel: &[usize]| {
        let window = ConvolutionWindow { feature_groups: groups, ..ConvolutionWindow::plain(2) };
        ops::Convolution::new(window, false).infer(&[&ty(dims), &ty(kernel)]).unwrap_err().0
    };
    assert_eq!(
        conv(1, &[1, 5, 5, 3], &[2, 2, 4, 1]),
        "the last axis of {0} must be 4, the last axis but one of {1}; it is 3"
    );
    assert_eq!(
        conv(2, &[1, 5, 5, 4], &[2, 2, 2, 3]),
        "the last axis of {1}, 3, must be a multiple of 2, the groups"
    );
    assert_eq!(conv(1, &[1, 5, 5, 4], &[2, 4, 3]), "{1} must have the rank of {0}, 4; it is 3");
    let window = PoolWindow { dimensions: vec![2], strides: vec![0], low: vec![0], high: vec![0] };
    assert!(ops::MaxPool { window }.infer(&[&ty(&[1, 5, 1])]).unwrap_err().0.contains("stride"));
}
