//! Random numbers of a key: the same for the same key and place.

use ceras_kernels::DType;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::ops;
use crate::tensor::Tensor;
use crate::types::{Shape, TensorType};

/// Numbers uniform in [0, 1): multiples of 2⁻²⁴ in `float32`, of 2⁻⁵³ in `float64`.
///
/// # Shapes
/// `key`: `uint64 [2]`.
///
/// # Errors
/// The key is not one, or the type is not floating-point.
#[track_caller]
pub fn uniform(g: &mut Graph, key: Value, shape: Shape, dtype: DType) -> Result<Value, GraphError> {
    match dtype {
        DType::F32 => {
            let bits = ops::rng_bit_generator(g, key, shape)?;
            part(g, bits, 0xFFFF_FF00, dtype, 2f64.powi(-32))
        }
        DType::F64 => {
            let pairs = ops::rng_bit_generator(g, key, shape.prepend(Some(2)))?;
            let high = half(g, pairs, 0, &shape)?;
            let low = half(g, pairs, 1, &shape)?;
            // 32 bits and 21 more; their sum is exact.
            let high = part(g, high, u32::MAX, dtype, 2f64.powi(-32))?;
            let low = part(g, low, 0xFFFF_F800, dtype, 2f64.powi(-64))?;
            ops::add(g, high, low)
        }
        _ => {
            let op = ops::RngBitGenerator { shape };
            let rule = Rule::new(format!("random numbers of {dtype} are not uniform in [0, 1)"));
            let location = g.location();
            Err(g.explain(&op, &[key], &rule, Some(location)))
        }
    }
}

/// The bits under a mask as a number, times a power of two.
#[track_caller]
fn part(g: &mut Graph, bits: Value, mask: u32, dtype: DType, scale: f64) -> Result<Value, GraphError> {
    let shape = g.ty(bits).shape.clone();
    let masked = match mask {
        u32::MAX => bits,
        _ => {
            let mask = ops::constant(g, Tensor::scalar(mask))?;
            let mask = ops::spread(g, mask, shape)?;
            ops::and(g, bits, mask)?
        }
    };
    let number = ops::convert(g, masked, dtype)?;
    super::multiply_scalar(g, number, scale)
}

/// One of the two halves along the first axis, without that axis.
#[track_caller]
fn half(g: &mut Graph, pairs: Value, index: usize, shape: &Shape) -> Result<Value, GraphError> {
    let half = ops::slice::along(g, pairs, 0, index, index + 1)?;
    ops::reshape(g, half, shape.clone())
}

/// Truth values that hold with a probability (in steps of 2⁻²⁴).
///
/// # Shapes
/// `key`: `uint64 [2]`.
///
/// # Errors
/// The key is not one.
#[track_caller]
pub fn bernoulli(g: &mut Graph, key: Value, shape: Shape, probability: f64) -> Result<Value, GraphError> {
    let uniform = uniform(g, key, shape, DType::F32)?;
    let limit = ops::full_like(g, uniform, probability)?;
    ops::compare(g, uniform, limit, ops::Direction::Lt)
}

/// Numbers of the normal distribution with mean 0 and variance 1.
///
/// √(−2 ln(1 − u)) · cos 2πv of two uniform numbers u and v (Box & Muller).
///
/// # Shapes
/// `key`: `uint64 [2]`.
///
/// # Errors
/// The key is not one, or the type is not floating-point.
///
/// # References
/// Box & Muller (1958), "A note on the generation of random normal deviates",
/// <https://doi.org/10.1214/aoms/1177706645>.
#[track_caller]
pub fn normal(g: &mut Graph, key: Value, shape: Shape, dtype: DType) -> Result<Value, GraphError> {
    let pairs = uniform(g, key, shape.prepend(Some(2)), dtype)?;
    let (u, v) = (half(g, pairs, 0, &shape)?, half(g, pairs, 1, &shape)?);
    // 1 − u lies in (0, 1] and is exact.
    let rest = super::subtract_from_scalar(g, 1.0, u)?;
    let log = ops::log(g, rest)?;
    let scaled = super::multiply_scalar(g, log, -2.0)?;
    let radius = ops::sqrt(g, scaled)?;
    let angle = super::multiply_scalar(g, v, std::f64::consts::TAU)?;
    let cosine = ops::cosine(g, angle)?;
    ops::multiply(g, radius, cosine)
}

/// The type of a key.
#[must_use]
pub fn key_type() -> TensorType {
    TensorType::new(DType::U64, [2])
}
