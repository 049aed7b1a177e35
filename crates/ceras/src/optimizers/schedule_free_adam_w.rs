//! Adam without a schedule.

use ceras_graph::{GraphError, Value, compose, ops};

use super::{Initial, Optimizer, Slot, UpdateCx, Variable, common::within, optimizer, update::rest_in};
use crate::error::Result;

optimizer! {
    /// Adam without a learning-rate schedule: weights stand between a fast sequence `z` and its mean `x`.
    ///
    /// `v ← v + (g² − v)(1 − beta_2)`, `z' = z − lr g / (√(v / (1 − beta_2ᵗ)) + epsilon)`,
    /// `x = (w − (1 − beta_1) z') / beta_1`, `x' = (1 − 1/t) x + z' / t`, `w ← (1 − beta_1) z' + beta_1 x'`; in the first
    /// `warmup_steps` steps `lr` grows evenly from 0.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a decay outside of 0 to 1, and a `beta_1` of 0.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::ScheduleFreeAdamW;
    /// use ceras_graph::Tensor;
    /// let optimizer = ScheduleFreeAdamW::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.99).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Defazio et al. (2024), *The road less scheduled*, <https://arxiv.org/abs/2405.15682>
    ///
    /// # Keras
    /// The paper takes `z` from before the step where `x` is worked out, and so does Keras on JAX. Keras on TensorFlow, whose
    /// numbers these are, takes `z'`: the weights are then the plain mean of the fast sequence. As in Keras the weights stay at
    /// `w` while measuring and predicting, not at `x`. `z` is kept as `momentum`.
    ScheduleFreeAdamW, "ScheduleFreeAdamW", "schedulefreeadamw", "schedule_free_adam_w", 0.0025, None, {
        beta_1: f64 = 0.9, "The same with weights that stand otherwise between the mean (1) and the fast sequence (0).";
        beta_2: f64 = 0.999, "The same with another decay of the mean of squared gradients, from 0 to 1.";
        epsilon: f64 = 1e-8, "The same with another number that keeps the denominator from 0.";
        warmup_steps: u64 = 0u64, "The same with a learning rate that grows from 0 in this many steps.";
    }
}

impl Optimizer for ScheduleFreeAdamW {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        let start = |slot: Slot| {
            if slot.name == "momentum" { slot.starting_from(Initial::Variable) } else { slot }
        };
        Slot::each(&["momentum", "velocity"], variables).into_iter().map(start).collect()
    }

    fn check(&self) -> Result<()> {
        within("beta_1", self.beta_1, f64::MIN_POSITIVE, 1.0)?;
        within("beta_2", self.beta_2, 0.0, 1.0)
    }

    fn update(
        &self,
        cx: &mut UpdateCx<'_>,
        variable: usize,
        value: Value,
        gradient: Value,
    ) -> Result<Value, GraphError> {
        let dtype = cx.dtype(value);
        let rate = self.rate(cx, value)?;
        let rest = cx.memo("free_rest", dtype, |cx| {
            let power = cx.power_of_step("beta_2", self.beta_2, dtype)?;
            compose::subtract_from_scalar(cx.graph, 1.0, power)
        })?;
        let part = cx.memo("free_part", dtype, |cx| {
            let step = cx.step(dtype)?;
            let one = compose::scalar(cx.graph, 1.0, dtype)?;
            ops::divide(cx.graph, one, step)
        })?;
        let square = compose::square(cx.graph, gradient)?;
        let velocity = cx.approach("velocity", variable, square, rest_in(dtype, self.beta_2))?;
        let before = cx.slot("momentum", variable)?;
        let g = &mut *cx.graph;
        let spread = compose::divide(g, velocity, rest)?;
        let root = ops::sqrt(g, spread)?;
        let divisor = compose::add_scalar(g, root, self.epsilon)?;
        let scaled = compose::multiply(g, gradient, rate)?;
        let change = ops::divide(g, scaled, divisor)?;
        let fast = ops::subtract(g, before, change)?;
        // The mean is where the weights are without the fast sequence's share in them (Keras' reads it after its step).
        let share = rest_in(dtype, self.beta_1);
        let from_fast = compose::multiply_scalar(g, fast, share)?;
        let without = ops::subtract(g, value, from_fast)?;
        let mean = compose::divide_scalar(g, without, self.beta_1)?;
        let kept = compose::subtract_from_scalar(g, 1.0, part)?;
        let kept = compose::multiply(g, mean, kept)?;
        let added = compose::multiply(g, fast, part)?;
        let mean = ops::add(g, kept, added)?;
        let from_mean = compose::multiply_scalar(g, mean, self.beta_1)?;
        let value = ops::add(g, from_fast, from_mean)?;
        cx.set_slot("momentum", variable, fast)?;
        Ok(value)
    }
}

impl ScheduleFreeAdamW {
    /// The learning rate of this step, warming up.
    fn rate(&self, cx: &mut UpdateCx<'_>, value: Value) -> Result<Value, GraphError> {
        let dtype = cx.dtype(value);
        let rate = cx.rate(dtype)?;
        if self.warmup_steps == 0 {
            return Ok(rate);
        }
        cx.memo("free_rate", dtype, |cx| {
            let step = cx.step(dtype)?;
            let share = compose::divide_scalar(cx.graph, step, self.warmup_steps as f64)?;
            let share = compose::minimum_scalar(cx.graph, share, 1.0)?;
            ops::multiply(cx.graph, rate, share)
        })
    }
}
