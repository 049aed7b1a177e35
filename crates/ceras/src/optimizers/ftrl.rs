//! Follow the regularised leader.

use ceras_graph::{GraphError, Value, compose, ops};

use super::{Initial, Optimizer, Slot, UpdateCx, Variable, common::within, optimizer};
use crate::error::Result;

optimizer! {
    /// Follow the regularised leader, for models with many rare features.
    ///
    /// With `a' = a + g²`, `p = −learning_rate_power` and `s = g + 2 · l2_shrinkage · w`:
    /// `z ← z + s − (a'ᵖ − aᵖ) / lr · w`, `q = a'ᵖ / lr + 2 (l2 + beta / (2 lr))`, `w ← (clip(z, −l1, l1) − z) / q`, `a ← a'`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a negative strength or initial accumulator, or a positive `learning_rate_power`.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Ftrl;
    /// use ceras_graph::Tensor;
    /// let optimizer = Ftrl::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.833949).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// McMahan et al. (2013), *Ad click prediction: a view from the trenches*, <https://research.google/pubs/pub41159/>
    Ftrl, "Ftrl", "ftrl", "ftrl", 0.001, None, {
        learning_rate_power: f64 = -0.5, "The same with another power of the sum of squares, 0 or less.";
        initial_accumulator_value: f64 = 0.1, "The same with sums that start from another number.";
        l1_regularization_strength: f64 = 0.0, "The same with an L1 penalty.";
        l2_regularization_strength: f64 = 0.0, "The same with an L2 penalty.";
        l2_shrinkage_regularization_strength: f64 = 0.0, "The same with an L2 penalty of the size alone.";
        beta: f64 = 0.0, "The same with the paper's β.";
    }
}

impl Optimizer for Ftrl {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        let mut slots = Slot::each(&["accumulator", "linear"], variables);
        for slot in slots.iter_mut().filter(|slot| slot.name == "accumulator") {
            slot.initial = Initial::Number(self.initial_accumulator_value);
        }
        slots
    }

    fn check(&self) -> Result<()> {
        within("learning_rate_power", self.learning_rate_power, f64::NEG_INFINITY, 0.0)?;
        within("initial_accumulator_value", self.initial_accumulator_value, 0.0, f64::INFINITY)?;
        within("l1_regularization_strength", self.l1_regularization_strength, 0.0, f64::INFINITY)?;
        within("l2_regularization_strength", self.l2_regularization_strength, 0.0, f64::INFINITY)?;
        within(
            "l2_shrinkage_regularization_strength",
            self.l2_shrinkage_regularization_strength,
            0.0,
            f64::INFINITY,
        )
    }

    fn update(
        &self,
        cx: &mut UpdateCx<'_>,
        variable: usize,
        value: Value,
        gradient: Value,
    ) -> Result<Value, GraphError> {
        let dtype = cx.dtype(value);
        let rate = cx.rate(dtype)?;
        let ridge = cx.memo("ridge", dtype, |cx| {
            let twice = compose::multiply_scalar(cx.graph, rate, 2.0)?;
            let beta = compose::scalar(cx.graph, self.beta, dtype)?;
            let share = ops::divide(cx.graph, beta, twice)?;
            let l2 = compose::add_scalar(cx.graph, share, self.l2_regularization_strength)?;
            compose::multiply_scalar(cx.graph, l2, 2.0)
        })?;
        let (before, linear) = (cx.slot("accumulator", variable)?, cx.slot("linear", variable)?);
        let g = &mut *cx.graph;
        let shrinkage = compose::multiply_scalar(g, value, 2.0 * self.l2_shrinkage_regularization_strength)?;
        let shrunk = ops::add(g, gradient, shrinkage)?;
        let square = compose::square(g, gradient)?;
        let sum = ops::add(g, before, square)?;
        let power = compose::power_scalar(g, sum, -self.learning_rate_power)?;
        let power_before = compose::power_scalar(g, before, -self.learning_rate_power)?;
        let growth = ops::subtract(g, power, power_before)?;
        let growth = compose::divide(g, growth, rate)?;
        let growth = ops::multiply(g, growth, value)?;
        let change = ops::subtract(g, shrunk, growth)?;
        let linear = ops::add(g, linear, change)?;
        let quadratic = compose::divide(g, power, rate)?;
        let quadratic = compose::add(g, quadratic, ridge)?;
        let l1 = self.l1_regularization_strength;
        let clipped = compose::clip(g, linear, -l1, l1)?;
        let rest = ops::subtract(g, clipped, linear)?;
        let value = ops::divide(g, rest, quadratic)?;
        cx.set_slot("accumulator", variable, sum)?;
        cx.set_slot("linear", variable, linear)?;
        Ok(value)
    }
}
