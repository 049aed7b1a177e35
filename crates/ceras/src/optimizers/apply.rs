//! One step of an optimizer over all variables.

use ceras_graph::{Graph, GraphError, TensorType, Value, compose, ops};

use super::{Common, Optimizer, UpdateCx};
use crate::activations::rules;
use crate::losses::total;

/// What a step starts from.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The variables.
    pub values: Vec<Value>,
    /// Their gradients.
    pub gradients: Vec<Value>,
    /// The slots, in the optimizer's order.
    pub slots: Vec<Value>,
    /// The learning rate of this step (`float32`).
    pub learning_rate: Value,
    /// How many steps were done before this one (`int64`).
    pub iterations: Value,
}

/// What a step ends with.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The variables.
    pub values: Vec<Value>,
    /// The slots.
    pub slots: Vec<Value>,
}

/// Emits a step: gradients are clipped, weights decay, then each variable is updated.
///
/// # Errors
/// The numbers of values, gradients and slots do not fit, or an op could not be emitted.
pub fn apply(g: &mut Graph, optimizer: &dyn Optimizer, inputs: Inputs) -> Result<Applied, GraphError> {
    let types: Vec<TensorType> = inputs.values.iter().map(|value| g.ty(*value).clone()).collect();
    let layout = optimizer.slots(&types);
    if layout.len() != inputs.slots.len() || inputs.values.len() != inputs.gradients.len() {
        let rule = format!(
            "{} variables with {} gradients and {} slots; there must be {} slots",
            inputs.values.len(),
            inputs.gradients.len(),
            inputs.slots.len(),
            layout.len()
        );
        return Err(rules::broken(g, "optimizer", rule, &[]));
    }
    let gradients = clip(g, optimizer.common(), inputs.gradients)?;
    let mut cx = UpdateCx::new(g, inputs.learning_rate, inputs.iterations, inputs.slots, &layout);
    let mut values = inputs.values;
    for (value, ty) in values.iter_mut().zip(&types) {
        if let Some(decay) = optimizer.weight_decay(ty) {
            *value = decayed(&mut cx, *value, decay)?;
        }
    }
    optimizer.begin(&mut cx)?;
    for (variable, (value, gradient)) in values.iter_mut().zip(gradients).enumerate() {
        let dtype = cx.dtype(*value);
        let gradient =
            if cx.dtype(gradient) == dtype { gradient } else { ops::convert(cx.graph, gradient, dtype)? };
        *value = optimizer.update(&mut cx, variable, *value, gradient)?;
    }
    Ok(Applied { values, slots: cx.slots })
}

/// `value − value · decay · learning_rate`
fn decayed(cx: &mut UpdateCx<'_>, value: Value, decay: f64) -> Result<Value, GraphError> {
    let rate = cx.rate(cx.dtype(value))?;
    let part = compose::multiply_scalar(cx.graph, value, decay)?;
    let part = compose::multiply(cx.graph, part, rate)?;
    ops::subtract(cx.graph, value, part)
}

fn clip(g: &mut Graph, common: &Common, gradients: Vec<Value>) -> Result<Vec<Value>, GraphError> {
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
