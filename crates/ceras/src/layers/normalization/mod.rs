//! Layers that bring their inputs to a common scale.

pub mod batch_normalization;
#[allow(
    clippy::module_inception,
    reason = "the file has the layer's name, the folder the family's, both Keras'"
)]
pub mod normalization;

pub use batch_normalization::BatchNormalization;
pub use normalization::Normalization;

use ceras_graph::{Dim, Graph, GraphError, Shape, Value, ops};

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
