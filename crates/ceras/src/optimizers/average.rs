//! Moving averages of the variables.

use ceras_graph::{Graph, GraphError, Tensor, Value, compose, ops};

use super::apply::at_every;
use super::{Common, Slot, Variable};

/// The name of the slots that hold them.
pub(crate) const AVERAGE: &str = "average";

/// The slots of the moving averages: one for each variable, if there are to be any.
pub(super) fn average_slots(common: &Common, variables: &[Variable]) -> Vec<Slot> {
    if common.use_ema { Slot::each(&[AVERAGE], variables) } else { Vec::new() }
}

/// Emits the averages after a step, `momentum · average + (1 − momentum) · value`, which begin as the values after the first
/// one, and overwrites the values with them where it is time for that.
pub(super) fn update(
    g: &mut Graph,
    common: &Common,
    iterations: Value,
    values: &mut [Value],
    averages: Vec<Value>,
) -> Result<Vec<Value>, GraphError> {
    if averages.is_empty() {
        return Ok(averages);
    }
    let zero = ops::constant(g, Tensor::scalar(0i64))?;
    let later = compose::not_equal(g, iterations, zero)?;
    let overwrite = match common.overwritten() {
        Some(every) => Some(at_every(g, iterations, every)?),
        None => None,
    };
    let mut after = Vec::with_capacity(averages.len());
    for (value, average) in values.iter_mut().zip(averages) {
        let later = ops::convert(g, later, g.ty(*value).dtype)?;
        let momentum = compose::multiply_scalar(g, later, common.ema_momentum)?;
        let rest = compose::subtract_from_scalar(g, 1.0, momentum)?;
        let kept = compose::multiply(g, average, momentum)?;
        let added = compose::multiply(g, *value, rest)?;
        let average = ops::add(g, kept, added)?;
        if let Some(overwrite) = overwrite {
            *value = compose::select(g, overwrite, average, *value)?;
        }
        after.push(average);
    }
    Ok(after)
}
