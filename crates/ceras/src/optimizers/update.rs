//! What an optimizer works with while it emits an update.

use std::collections::HashMap;

use ceras_graph::{DType, Graph, GraphError, Tensor, Value, compose, ops};

use super::Slot;
use crate::activations::rules;

/// What an optimizer works with while it emits an update.
#[derive(Debug)]
pub struct UpdateCx<'a> {
    /// The graph.
    pub graph: &'a mut Graph,
    /// The learning rate of this step (`float32`).
    pub learning_rate: Value,
    /// How many steps were done before this one (`int64`).
    pub iterations: Value,
    /// The current values of the slots, in the order of [`Optimizer::slots`](super::Optimizer::slots).
    pub slots: Vec<Value>,
    /// What the slots are.
    layout: &'a [Slot],
    /// Scalars that variables share.
    memo: HashMap<(&'static str, DType), Value>,
}

impl<'a> UpdateCx<'a> {
    /// A context for one step.
    pub fn new(
        graph: &'a mut Graph,
        learning_rate: Value,
        iterations: Value,
        slots: Vec<Value>,
        layout: &'a [Slot],
    ) -> UpdateCx<'a> {
        UpdateCx { graph, learning_rate, iterations, slots, layout, memo: HashMap::new() }
    }

    fn index(&self, name: &str, variable: Option<usize>) -> Result<usize, GraphError> {
        let found = self.layout.iter().position(|slot| slot.name == name && slot.variable == variable);
        found.ok_or_else(|| {
            rules::broken(
                self.graph,
                "optimizer",
                format!("there is no slot `{name}` of variable {variable:?}"),
                &[],
            )
        })
    }

    /// The current value of a variable's slot.
    ///
    /// # Errors
    /// The optimizer declared no such slot.
    pub fn slot(&self, name: &str, variable: usize) -> Result<Value, GraphError> {
        Ok(self.slots[self.index(name, Some(variable))?])
    }

    /// Gives a variable's slot another value.
    ///
    /// # Errors
    /// The optimizer declared no such slot.
    pub fn set_slot(&mut self, name: &str, variable: usize, value: Value) -> Result<(), GraphError> {
        let index = self.index(name, Some(variable))?;
        self.slots[index] = value;
        Ok(())
    }

    /// The current value of a slot that all variables share.
    ///
    /// # Errors
    /// The optimizer declared no such slot.
    pub fn shared_slot(&self, name: &str) -> Result<Value, GraphError> {
        Ok(self.slots[self.index(name, None)?])
    }

    /// Gives a slot that all variables share another value.
    ///
    /// # Errors
    /// The optimizer declared no such slot.
    pub fn set_shared_slot(&mut self, name: &str, value: Value) -> Result<(), GraphError> {
        let index = self.index(name, None)?;
        self.slots[index] = value;
        Ok(())
    }

    /// The type of a value's elements.
    pub fn dtype(&self, value: Value) -> DType {
        self.graph.ty(value).dtype
    }

    /// A scalar that variables of one type share: emitted at the first call, found again at the next.
    ///
    /// # Errors
    /// Those of `emit`.
    pub fn memo(
        &mut self,
        name: &'static str,
        dtype: DType,
        emit: impl FnOnce(&mut UpdateCx<'a>) -> Result<Value, GraphError>,
    ) -> Result<Value, GraphError> {
        if let Some(value) = self.memo.get(&(name, dtype)) {
            return Ok(*value);
        }
        let value = emit(self)?;
        self.memo.insert((name, dtype), value);
        Ok(value)
    }

    /// The learning rate in a type.
    ///
    /// # Errors
    /// An op that could not be emitted.
    pub fn rate(&mut self, dtype: DType) -> Result<Value, GraphError> {
        self.memo("learning_rate", dtype, |cx| match cx.dtype(cx.learning_rate) == dtype {
            true => Ok(cx.learning_rate),
            false => ops::convert(cx.graph, cx.learning_rate, dtype),
        })
    }

    /// The number of this step, from 1, in a type.
    ///
    /// # Errors
    /// An op that could not be emitted.
    pub fn step(&mut self, dtype: DType) -> Result<Value, GraphError> {
        self.memo("step", dtype, |cx| {
            let one = ops::constant(cx.graph, Tensor::scalar(1i64))?;
            let step = ops::add(cx.graph, cx.iterations, one)?;
            ops::convert(cx.graph, step, dtype)
        })
    }

    /// `base` to the power of the number of this step, from 1, in a type.
    ///
    /// # Errors
    /// An op that could not be emitted.
    pub fn power_of_step(
        &mut self,
        name: &'static str,
        base: f64,
        dtype: DType,
    ) -> Result<Value, GraphError> {
        self.memo(name, dtype, |cx| {
            let step = cx.step(dtype)?;
            let base = compose::scalar(cx.graph, base, dtype)?;
            ops::power(cx.graph, base, step)
        })
    }

    /// `lr √(1 − beta_2^t) / (1 − beta_1^t)`: Adam's step with its moments' bias taken out.
    ///
    /// # Errors
    /// An op that could not be emitted.
    pub fn adam_rate(&mut self, rate: Value, beta_1: f64, beta_2: f64) -> Result<Value, GraphError> {
        let dtype = self.dtype(rate);
        self.memo("adam_rate", dtype, |cx| {
            let power_1 = cx.power_of_step("beta_1", beta_1, dtype)?;
            let power_2 = cx.power_of_step("beta_2", beta_2, dtype)?;
            let rest_2 = compose::subtract_from_scalar(cx.graph, 1.0, power_2)?;
            let root = ops::sqrt(cx.graph, rest_2)?;
            let scaled = ops::multiply(cx.graph, rate, root)?;
            let rest_1 = compose::subtract_from_scalar(cx.graph, 1.0, power_1)?;
            ops::divide(cx.graph, scaled, rest_1)
        })
    }

    /// Moves a variable's slot towards a value by a part: `slot + (value − slot) · part`.
    ///
    /// # Errors
    /// The optimizer declared no such slot.
    pub fn approach(
        &mut self,
        name: &str,
        variable: usize,
        value: Value,
        part: f64,
    ) -> Result<Value, GraphError> {
        let slot = self.slot(name, variable)?;
        let difference = ops::subtract(self.graph, value, slot)?;
        let change = compose::multiply_scalar(self.graph, difference, part)?;
        let moved = ops::add(self.graph, slot, change)?;
        self.set_slot(name, variable, moved)?;
        Ok(moved)
    }

    /// A variable's slot mixed with a value: `rho · slot + (1 − rho) · value`.
    ///
    /// # Errors
    /// The optimizer declared no such slot.
    pub fn mix(&mut self, name: &str, variable: usize, value: Value, rho: f64) -> Result<Value, GraphError> {
        self.weigh(name, variable, value, rho, 1.0 - rho)
    }

    /// A variable's slot and a value added in these parts.
    ///
    /// # Errors
    /// The optimizer declared no such slot.
    pub fn weigh(
        &mut self,
        name: &str,
        variable: usize,
        value: Value,
        kept: f64,
        added: f64,
    ) -> Result<Value, GraphError> {
        let slot = self.slot(name, variable)?;
        let kept = compose::multiply_scalar(self.graph, slot, kept)?;
        let added = compose::multiply_scalar(self.graph, value, added)?;
        let mixed = ops::add(self.graph, kept, added)?;
        self.set_slot(name, variable, mixed)?;
        Ok(mixed)
    }
}

/// `1 − beta` as Keras works it out where it keeps `beta` in the variables' type.
pub(super) fn rest_in(dtype: DType, beta: f64) -> f64 {
    if dtype == DType::F32 { f64::from(1.0 - beta as f32) } else { 1.0 - beta }
}
