//! Compositions against their definitions.

use ceras_kernels::DType;
use ceras_testkit::Sampler;
use ceras_testkit::oracle::{TOLERANCE, assert_close};

use super::broadcast::common_shape;
use crate::error::GraphError;
use crate::graph::{Graph, Value};
use crate::tensor::Tensor;
use crate::types::{Dim, Shape, TensorType};
use crate::{autodiff, compose, eval, ops};

/// Runs a function of tensors.
fn run(
    inputs: &[Tensor],
    build: impl FnOnce(&mut Graph, &[Value]) -> Result<Vec<Value>, GraphError>,
) -> Vec<Tensor> {
    let mut g = Graph::new();
    let values: Vec<Value> = inputs.iter().map(|tensor| g.input(tensor.ty(), "")).collect();
    let outputs = build(&mut g, &values).unwrap();
    g.set_outputs(outputs);
    eval::interpret(&g, inputs).unwrap()
}

/// The gradient of the sum of a function's result at some numbers.
fn slope(x: &[f32], build: impl FnOnce(&mut Graph, Value) -> Result<Value, GraphError>) -> Vec<f32> {
    let results = run(&[Tensor::from_slice(x)], |g, v| {
        let y = build(g, v[0])?;
        let total = compose::sum(g, y, &[0], false)?;
        Ok(autodiff::gradients(g, total, v).unwrap())
    });
    results[0].to_f32()
}

fn random_shape(s: &mut Sampler) -> Vec<usize> {
    let rank = s.below(4);
    (0..rank).map(|_| *s.pick(&[0, 1, 1, 2, 3])).collect()
}

/// NumPy's rule, element by element.
fn broadcast_index(index: &[usize], dims: &[usize]) -> usize {
    let offset = index.len() - dims.len();
    dims.iter()
        .enumerate()
        .fold(0, |at, (axis, &dim)| at * dim + if dim == 1 { 0 } else { index[axis + offset] })
}

fn indices(dims: &[usize]) -> Vec<Vec<usize>> {
    dims.iter().fold(vec![vec![]], |all, &dim| {
        all.iter().flat_map(|index| (0..dim).map(move |i| [&index[..], &[i]].concat())).collect()
    })
}

#[test]
fn broadcasting_is_numpys() {
    for round in 0..300 {
        let mut s = Sampler::new(&format!("broadcast {round}"));
        let (a, b) = (random_shape(&mut s), random_shape(&mut s));
        let fits = a.iter().rev().zip(b.iter().rev()).all(|(x, y)| x == y || *x == 1 || *y == 1);
        let shape = common_shape(&Shape::known(&a), &Shape::known(&b));
        assert_eq!(shape.is_some(), fits, "{a:?} {b:?}");
        let Some(shape) = shape else { continue };
        let numbers = |s: &mut Sampler, dims: &[usize]| {
            let count = dims.iter().product();
            Tensor::new(dims, s.uniforms(count, -1.0, 1.0)).unwrap()
        };
        let (x, y) = (numbers(&mut s, &a), numbers(&mut s, &b));
        let results = run(&[x.clone(), y.clone()], |g, v| {
            let difference = compose::subtract(g, v[0], v[1])?;
            let square = compose::square(g, difference)?;
            let axes: Vec<usize> = (0..g.ty(square).shape.rank()).collect();
            let total = compose::sum(g, square, &axes, false)?;
            let gradients = autodiff::gradients(g, total, v).unwrap();
            Ok([&[difference][..], &gradients].concat())
        });
        let dims = shape.to_known().unwrap();
        assert_eq!(results[0].dims(), dims);
        let (xs, ys) = (x.to_f64(), y.to_f64());
        let (mut dx, mut dy) = (vec![0.0; xs.len()], vec![0.0; ys.len()]);
        for (index, &difference) in indices(&dims).iter().zip(&results[0].to_f64()) {
            let (i, j) = (broadcast_index(index, &a), broadcast_index(index, &b));
            assert_eq!(difference, xs[i] - ys[j]);
            dx[i] += 2.0 * difference;
            dy[j] -= 2.0 * difference;
        }
        assert_close("gradient", &results[1].to_f64(), &dx, 1e-12);
        assert_close("gradient", &results[2].to_f64(), &dy, 1e-12);
    }
}

