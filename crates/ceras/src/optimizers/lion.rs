//! Lion.

use ceras_graph::{GraphError, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, Variable, common::within, optimizer, update::rest_in};
use crate::error::Result;

optimizer! {
    /// Lion: steps of equal length, by the sign of the gradient mixed with its mean.
    ///
    /// `w ← w − lr sign(beta_1 m + (1 − beta_1) g)`, `m ← beta_2 m + (1 − beta_2) g`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a decay outside of 0 to 1.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Lion;
    /// use ceras_graph::Tensor;
    /// let optimizer = Lion::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.99).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Chen et al. (2023), *Symbolic discovery of optimization algorithms*, <https://arxiv.org/abs/2302.06675>
    Lion, "Lion", "lion", "lion", 0.001, None, {
        beta_1: f64 = 0.9, "The same with another share of the mean in the step, above 0 and up to 1.";
        beta_2: f64 = 0.99, "The same with another decay of the mean of gradients, from 0 to 1.";
    }
}

impl Optimizer for Lion {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        Slot::each(&["momentum"], variables)
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
        let mean = cx.slot("momentum", variable)?;
        let kept = compose::multiply_scalar(cx.graph, mean, self.beta_1)?;
        let added = compose::multiply_scalar(cx.graph, gradient, rest_in(dtype, self.beta_1))?;
        let mixed = ops::add(cx.graph, kept, added)?;
        let sign = ops::sign(cx.graph, mixed)?;
        let change = compose::multiply(cx.graph, sign, rate)?;
        cx.weigh("momentum", variable, gradient, self.beta_2, rest_in(dtype, self.beta_2))?;
        ops::subtract(cx.graph, value, change)
    }
}
