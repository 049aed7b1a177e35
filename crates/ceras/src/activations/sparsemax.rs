//! Sparse probabilities of classes.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use super::rules;
use crate::activations::activation;

activation! {
    /// Sparse probabilities of classes: the point of the simplex that is closest to `x` along the last axis.
    ///
    /// # Shapes
    /// Any; the result has the shape of `x`.
    ///
    /// # Errors
    /// `x` is not of a floating-point type, or its last axis is unknown or not there.
    ///
    /// # Examples
    /// ```
    /// use ceras::activations::ActivationRef;
    /// use ceras_graph::Tensor;
    /// let sparsemax = ActivationRef::by_name("sparsemax")?;
    /// let x = Tensor::from_slice(&[0.0f32, 0.5, 3.0]);
    /// assert_eq!(sparsemax.eval(&x)?.slice::<f32>(), [0.0, 0.0, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Martins & Astudillo (2016), *From softmax to sparsemax*, <https://arxiv.org/abs/1602.02068>
    Sparsemax, "sparsemax", &[], |g, x| sparsemax(g, x, -1)
}

/// The point of the simplex that is closest to `x` along an axis, which counts from the end when negative.
///
/// With `s(v)` the sum and `n(v)` the number of the elements that are not below `v`, an element belongs to the support
/// when `1 + n(x) · x > s(x)`; the threshold is `(s − 1) / n` of the support. This finds the support by comparing all
/// pairs along the axis, which needs no sorting: `n²` comparisons for `n` classes.
///
/// # Errors
/// `x` has no such axis, or it is unknown.
pub fn sparsemax(g: &mut Graph, x: Value, axis: i64) -> Result<Value, GraphError> {
    let axis = rules::axis_of(g, "sparsemax", x, axis)?;
    let dtype = g.ty(x).dtype;
    let others = compose::expand_dims(g, x, axis + 1)?;
    let each = compose::expand_dims(g, x, axis)?;
    let not_below = compose::greater_equal(g, others, each)?;
    let not_below = ops::convert(g, not_below, dtype)?;
    let count = compose::sum(g, not_below, &[axis], false)?;
    let above = compose::multiply(g, not_below, others)?;
    let above = compose::sum(g, above, &[axis], false)?;
    let reach = ops::multiply(g, count, x)?;
    let reach = compose::add_scalar(g, reach, 1.0)?;
    let support = compose::greater(g, reach, above)?;
    let support = ops::convert(g, support, dtype)?;
    // The support does not move with `x`; only the values in it do.
    let size = compose::sum(g, support, &[axis], true)?;
    let kept = ops::multiply(g, support, x)?;
    let total = compose::sum(g, kept, &[axis], true)?;
    let total = compose::subtract_scalar(g, total, 1.0)?;
    let threshold = ops::divide(g, total, size)?;
    let rest = compose::subtract(g, x, threshold)?;
    compose::relu(g, rest)
}
