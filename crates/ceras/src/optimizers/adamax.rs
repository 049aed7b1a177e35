//! Adamax.

use ceras_graph::{GraphError, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, Variable, common::within, optimizer};
use crate::error::Result;

optimizer! {
    /// Adamax: Adam with the largest gradient so far (which decays) in place of the root of the mean of squares.
    ///
    /// `m ← m + (g − m)(1 − beta_1)`, `u ← max(beta_2 · u, |g|)`, `w ← w − lr m / ((1 − beta_1ᵗ)(u + epsilon))`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a decay outside of 0 to 1.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Adamax;
    /// use ceras_graph::Tensor;
    /// let optimizer = Adamax::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.99).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Kingma & Ba (2014), *Adam: a method for stochastic optimization*, <https://arxiv.org/abs/1412.6980>
    Adamax, "Adamax", "adamax", "adamax", 0.001, None, {
        beta_1: f64 = 0.9, "The same with another decay of the mean of gradients, from 0 to 1.";
        beta_2: f64 = 0.999, "The same with another decay of the largest gradient, from 0 to 1.";
        epsilon: f64 = 1e-7, "The same with another number that keeps the denominator from 0.";
    }
}

impl Optimizer for Adamax {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        Slot::each(&["momentum", "norm"], variables)
    }

    fn check(&self) -> Result<()> {
        within("beta_1", self.beta_1, 0.0, 1.0)?;
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
        let rate = cx.rate(dtype)?;
        let rest = cx.memo("rest_1", dtype, |cx| {
            let power = cx.power_of_step("beta_1", self.beta_1, dtype)?;
            compose::subtract_from_scalar(cx.graph, 1.0, power)
        })?;
        let momentum = cx.approach("momentum", variable, gradient, 1.0 - self.beta_1)?;
        let before = cx.slot("norm", variable)?;
        let decayed = compose::multiply_scalar(cx.graph, before, self.beta_2)?;
        let size = ops::abs(cx.graph, gradient)?;
        let norm = ops::maximum(cx.graph, decayed, size)?;
        cx.set_slot("norm", variable, norm)?;
        let pull = compose::multiply(cx.graph, momentum, rate)?;
        let divisor = compose::add_scalar(cx.graph, norm, self.epsilon)?;
        let divisor = compose::multiply(cx.graph, divisor, rest)?;
        let change = ops::divide(cx.graph, pull, divisor)?;
        ops::subtract(cx.graph, value, change)
    }
}
