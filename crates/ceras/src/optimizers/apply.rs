//! One step of an optimizer over all variables.

use ceras_graph::{DType, Function, Graph, GraphError, Tensor, TensorType, Value, compose, eval, ops};

use super::average::{self, average_slots};
use super::{Common, Initial, Optimizer, Slot, UpdateCx, Variable, clip};
use crate::activations::rules;
use crate::error::{Error, ErrorKind, Result};

/// What a step starts from.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// What the variables are.
    pub variables: Vec<Variable>,
    /// Their values.
    pub values: Vec<Value>,
    /// Their gradients, of the loss as [`Optimizer::scale_loss`] made it.
    pub gradients: Vec<Value>,
    /// The slots, in the order of [`Optimizer::layout`].
    pub slots: Vec<Value>,
    /// The learning rate of this step (`float32`).
    pub learning_rate: Value,
    /// How many steps were done before this one (`int64`).
    pub iterations: Value,
}

/// What a step ends with.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The variables' values.
    pub values: Vec<Value>,
    /// The slots.
    pub slots: Vec<Value>,
    /// How many steps are done now.
    pub iterations: Value,
}

/// The slots of the options that all optimizers have, which come before an optimizer's own: moving averages of the
/// variables, then sums of gradients.
pub(super) fn common_slots(common: &Common, variables: &[Variable]) -> Vec<Slot> {
    let mut slots = average_slots(common, variables);
    if common.accumulated().is_some() {
        slots.extend(Slot::each(&["gradient_accumulator"], variables));
    }
    slots
}

/// Fails unless values, gradients and slots are as many as they must be.
pub(super) fn check_counts(g: &Graph, inputs: &Inputs, layout: usize) -> Result<(), GraphError> {
    let variables = inputs.variables.len();
    let counts = (inputs.values.len(), inputs.gradients.len(), inputs.slots.len());
    if counts == (variables, variables, layout) {
        return Ok(());
    }
    let (values, gradients, slots) = counts;
    let rule = format!(
        "{variables} variables with {values} values, {gradients} gradients and {slots} slots; there must be {layout} slots"
    );
    Err(rules::broken(g, "optimizer", rule, &[]))
}

/// Emits a step as Keras does it: gradients are brought back to the loss's own scale where it was scaled, summed up where
/// they accumulate, then clipped; weights decay; each variable is updated, then averaged.
///
/// # Errors
/// The numbers of values, gradients and slots do not fit, or an op could not be emitted.
pub(super) fn step<O: Optimizer + ?Sized>(
    g: &mut Graph,
    optimizer: &O,
    inputs: Inputs,
    loss_scale: Option<f64>,
) -> Result<Applied, GraphError> {
    let common = optimizer.common();
    check_counts(
        g,
        &inputs,
        common_slots(common, &inputs.variables).len() + optimizer.slots(&inputs.variables).len(),
    )?;
    let Inputs { variables, values, mut gradients, mut slots, learning_rate, iterations } = inputs;
    if let Some(scale) = loss_scale {
        for gradient in &mut gradients {
            *gradient = compose::divide_scalar(g, *gradient, scale)?;
        }
    }
    let count = average_slots(common, &variables).len();
    let rest = slots.split_off(count);
    let averages = slots;
    let count = if common.accumulated().is_some() { variables.len() } else { 0 };
    let (accumulators, own) = rest.split_at(count);
    let steps_done = common.steps_done(g, iterations)?;
    let cx = Step { optimizer, variables: &variables, learning_rate, iterations: steps_done };
    let (mut values, rest) = match common.accumulated() {
        None => cx.update(g, values, gradients, own.to_vec())?,
        Some(every) => cx.accumulate(g, iterations, every, values, gradients, accumulators, own)?,
    };
    let mut slots = average::update(g, common, steps_done, &mut values, averages)?;
    slots.extend(rest);
    let one = ops::constant(g, Tensor::scalar(1i64))?;
    Ok(Applied { values, slots, iterations: ops::add(g, iterations, one)? })
}

