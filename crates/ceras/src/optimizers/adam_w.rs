//! Adam with weight decay.

use ceras_graph::{GraphError, Value};

use super::{Optimizer, Slot, UpdateCx, Variable, adam::AdamStep, adam::slots, common::within, optimizer};
use crate::error::Result;

optimizer! {
    /// [`Adam`](super::Adam) with weights that decay by `weight_decay · lr` of themselves in each step, 0.004 unless said otherwise.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a decay outside of 0 to 1.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::AdamW;
    /// use ceras_graph::Tensor;
    /// let optimizer = AdamW::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.98996).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Loshchilov & Hutter (2017), *Decoupled weight decay regularization*, <https://arxiv.org/abs/1711.05101>
    AdamW, "AdamW", "adamw", "adam_w", 0.001, Some(0.004), {
        beta_1: f64 = 0.9, "The same with another decay of the mean of gradients, from 0 to 1.";
        beta_2: f64 = 0.999, "The same with another decay of the mean of squared gradients, from 0 to 1.";
        epsilon: f64 = 1e-7, "The same with another number that keeps the denominator from 0.";
        amsgrad: bool = false, "The same with or without the largest mean of squares so far.";
    }
}

impl Optimizer for AdamW {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        slots(self.amsgrad, variables)
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
        let rate = cx.rate(cx.dtype(value))?;
        let adam = AdamStep {
            beta_1: self.beta_1,
            beta_2: self.beta_2,
            epsilon: self.epsilon,
            amsgrad: self.amsgrad,
        };
        adam.update(cx, rate, variable, value, gradient)
    }
}
