//! Gradients kept within bounds.

use ceras_graph::{Graph, GraphError, Value, compose, ops};

use super::Common;
use crate::losses::total;

/// Gradients clipped as the options say.
pub(super) fn clip(g: &mut Graph, common: &Common, gradients: Vec<Value>) -> Result<Vec<Value>, GraphError> {
    let positive = |limit: Option<f64>| limit.filter(|limit| *limit > 0.0);
    if let Some(norm) = positive(common.clipnorm) {
        return gradients.into_iter().map(|gradient| clip_by_norm(g, gradient, norm)).collect();
    }
    if let Some(norm) = positive(common.global_clipnorm) {
        return clip_by_global_norm(g, gradients, norm);
    }
    match positive(common.clipvalue) {
        Some(limit) => {
            gradients.into_iter().map(|gradient| compose::clip(g, gradient, -limit, limit)).collect()
        }
        None => Ok(gradients),
    }
}

fn squared_norm(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let square = compose::square(g, x)?;
    total(g, square)
}

/// `gradient · limit / max(‖gradient‖, limit)`
fn clip_by_norm(g: &mut Graph, gradient: Value, limit: f64) -> Result<Value, GraphError> {
    let square = squared_norm(g, gradient)?;
    let norm = ops::sqrt(g, square)?;
    let divisor = compose::maximum_scalar(g, norm, limit)?;
    let scaled = compose::multiply_scalar(g, gradient, limit)?;
    compose::divide(g, scaled, divisor)
}

/// All gradients times `limit · min(1 / norm, 1 / limit)`, which is NaN when the norm is not finite.
fn clip_by_global_norm(g: &mut Graph, gradients: Vec<Value>, limit: f64) -> Result<Vec<Value>, GraphError> {
    let mut sum: Option<Value> = None;
    for gradient in &gradients {
        let square = squared_norm(g, *gradient)?;
        sum = Some(match sum {
            Some(sum) => compose::add(g, sum, square)?,
            None => square,
        });
    }
    let Some(sum) = sum else { return Ok(gradients) };
    let norm = ops::sqrt(g, sum)?;
    let one = compose::scalar(g, 1.0, g.ty(norm).dtype)?;
    let inverse = ops::divide(g, one, norm)?;
    let inverse = compose::minimum_scalar(g, inverse, 1.0 / limit)?;
    let scale = compose::multiply_scalar(g, inverse, limit)?;
    // 0, or NaN when the norm is infinite or NaN: a scale of 0 would hide that.
    let zero = ops::subtract(g, norm, norm)?;
    let scale = ops::add(g, scale, zero)?;
    gradients.into_iter().map(|gradient| compose::multiply(g, gradient, scale)).collect()
}
