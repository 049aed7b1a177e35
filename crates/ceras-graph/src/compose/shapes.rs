//! Axes of one element come and go; classes become vectors.

use ceras_kernels::DType;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::ops::{self, Direction, rules};
use crate::types::{Dim, Shape, TensorType};

/// One more axis of one element, in front of axis `axis` (the rank of `x` puts it last).
///
/// # Errors
/// The axis is beyond the rank.
#[track_caller]
pub fn expand_dims(g: &mut Graph, x: Value, axis: usize) -> Result<Value, GraphError> {
    let mut dims: Vec<Dim> = g.ty(x).shape.dims().to_vec();
    if axis > dims.len() {
        let rule = Rule::new(format!("{{0}} has rank {}, so there is no place for axis {axis}", dims.len()));
        let location = g.location();
        return Err(g.explain(&ops::Reshape { shape: Shape::from(dims) }, &[x], &rule, Some(location)));
    }
    dims.insert(axis, Some(1));
    ops::reshape(g, x, Shape::from(dims))
}

/// Without some axes, which have one element.
///
/// # Errors
/// There is no such axis, or it has more elements.
#[track_caller]
pub fn squeeze(g: &mut Graph, x: Value, axes: &[usize]) -> Result<Value, GraphError> {
    let shape = g.ty(x).shape.clone();
    let broken = rules::distinct_axes("{0}", axes, shape.rank()).err().or_else(|| {
        let long = axes.iter().find(|&&axis| !matches!(shape.dim(axis), Some(1) | None))?;
        let words = rules::axis_words(*long, shape.rank());
        Some(Rule::new(format!("{words} of {{0}} must have one element to vanish; the shape is {shape}")))
    });
    if let Some(rule) = broken {
        let location = g.location();
        return Err(g.explain(&ops::Reshape { shape }, &[x], &rule, Some(location)));
    }
    let kept = shape.dims().iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
    let dims: Vec<Dim> = kept.map(|(_, dim)| *dim).collect();
    ops::reshape(g, x, Shape::from(dims))
}

/// Vectors with 1 at the place that an index names and 0 elsewhere; all 0 for an index beyond the classes.
///
/// # Shapes
/// `indices.shape ++ [classes]`
///
/// # Errors
/// The indices are not numbers.
#[track_caller]
pub fn one_hot(g: &mut Graph, indices: Value, classes: usize, dtype: DType) -> Result<Value, GraphError> {
    let TensorType { dtype: index, shape } = g.ty(indices).clone();
    let mut dims: Vec<Dim> = shape.dims().to_vec();
    dims.push(Some(classes));
    let wide = Shape::from(dims);
    let leading: Vec<usize> = (0..shape.rank()).collect();
    let indices = ops::broadcast_in_dim(g, indices, wide.clone(), &leading)?;
    let numbers = ops::iota(g, TensorType::new(index, [classes]), 0)?;
    let numbers = ops::broadcast_in_dim(g, numbers, wide, &[shape.rank()])?;
    let hot = ops::compare(g, indices, numbers, Direction::Eq)?;
    ops::convert(g, hot, dtype)
}
