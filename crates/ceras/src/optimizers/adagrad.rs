//! Adagrad.

use ceras_graph::{GraphError, TensorType, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, common::within, optimizer};
use crate::error::Result;

optimizer! {
    /// Adagrad: steps that shorten with the sum of all squared gradients so far.
    ///
    /// `a ← a + g²`, `w ← w − lr g / √(a + epsilon)`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a negative initial accumulator.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::{Inputs, Optimizer, Adagrad, apply};
    /// use ceras_graph::{DType, Function, Tensor, TensorType, eval};
    /// let optimizer = Adagrad::new().learning_rate(0.01);
    /// let scalar = TensorType::scalar(DType::F32);
    /// let mut inputs = vec![("w", scalar.clone()), ("g", scalar.clone()), ("lr", scalar.clone())];
    /// inputs.push(("iterations", TensorType::scalar(DType::I64)));
    /// let slots = optimizer.slots(&[scalar]);
    /// inputs.extend(slots.iter().map(|slot| ("slot", slot.ty.clone())));
    /// let step = Function::trace(&inputs, |g, x| {
    ///     let inputs = Inputs {
    ///         values: vec![x[0]],
    ///         gradients: vec![x[1]],
    ///         learning_rate: x[2],
    ///         iterations: x[3],
    ///         slots: x[4..].to_vec(),
    ///     };
    ///     Ok(apply(g, &optimizer, inputs)?.values)
    /// })?;
    /// let mut values = vec![Tensor::scalar(1.0f32), Tensor::scalar(2.0f32), Tensor::scalar(0.01f32), Tensor::scalar(0i64)];
    /// values.extend(slots.iter().map(|slot| Tensor::scalar(slot.initial).cast(slot.ty.dtype)));
    /// let after = eval::interpret(step.graph(), &values).unwrap()[0].item()?;
    /// assert!((after - 0.990123).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Duchi, Hazan & Singer (2011), *Adaptive subgradient methods*, <https://www.jmlr.org/papers/v12/duchi11a.html>
    Adagrad, "Adagrad", "adagrad", "adagrad", 0.001, None, {
        initial_accumulator_value: f64 = 0.1, "The same with sums that start from another number.";
        epsilon: f64 = 1e-7, "The same with another number that keeps the denominator from 0.";
    }
}

impl Optimizer for Adagrad {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[TensorType]) -> Vec<Slot> {
        let mut slots = Slot::each(&["accumulator"], variables);
        slots.iter_mut().for_each(|slot| slot.initial = self.initial_accumulator_value);
        slots
    }

    fn check(&self) -> Result<()> {
        within("initial_accumulator_value", self.initial_accumulator_value, 0.0, f64::INFINITY)
    }

    fn update(
        &self,
        cx: &mut UpdateCx<'_>,
        variable: usize,
        value: Value,
        gradient: Value,
    ) -> Result<Value, GraphError> {
        let rate = cx.rate(cx.dtype(value))?;
        let square = compose::square(cx.graph, gradient)?;
        let before = cx.slot("accumulator", variable)?;
        let sum = ops::add(cx.graph, before, square)?;
        cx.set_slot("accumulator", variable, sum)?;
        let pull = compose::multiply(cx.graph, gradient, rate)?;
        let sum = compose::add_scalar(cx.graph, sum, self.epsilon)?;
        let root = ops::sqrt(cx.graph, sum)?;
        let change = ops::divide(cx.graph, pull, root)?;
        ops::subtract(cx.graph, value, change)
    }
}