/// What does not change between the branches of a step.
struct Step<'a, O: Optimizer + ?Sized> {
    optimizer: &'a O,
    variables: &'a [Variable],
    learning_rate: Value,
    iterations: Value,
}

impl<O: Optimizer + ?Sized> Step<'_, O> {
    /// Emits the updates: new values, and the optimizer's own slots.
    fn update(
        &self,
        g: &mut Graph,
        mut values: Vec<Value>,
        gradients: Vec<Value>,
        own: Vec<Value>,
    ) -> Result<(Vec<Value>, Vec<Value>), GraphError> {
        let common = self.optimizer.common();
        let gradients = clip::clip(g, common, gradients)?;
        let layout = self.optimizer.slots(self.variables);
        let mut cx = UpdateCx::new(g, self.learning_rate, self.iterations, own, &layout);
        for (value, variable) in values.iter_mut().zip(self.variables) {
            if let Some(decay) = self.optimizer.weight_decay(variable).filter(|_| common.decays(variable)) {
                *value = decayed(&mut cx, *value, decay)?;
            }
        }
        self.optimizer.begin(&mut cx)?;
        for (variable, (value, gradient)) in values.iter_mut().zip(gradients).enumerate() {
            let dtype = cx.dtype(*value);
            let gradient =
                if cx.dtype(gradient) == dtype { gradient } else { ops::convert(cx.graph, gradient, dtype)? };
            *value = self.optimizer.update(&mut cx, variable, *value, gradient)?;
        }
        Ok((values, cx.slots))
    }

    /// Sums up the gradients, and updates with their mean at every so many steps: new values, then the sums and the
    /// optimizer's own slots.
    #[expect(clippy::too_many_arguments, reason = "the pieces of one step, used nowhere else")]
    fn accumulate(
        &self,
        g: &mut Graph,
        iterations: Value,
        every: u64,
        values: Vec<Value>,
        gradients: Vec<Value>,
        accumulators: &[Value],
        own: &[Value],
    ) -> Result<(Vec<Value>, Vec<Value>), GraphError> {
        let is_update = at_every(g, iterations, every)?;
        let sums = gradients.into_iter().zip(accumulators);
        let sums = sums.map(|(a, b)| ops::add(g, a, *b)).collect::<Result<Vec<Value>, GraphError>>()?;
        let count = values.len();
        let mut operands = values;
        operands.extend(sums);
        operands.extend_from_slice(own);
        let changing = operands.len();
        operands.extend([self.learning_rate, self.iterations]);
        let update = |g: &mut Graph, x: &[Value]| {
            let inner = Step { learning_rate: x[changing], iterations: x[changing + 1], ..*self };
            let mean = |sum: &Value| compose::divide_scalar(g, *sum, every as f64);
            let means = x[count..2 * count].iter().map(mean).collect::<Result<Vec<Value>, GraphError>>()?;
            let (mut results, own) =
                inner.update(g, x[..count].to_vec(), means, x[2 * count..changing].to_vec())?;
            for sum in &x[count..2 * count] {
                results.push(zeros(g, *sum)?);
            }
            results.extend(own);
            Ok(results)
        };
        let mut values = either(g, is_update, &operands, update, |_, x| Ok(x[..changing].to_vec()))?;
        let rest = values.split_off(count);
        Ok((values, rest))
    }
}

/// Whether the step after `iterations` others is one of every so many.
pub(super) fn at_every(g: &mut Graph, iterations: Value, every: u64) -> Result<Value, GraphError> {
    let (one, zero) = (Tensor::scalar(1i64), Tensor::scalar(0i64));
    let (one, zero) = (ops::constant(g, one)?, ops::constant(g, zero)?);
    let every = ops::constant(g, Tensor::scalar(every as i64))?;
    let step = ops::add(g, iterations, one)?;
    let rest = ops::remainder(g, step, every)?;
    compose::equal(g, rest, zero)
}

