//! Activations that others are made of.

use ceras_kernels::DType;

use crate::error::GraphError;
use crate::graph::{Graph, Value};
use crate::ops::{self, Direction, rules};

/// x².
///
/// # Errors
/// `x` is `bool`.
#[track_caller]
pub fn square(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    ops::multiply(g, x, x)
}

/// max(x, 0); NaN stays NaN, and the gradient at 0 is 0.
///
/// # Errors
/// `x` is `bool`.
#[track_caller]
pub fn relu(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let zeros = ops::zeros_like(g, x)?;
    // Asked this way round, NaN is kept and 0 counts as cut off.
    let cut = ops::compare(g, x, zeros, Direction::Le)?;
    ops::select(g, cut, zeros, x)
}

#[track_caller]
fn check_axis(g: &Graph, x: Value, axis: usize) -> Result<(), GraphError> {
    rules::axis_exists("{0}", axis, g.ty(x).shape.rank()).map_err(|rule| {
        let op = ops::Reduce { reduction: ops::Reduction::Max, axes: vec![axis] };
        g.explain(&op, &[x], &rule, Some(g.location()))
    })
}

/// `x` less its largest along an axis: what the exponential of cannot overflow.
///
/// # Errors
/// There is no such axis.
#[track_caller]
pub fn shifted(g: &mut Graph, x: Value, axis: usize) -> Result<Value, GraphError> {
    check_axis(g, x, axis)?;
    let largest = super::max(g, x, &[axis], true)?;
    // The result does not depend on the shift, so neither does the gradient.
    let largest = ops::stop_gradient(g, largest)?;
    super::subtract(g, x, largest)
}

/// eˣ / Σ eˣ along an axis, without overflow.
///
/// # Errors
/// There is no such axis, or `x` is not floating-point.
#[track_caller]
pub fn softmax(g: &mut Graph, x: Value, axis: usize) -> Result<Value, GraphError> {
    let shifted = shifted(g, x, axis)?;
    let exponential = ops::exponential(g, shifted)?;
    let total = super::sum(g, exponential, &[axis], true)?;
    super::divide(g, exponential, total)
}

/// x − ln Σ eˣ along an axis, without overflow.
///
/// # Errors
/// There is no such axis, or `x` is not floating-point.
#[track_caller]
pub fn log_softmax(g: &mut Graph, x: Value, axis: usize) -> Result<Value, GraphError> {
    let shifted = shifted(g, x, axis)?;
    let exponential = ops::exponential(g, shifted)?;
    let total = super::sum(g, exponential, &[axis], true)?;
    let log = ops::log(g, total)?;
    super::subtract(g, shifted, log)
}

/// ln(1 + eˣ), without overflow.
///
/// Above −ln ε − 2 (ε: the type's distance from 1 to the next number) the result is `x` itself, as the rest is below
/// its last digit.
///
/// # Errors
/// `x` is not floating-point.
#[track_caller]
pub fn softplus(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let epsilon = if g.ty(x).dtype == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
    let threshold = ops::full_like(g, x, -epsilon.ln() - 2.0)?;
    let large = ops::compare(g, x, threshold, Direction::Gt)?;
    // Cut before eˣ can overflow: an infinity there would be a NaN in the gradient, selected or not.
    let safe = ops::minimum(g, x, threshold)?;
    let exponential = ops::exponential(g, safe)?;
    let log = ops::log_plus_one(g, exponential)?;
    ops::select(g, large, x, log)
}
