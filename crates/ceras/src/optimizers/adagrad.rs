//! Adagrad.

use ceras_graph::{GraphError, Value, compose, ops};

use super::{Initial, Optimizer, Slot, UpdateCx, Variable, common::within, optimizer};
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
    /// use ceras::optimizers::Adagrad;
    /// use ceras_graph::Tensor;
    /// let optimizer = Adagrad::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.990123).abs() < 1e-5);
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

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        let mut slots = Slot::each(&["accumulator"], variables);
        slots.iter_mut().for_each(|slot| slot.initial = Initial::Number(self.initial_accumulator_value));
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
