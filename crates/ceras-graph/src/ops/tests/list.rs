//! One list of cases for the ops that the oracle does not have.

use std::sync::Arc;

use ceras_kernels::DType;
use ceras_testkit::Sampler;

use crate::check::{OpCheck, op_check};
use crate::graph::Graph;
use crate::op::Op;
use crate::ops::{self, Reduction};
use crate::tensor::Tensor;
use crate::types::{Shape, TensorType};

fn numbers(name: &str, dims: &[usize]) -> Tensor {
    let count = dims.iter().product();
    Tensor::new(dims, Sampler::new(name).uniforms(count, -2.0, 2.0)).unwrap().cast(DType::F32)
}

fn bools(name: &str, dims: &[usize]) -> Tensor {
    let mut sampler = Sampler::new(name);
    let elements: Vec<bool> = (0..dims.iter().product()).map(|_| sampler.chance(0.5)).collect();
    Tensor::from_bools(dims, &elements).unwrap()
}

fn cases() -> Vec<(Arc<dyn Op>, Vec<Tensor>)> {
    let x = numbers("x", &[3, 5]);
    let ints = Tensor::new(&[3, 5], (0..15).map(|i| i * 7 - 40).collect::<Vec<i32>>()).unwrap();
    let scalar = |number: f32| Tensor::scalar(number);
    let low = Tensor::new(&[3, 5], Sampler::new("low").uniforms(15, -2.0, -0.5)).unwrap().cast(DType::F32);
    let key = Tensor::from_slice(&[7u64, 1 << 40]);
    let mut cases: Vec<(Arc<dyn Op>, Vec<Tensor>)> = vec![
        (Arc::new(ops::Constant { value: x.clone() }), vec![]),
        (Arc::new(ops::Iota { ty: TensorType::new(DType::I32, [2, 3, 2]), axis: 1 }), vec![]),
        (Arc::new(ops::Iota { ty: TensorType::new(DType::F64, [5]), axis: 0 }), vec![]),
        (Arc::new(ops::Not), vec![bools("not", &[3, 7])]),
        (Arc::new(ops::IsFinite), vec![Tensor::from_slice(&[1.0f32, f32::NAN, f32::INFINITY, -0.0])]),
        (Arc::new(ops::And), vec![bools("a", &[9]), bools("b", &[9])]),
        (Arc::new(ops::Or), vec![bools("a", &[9]), bools("b", &[9])]),
        (Arc::new(ops::Xor), vec![Tensor::from_slice(&[5u32, 6]), Tensor::from_slice(&[3u32, 6])]),
        (Arc::new(ops::Clamp), vec![scalar(-0.5), x.clone(), scalar(0.75)]),
        (Arc::new(ops::Clamp), vec![low, x.clone(), scalar(0.75)]),
        (
            Arc::new(ops::Select),
            vec![Tensor::from_bools(&[], &[true]).unwrap(), x.clone(), numbers("else", &[3, 5])],
        ),
        (Arc::new(ops::Gather), vec![x.clone(), Tensor::new(&[2, 2], [2i64, 0, 1, 2]).unwrap()]),
        (
            Arc::new(ops::ScatterAdd),
            vec![x.clone(), Tensor::from_slice(&[2i32, 0, 2, 1]), numbers("updates", &[4, 5])],
        ),
        (Arc::new(ops::Reduce { reduction: Reduction::And, axes: vec![1] }), vec![bools("and", &[3, 5])]),
        (Arc::new(ops::Reduce { reduction: Reduction::Or, axes: vec![0] }), vec![bools("or", &[3, 5])]),
        (Arc::new(ops::Reduce { reduction: Reduction::Sum, axes: vec![0, 1] }), vec![ints.clone()]),
        (Arc::new(ops::ArgMax { axis: 1 }), vec![x.clone()]),
        (Arc::new(ops::ArgMax { axis: 0 }), vec![ints.clone()]),
        (Arc::new(ops::AllFinite), vec![x.clone(), scalar(f32::NAN)]),
        (Arc::new(ops::AllFinite), vec![x.clone(), scalar(1.0)]),
        (Arc::new(ops::RngBitGenerator { shape: Shape::known(&[3, 7]) }), vec![key]),
        (Arc::new(ops::StopGradient), vec![bools("stop", &[2])]),
        (
            Arc::new(ops::Pad { low: vec![1, -1], high: vec![0, 2], interior: vec![1, 0] }),
            vec![x.clone(), scalar(0.5)],
        ),
        (Arc::new(ops::Concatenate { axis: 1 }), vec![x.clone(), numbers("more", &[3, 2])]),
    ];
    for from in
        [DType::Bool, DType::U8, DType::I32, DType::U32, DType::I64, DType::U64, DType::F32, DType::F64]
    {
        for dtype in DType::ALL {
            cases.push((Arc::new(ops::Convert { dtype }), vec![ints.cast(from)]));
        }
    }
    cases.push((Arc::new(ops::Convert { dtype: DType::F64 }), vec![x]));
    cases
}

