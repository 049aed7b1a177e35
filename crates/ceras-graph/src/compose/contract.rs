//! Matrix products by NumPy's and Keras' rules.

use super::broadcast::{broadcast_to, common_shape};
use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::ops::{self, DotDimensions};
use crate::types::{Dim, Shape};

/// The last axis of `x` with the first of `kernel`.
///
/// # Shapes
/// `x [..., k]`, `kernel [k, ...]`; the result is `x.shape[..-1] ++ kernel.shape[1..]`.
///
/// # Errors
/// The types differ, or these axes do.
///
/// # Examples
/// ```
/// use ceras_graph::{DType, Graph, Shape, TensorType, compose};
/// let mut g = Graph::new();
/// let x = g.input(TensorType::new(DType::F32, [8, 15]), "inputs");
/// let kernel = g.input(TensorType::new(DType::F32, [16, 32]), "kernel");
/// let error = compose::dense(&mut g, x, kernel).unwrap_err();
/// assert_eq!(error.rule, "the last axis of `inputs` must be 16, the first axis of `kernel`; it is 15");
/// ```
#[track_caller]
pub fn dense(g: &mut Graph, x: Value, kernel: Value) -> Result<Value, GraphError> {
    let last = last_axis(g, x, kernel)?;
    let dimensions =
        DotDimensions { lhs_contracting: vec![last], rhs_contracting: vec![0], ..DotDimensions::default() };
    ops::dot_general(g, x, kernel, &dimensions)
}

#[track_caller]
fn last_axis(g: &Graph, a: Value, b: Value) -> Result<usize, GraphError> {
    g.ty(a).shape.rank().checked_sub(1).ok_or_else(|| {
        let op = ops::DotGeneral { dimensions: DotDimensions::default(), epilogue: None };
        g.explain(&op, &[a, b], &Rule::new("{0} must have an axis; it is a scalar"), Some(g.location()))
    })
}

/// The matrix product by NumPy's rules: of the last two axes, all others broadcast; a vector is a row on the left and
/// a column on the right.
///
/// # Shapes
/// `[..., m, k] · [..., k, n] → [..., m, n]`; `[k] · [k] → []`
///
/// # Errors
/// An operand is a scalar, the types differ, or the shapes do not fit.
#[track_caller]
pub fn matmul(g: &mut Graph, a: Value, b: Value) -> Result<Value, GraphError> {
    let left = last_axis(g, a, b)?;
    let right = last_axis(g, b, a)?.saturating_sub(1);
    let (a_shape, b_shape) = (g.ty(a).shape.clone(), g.ty(b).shape.clone());
    let batch = |shape: &Shape| Shape::from(shape.dims()[..shape.rank().saturating_sub(2)].to_vec());
    let (a_batch, b_batch) = (batch(&a_shape), batch(&b_shape));
    let one_matrix = b_batch.rank() == 0;
    let dimensions = |batch: usize, left: usize, right: usize| DotDimensions {
        lhs_batching: (0..batch).collect(),
        rhs_batching: (0..batch).collect(),
        lhs_contracting: vec![left],
        rhs_contracting: vec![right],
    };
    if one_matrix {
        // One matrix for all: the axes in front are rows like any other.
        return ops::dot_general(g, a, b, &dimensions(0, left, right));
    }
    let Some(common) = common_shape(&a_batch, &b_batch) else {
        let op = ops::DotGeneral { dimensions: dimensions(0, left, right), epilogue: None };
        let rule = format!(
            "the leading axes of {{0}} and {{1}} do not broadcast; the shapes are {a_shape} and {b_shape}"
        );
        let location = g.location();
        return Err(g.explain(&op, &[a, b], &Rule::new(rule), Some(location)));
    };
    let full = |shape: &Shape| -> Shape {
        let own = &shape.dims()[shape.rank().saturating_sub(2)..];
        Shape::from(common.dims().iter().chain(own).copied().collect::<Vec<Dim>>())
    };
    let (a, b) = (broadcast_to(g, a, &full(&a_shape))?, broadcast_to(g, b, &full(&b_shape))?);
    let rank = common.rank();
    let (left, right) = (g.ty(a).shape.rank() - 1, g.ty(b).shape.rank().saturating_sub(2).max(rank));
    ops::dot_general(g, a, b, &dimensions(rank, left, right))
}