/// The results of one emission if the predicate holds, else those of another; only one of them is worked out.
pub(super) fn either(
    g: &mut Graph,
    predicate: Value,
    operands: &[Value],
    then: impl FnOnce(&mut Graph, &[Value]) -> Result<Vec<Value>, GraphError>,
    otherwise: impl FnOnce(&mut Graph, &[Value]) -> Result<Vec<Value>, GraphError>,
) -> Result<Vec<Value>, GraphError> {
    let types: Vec<(&str, TensorType)> = operands.iter().map(|value| ("", g.ty(*value).clone())).collect();
    let then = Function::trace(&types, then)?;
    let otherwise = Function::trace(&types, otherwise)?;
    ops::cond(g, predicate, operands, then.graph().clone(), otherwise.graph().clone())
}

/// Zeros of a value's type.
pub(super) fn zeros(g: &mut Graph, like: Value) -> Result<Value, GraphError> {
    let ty = g.ty(like).clone();
    let zero = compose::scalar(g, 0.0, ty.dtype)?;
    compose::broadcast_to(g, zero, &ty.shape)
}

/// `value − value · decay · learning_rate`
fn decayed(cx: &mut UpdateCx<'_>, value: Value, decay: f64) -> Result<Value, GraphError> {
    let rate = cx.rate(cx.dtype(value))?;
    let part = compose::multiply_scalar(cx.graph, value, decay)?;
    let part = compose::multiply(cx.graph, part, rate)?;
    ops::subtract(cx.graph, value, part)
}

/// The value of a variable after an optimizer's first step along a gradient.
///
/// # Errors
/// The gradient does not fit the variable.
pub fn first_step(optimizer: &dyn Optimizer, value: &Tensor, gradient: &Tensor) -> Result<Tensor> {
    let variables = vec![Variable::new("variable", value.ty())];
    let layout = optimizer.layout(&variables);
    let mut inputs = vec![("value", value.ty()), ("gradient", gradient.ty())];
    inputs.push(("learning_rate", TensorType::scalar(DType::F32)));
    inputs.push(("iterations", TensorType::scalar(DType::I64)));
    inputs.extend(layout.iter().map(|slot| (slot.name.as_str(), slot.ty.clone())));
    let function = Function::trace(&inputs, |g, x| {
        let (values, gradients, slots) = (vec![x[0]], vec![x[1]], x[4..].to_vec());
        let (learning_rate, iterations) = (x[2], x[3]);
        let inputs = Inputs { variables, values, gradients, slots, learning_rate, iterations };
        Ok(optimizer.apply(g, inputs)?.values)
    })?;
    let mut values = vec![value.clone(), gradient.clone()];
    values.extend([Tensor::scalar(optimizer.common().learning_rate.at(0)), Tensor::scalar(0i64)]);
    for slot in &layout {
        values.push(slot.start(value)?);
    }
    let outputs = eval::interpret(function.graph(), &values);
    let outputs = outputs.map_err(|error| Error::new(ErrorKind::Training, error.to_string()))?;
    outputs.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Training, "a step without a result"))
}

impl Slot {
    /// The slot's first value, for a variable with this one.
    ///
    /// # Errors
    /// The slot's shape is not known.
    pub fn start(&self, variable: &Tensor) -> Result<Tensor> {
        let number = match self.initial {
            Initial::Variable => return Ok(variable.clone()),
            Initial::Number(number) => number,
        };
        let dims = self.ty.shape.to_known();
        let dims = dims.ok_or_else(|| Error::new(ErrorKind::Shape, "a slot's shape is not known"))?;
        let elements = dims.iter().product();
        Ok(Tensor::new(&dims, vec![number; elements])?.cast(self.ty.dtype))
    }
}