#[test]
fn every_case_obeys_the_ops_own_rules() {
    for (op, inputs) in cases() {
        op_check(Arc::clone(&op), &inputs).unwrap_or_else(|why| panic!("{op:?}: {why}"));
    }
}

#[test]
fn each_op_of_the_list_has_a_case() {
    let group = ceras_testkit::oracle::Group::load("ops");
    let oracle: Vec<String> =
        group.cases().map(|case| case.meta["op"].as_str().unwrap().to_owned()).collect();
    let ours: Vec<&str> = cases().iter().map(|(op, _)| op.name()).collect();
    // Tested in `graphs`, in the passes' tests and in `images`.
    let elsewhere = [
        "cond",
        "scan",
        "fused",
        "convolution",
        "convolution_kernel_gradient",
        "max_pool",
        "max_pool_scatter",
        "max_pool_gather",
        "average_pool",
        "average_pool_scatter",
    ];
    for (name, _) in ops::LIST {
        let known = oracle.iter().any(|op| op == name) || ours.contains(name) || elsewhere.contains(name);
        assert!(known, "no case for `{name}`");
    }
}

#[test]
fn products_of_axes_that_do_not_collapse() {
    let d = |lb: &[usize], rb: &[usize], lc: &[usize], rc: &[usize]| ops::DotDimensions {
        lhs_batching: lb.to_vec(),
        rhs_batching: rb.to_vec(),
        lhs_contracting: lc.to_vec(),
        rhs_contracting: rc.to_vec(),
    };
    let cases = [
        (d(&[], &[], &[0, 2], &[1, 0]), vec![2, 3, 4], vec![4, 2, 3]),
        (d(&[1], &[2], &[0], &[0]), vec![2, 3, 4], vec![2, 5, 3]),
        (d(&[0, 2], &[1, 0], &[1], &[2]), vec![2, 3, 4], vec![4, 2, 3]),
    ];
    for (dimensions, left, right) in cases {
        let op = Arc::new(ops::DotGeneral { dimensions, epilogue: None });
        let inputs = [numbers("left", &left), numbers("right", &right)];
        op_check(op.clone(), &inputs).unwrap_or_else(|why| panic!("{op:?}: {why}"));
    }
}

#[test]
fn random_bits_do_not_depend_on_the_shape() {
    let key = Tensor::from_slice(&[1u64, 2]);
    let bits = |shape: &[usize]| {
        let op = Arc::new(ops::RngBitGenerator { shape: Shape::known(shape) });
        crate::eval::eval(op, std::slice::from_ref(&key), ceras_kernels::Isa::Portable).unwrap().remove(0)
    };
    assert_eq!(bits(&[3, 5]).slice::<u32>()[..7], *bits(&[7]).slice::<u32>());
}

#[test]
fn a_body_may_be_an_op() {
    let mut body = Graph::new();
    let x = body.input(TensorType::new(DType::F32, [3, 5]), "");
    let bias = body.input(TensorType::new(DType::F32, [5]), "");
    let wide = ops::broadcast_in_dim(&mut body, bias, Shape::known(&[3, 5]), &[1]).unwrap();
    let sum = ops::add(&mut body, x, wide).unwrap();
    let y = ops::tanh(&mut body, sum).unwrap();
    body.set_outputs(vec![y, sum]);
    OpCheck::new(Arc::new(ops::Fused::new(body)), &[numbers("x", &[3, 5]), numbers("bias", &[5])])
        .run()
        .unwrap();
}
