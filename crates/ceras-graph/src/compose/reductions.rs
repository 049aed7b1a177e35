//! Reductions that may keep their axes, and what is made of them.

use crate::error::GraphError;
use crate::graph::{Graph, Value};
use crate::ops::{self, Reduction};
use crate::types::{Dim, Shape};

/// Reduces and, with `keepdims`, puts axes of one element where axes vanished.
#[track_caller]
fn reduce(
    g: &mut Graph,
    x: Value,
    reduction: Reduction,
    axes: &[usize],
    keepdims: bool,
) -> Result<Value, GraphError> {
    let shape = g.ty(x).shape.clone();
    let reduced = ops::reduce(g, x, reduction, axes)?;
    if !keepdims || axes.is_empty() {
        return Ok(reduced);
    }
    let kept: Vec<Dim> = shape
        .dims()
        .iter()
        .enumerate()
        .map(|(axis, dim)| if axes.contains(&axis) { Some(1) } else { *dim })
        .collect();
    ops::reshape(g, reduced, Shape::from(kept))
}

macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident, $reduction:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Shapes
        /// The axes vanish, or stay with one element if `keepdims`.
        ///
        /// # Errors
        /// There is no such axis, one is named twice, or `x` is `bool`.
        #[track_caller]
        pub fn $name(g: &mut Graph, x: Value, axes: &[usize], keepdims: bool) -> Result<Value, GraphError> {
            reduce(g, x, Reduction::$reduction, axes, keepdims)
        }
    )*};
}

reductions! {
    /// The sum over some axes; 0 of nothing.
    sum, Sum;
    /// The largest over some axes; ties share the gradient evenly.
    max, Max;
    /// The smallest over some axes; ties share the gradient evenly.
    min, Min;
    /// The product over some axes; 1 of nothing.
    product, Product;
}

/// The number of elements along some axes. Where it is unknown the graph is a description that is never run, and NaN
/// stands for it.
fn count(shape: &Shape, axes: &[usize]) -> f64 {
    let known: Option<f64> =
        axes.iter().map(|&axis| shape.dims().get(axis).copied().flatten().map(|dim| dim as f64)).product();
    known.unwrap_or(f64::NAN)
}

/// The arithmetic mean over some axes, Σx / n; NaN of nothing.
///
/// # Shapes
/// The axes vanish, or stay with one element if `keepdims`.
///
/// # Errors
/// There is no such axis, one is named twice, or `x` is `bool`.
#[track_caller]
pub fn mean(g: &mut Graph, x: Value, axes: &[usize], keepdims: bool) -> Result<Value, GraphError> {
    let count = count(&g.ty(x).shape, axes);
    let sum = sum(g, x, axes, keepdims)?;
    super::divide_scalar(g, sum, count)
}

/// The population variance over some axes, the mean of (x − mean)².
///
/// # Shapes
/// The axes vanish, or stay with one element if `keepdims`.
///
/// # Errors
/// There is no such axis, one is named twice, or `x` is `bool`.
#[track_caller]
pub fn variance(g: &mut Graph, x: Value, axes: &[usize], keepdims: bool) -> Result<Value, GraphError> {
    let center = mean(g, x, axes, true)?;
    let difference = super::subtract(g, x, center)?;
    let square = super::square(g, difference)?;
    mean(g, square, axes, keepdims)
}

/// ln Σ eˣ over some axes, without overflow; −∞ of nothing.
///
/// # Shapes
/// The axes vanish, or stay with one element if `keepdims`.
///
/// # Errors
/// There is no such axis, one is named twice, or `x` is not floating-point.
#[track_caller]
pub fn log_sum_exp(g: &mut Graph, x: Value, axes: &[usize], keepdims: bool) -> Result<Value, GraphError> {
    let largest = max(g, x, axes, true)?;
    let largest = ops::stop_gradient(g, largest)?;
    // An infinite largest element would make ∞ − ∞ of itself.
    let (finite, zeros) = (ops::is_finite(g, largest)?, ops::zeros_like(g, largest)?);
    let shift = ops::select(g, finite, largest, zeros)?;
    let shifted = super::subtract(g, x, shift)?;
    let exponential = ops::exponential(g, shifted)?;
    let total = sum(g, exponential, axes, true)?;
    let log = ops::log(g, total)?;
    let result = ops::add(g, log, shift)?;
    if keepdims { Ok(result) } else { super::squeeze(g, result, axes) }
}