#[test]
fn unknown_dimensions_broadcast_like_known_ones() {
    for round in 0..300 {
        let mut s = Sampler::new(&format!("unknown {round}"));
        let (a, b) = (random_shape(&mut s), random_shape(&mut s));
        let Some(known) = common_shape(&Shape::known(&a), &Shape::known(&b)) else { continue };
        let mut blur = |dims: &[usize]| {
            let dims: Vec<Dim> =
                dims.iter().map(|dim| if s.chance(0.4) { None } else { Some(*dim) }).collect();
            TensorType::new(DType::F32, Shape::from(dims))
        };
        let mut g = Graph::new();
        let (x, y) = (blur(&a), blur(&b));
        let (x, y) = (g.input(x, "x"), g.input(y, "y"));
        let sum = compose::add(&mut g, x, y).unwrap();
        let inferred = &g.ty(sum).shape;
        assert_eq!(inferred.rank(), known.rank());
        for (inferred, known) in inferred.dims().iter().zip(known.dims()) {
            assert!(inferred.is_none() || inferred == known, "{:?} {:?}", g.ty(x), g.ty(y));
        }
    }
}

#[test]
fn relu_keeps_nan_and_has_no_slope_at_zero() {
    let x = [-1.0f32, -0.0, 0.0, 2.0, f32::NAN, f32::INFINITY];
    let y = run(&[Tensor::from_slice(&x)], |g, v| Ok(vec![compose::relu(g, v[0])?]))[0].to_f32();
    assert_eq!(y[..4], [0.0, 0.0, 0.0, 2.0]);
    assert!(y[4].is_nan() && y[5] == f32::INFINITY);
    assert_eq!(slope(&x, compose::relu)[..4], [0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn softplus_has_no_overflow_and_no_nan_slope() {
    let x = [-200.0f32, -20.0, 0.0, 5.0, 13.0, 14.0, 90.0, 1e30, f32::INFINITY];
    let y = run(&[Tensor::from_slice(&x)], |g, v| Ok(vec![compose::softplus(g, v[0])?]))[0].to_f64();
    for (x, y) in x.iter().zip(&y).take(7) {
        let exact = (-f64::from(*x).abs()).exp().ln_1p() + f64::from(x.max(0.0));
        assert!((y - exact).abs() <= 1e-6 * exact.max(1e-9), "softplus({x}) is {y}, not {exact}");
    }
    let slopes = slope(&x, compose::softplus);
    assert!((slopes[2] - 0.5).abs() < 1e-7, "{slopes:?}");
    assert_eq!(slopes[5..], [1.0; 4]);
}

#[test]
fn softmax_sums_to_one_and_is_safe() {
    let x = Tensor::new(&[2, 3], [1000.0f32, 1001.0, 1002.0, -5.0, 0.0, f32::NEG_INFINITY]).unwrap();
    let results =
        run(&[x], |g, v| Ok(vec![compose::softmax(g, v[0], 1)?, compose::log_softmax(g, v[0], 1)?]));
    let total = 1.0 + 1f64.exp() + 2f64.exp();
    let first = [1.0 / total, 1f64.exp() / total, 2f64.exp() / total];
    let second = [(-5f64).exp() / (1.0 + (-5f64).exp()), 1.0 / (1.0 + (-5f64).exp()), 0.0];
    let expected = [first, second].concat();
    assert_close("softmax", &results[0].to_f64(), &expected, TOLERANCE);
    let logs: Vec<f64> = expected.iter().map(|p| p.ln()).collect();
    assert_close("log_softmax", &results[1].to_f64(), &logs, TOLERANCE);
}

#[test]
fn log_sum_exp_of_nothing_and_of_infinities() {
    let x = Tensor::new(&[3, 2], [f32::NEG_INFINITY; 6]).unwrap();
    let sums = run(&[x], |g, v| Ok(vec![compose::log_sum_exp(g, v[0], &[1], false)?]));
    assert_eq!(sums[0].slice::<f32>(), [f32::NEG_INFINITY; 3]);
    let x = Tensor::new(&[2, 2], [f32::INFINITY, 0.0, 800.0, 800.0]).unwrap();
    let sums = run(&[x], |g, v| Ok(vec![compose::log_sum_exp(g, v[0], &[1], true)?]));
    assert_eq!(sums[0].dims(), [2, 1]);
    assert_eq!(sums[0].slice::<f32>(), [f32::INFINITY, 800.0 + std::f32::consts::LN_2]);
}

#[test]
fn moments() {
    let x = Tensor::new(&[2, 3], [1.0f32, 2.0, 3.0, 10.0, 10.0, 10.0]).unwrap();
    let results = run(&[x], |g, v| {
        Ok(vec![compose::mean(g, v[0], &[1], false)?, compose::variance(g, v[0], &[1], true)?])
    });
    assert_eq!(results[0].slice::<f32>(), [2.0, 10.0]);
    assert_eq!(results[1].dims(), [2, 1]);
    assert_close("variance", &results[1].to_f64(), &[2.0 / 3.0, 0.0], TOLERANCE);
}

#[test]
fn one_hot_and_axes() {
    let indices = Tensor::new(&[2, 2], [0i32, 2, 5, -1]).unwrap();
    let results = run(&[indices], |g, v| {
        let hot = compose::one_hot(g, v[0], 3, DType::F32)?;
        let wide = compose::expand_dims(g, v[0], 2)?;
        Ok(vec![hot, compose::squeeze(g, wide, &[2])?])
    });
    assert_eq!(results[0].dims(), [2, 2, 3]);
    assert_eq!(results[0].slice::<f32>(), [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(results[1].dims(), [2, 2]);
}

#[test]
fn matmul_is_numpys() {
    let shapes: [(&[usize], &[usize], &[usize]); 8] = [
        (&[2, 3], &[3, 4], &[2, 4]),
        (&[3], &[3], &[]),
        (&[3], &[3, 4], &[4]),
        (&[2, 3], &[3], &[2]),
        (&[5, 2, 3], &[3, 4], &[5, 2, 4]),
        (&[5, 2, 3], &[5, 3, 4], &[5, 2, 4]),
        (&[5, 1, 2, 3], &[6, 3, 4], &[5, 6, 2, 4]),
        (&[3], &[5, 3, 4], &[5, 4]),
    ];
    for (a, b, expected) in shapes {
        let ones = |dims: &[usize]| Tensor::new(dims, vec![1.0f32; dims.iter().product()]).unwrap();
        let product = run(&[ones(a), ones(b)], |g, v| Ok(vec![compose::matmul(g, v[0], v[1])?]));
        assert_eq!(product[0].dims(), expected, "{a:?} · {b:?}");
        assert!(product[0].slice::<f32>().iter().all(|&x| x == 3.0));
    }
}

#[test]
fn random_numbers_are_what_they_say() {
    let key = Tensor::from_slice(&[3u64, 9]);
    let shape = || Shape::known(&[200, 100]);
    let results = run(&[key], |g, v| {
        Ok(vec![
            compose::uniform(g, v[0], shape(), DType::F32)?,
            compose::uniform(g, v[0], shape(), DType::F64)?,
            compose::normal(g, v[0], shape(), DType::F32)?,
            compose::bernoulli(g, v[0], shape(), 0.25)?,
        ])
    });
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    for uniform in &results[..2] {
        let x = uniform.to_f64();
        assert!(x.iter().all(|x| (0.0..1.0).contains(x)));
        assert!((mean(&x) - 0.5).abs() < 0.01);
    }
    assert!(results[0].to_f64().iter().all(|x| (x * f64::from(1 << 24)).fract() == 0.0));
    let normal = results[2].to_f64();
    let square: Vec<f64> = normal.iter().map(|x| x * x).collect();
    assert!(mean(&normal).abs() < 0.02 && (mean(&square) - 1.0).abs() < 0.03);
    assert!((mean(&results[3].to_f64()) - 0.25).abs() < 0.01);
}

#[test]
fn clip_passes_the_gradient_within_its_limits() {
    assert_eq!(
        slope(&[-2.0, -1.0, 0.5, 1.0, 3.0], |g, x| compose::clip(g, x, -1.0, 1.0)),
        [0.0, 1.0, 1.0, 1.0, 0.0]
    );
    let kept = run(&[Tensor::from_slice(&[5i32, -5])], |g, v| Ok(vec![compose::clip(g, v[0], 0.0, 3.0)?]));
    assert_eq!(kept[0].slice::<i32>(), [3, 0]);
    let narrow = run(&[Tensor::from_slice(&[1.5f64])], |g, v| Ok(vec![ops::convert(g, v[0], DType::F32)?]));
    assert_eq!(narrow[0].slice::<f32>(), [1.5]);
}
