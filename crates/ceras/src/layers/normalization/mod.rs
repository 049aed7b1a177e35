//! Layers that bring their inputs to a common scale.

pub mod batch_normalization;
pub mod group_normalization;
pub mod layer_normalization;
#[allow(
    clippy::module_inception,
    reason = "the file has the layer's name, the folder the family's, both Keras'"
)]
pub mod normalization;
pub mod rms_normalization;
pub mod unit_normalization;

pub use batch_normalization::BatchNormalization;
pub use group_normalization::GroupNormalization;
pub use layer_normalization::LayerNormalization;
pub use normalization::Normalization;
pub use rms_normalization::RMSNormalization;
pub use unit_normalization::UnitNormalization;

use ceras_graph::{Dim, Graph, GraphError, Shape, Value, compose, ops};

/// Spreads a vector of statistics, one for each index along `axes`, over a shape.
pub(crate) fn spread(
    g: &mut Graph,
    statistics: Value,
    shape: &Shape,
    axes: &[usize],
) -> Result<Value, GraphError> {
    let dims: Vec<Dim> =
        (0..shape.rank()).map(|axis| if axes.contains(&axis) { shape.dim(axis) } else { Some(1) }).collect();
    ops::reshape(g, statistics, Shape::from(dims))
}

/// `(x − mean) / √(variance + epsilon)`, mean and variance over some axes.
pub(crate) fn standardised(
    g: &mut Graph,
    x: Value,
    axes: &[usize],
    epsilon: f64,
) -> Result<Value, GraphError> {
    let mean = compose::mean(g, x, axes, true)?;
    let centred = compose::subtract(g, x, mean)?;
    let squares = compose::square(g, centred)?;
    let variance = compose::mean(g, squares, axes, true)?;
    let variance = compose::add_scalar(g, variance, epsilon)?;
    let factor = ops::rsqrt(g, variance)?;
    compose::multiply(g, centred, factor)
}

/// `x / max(√Σ x², epsilon)`, the sum over some axes: vectors of length 1.
pub(crate) fn unit_length(
    g: &mut Graph,
    x: Value,
    axes: &[usize],
    epsilon: f64,
) -> Result<Value, GraphError> {
    let squares = compose::square(g, x)?;
    let sum = compose::sum(g, squares, axes, true)?;
    // Limited before the root, not after it: so the gradient of a vector of zeros is a number.
    let sum = compose::maximum_scalar(g, sum, epsilon * epsilon)?;
    let factor = ops::rsqrt(g, sum)?;
    compose::multiply(g, x, factor)
}
