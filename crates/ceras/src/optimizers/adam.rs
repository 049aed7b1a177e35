//! Adam.

use ceras_graph::{GraphError, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, Variable, common::within, optimizer};
use crate::error::Result;

optimizer! {
    /// Adam: steps by the mean of gradients over the root of the mean of their squares.
    ///
    /// `m ← m + (g − m)(1 − beta_1)`, `v ← v + (g² − v)(1 − beta_2)`,
    /// `w ← w − lr √(1 − beta_2ᵗ) / (1 − beta_1ᵗ) · m / (√v + epsilon)`; with `amsgrad` the largest `v` so far.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a decay outside of 0 to 1.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Adam;
    /// use ceras_graph::Tensor;
    /// let optimizer = Adam::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.99).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Kingma & Ba (2014), *Adam: a method for stochastic optimization*, <https://arxiv.org/abs/1412.6980>;
    /// Reddi, Kale & Kumar (2018), *On the convergence of Adam and beyond*, <https://openreview.net/forum?id=ryQu7f-RZ>
    Adam, "Adam", "adam", "adam", 0.001, None, {
        beta_1: f64 = 0.9, "The same with another decay of the mean of gradients, from 0 to 1.";
        beta_2: f64 = 0.999, "The same with another decay of the mean of squared gradients, from 0 to 1.";
        epsilon: f64 = 1e-7, "The same with another number that keeps the denominator from 0.";
        amsgrad: bool = false, "The same with or without the largest mean of squares so far.";
    }
}

impl Optimizer for Adam {
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

/// The slots of Adam: two moments for each variable in turn, then the largest second moments.
pub(super) fn slots(amsgrad: bool, variables: &[Variable]) -> Vec<Slot> {
    let mut slots = Slot::each(&["momentum", "velocity"], variables);
    if amsgrad {
        slots.extend(Slot::each(&["velocity_hat"], variables));
    }
    slots
}

/// Adam's update, which several optimizers share.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdamStep {
    pub(super) beta_1: f64,
    pub(super) beta_2: f64,
    pub(super) epsilon: f64,
    pub(super) amsgrad: bool,
}

impl AdamStep {
    pub(super) fn update(
        self,
        cx: &mut UpdateCx<'_>,
        rate: Value,
        variable: usize,
        value: Value,
        gradient: Value,
    ) -> Result<Value, GraphError> {
        let rate = cx.adam_rate(rate, self.beta_1, self.beta_2)?;
        let momentum = cx.approach("momentum", variable, gradient, 1.0 - self.beta_1)?;
        let square = compose::square(cx.graph, gradient)?;
        let mut velocity = cx.approach("velocity", variable, square, 1.0 - self.beta_2)?;
        if self.amsgrad {
            let largest = cx.slot("velocity_hat", variable)?;
            velocity = ops::maximum(cx.graph, largest, velocity)?;
            cx.set_slot("velocity_hat", variable, velocity)?;
        }
        let scaled = compose::multiply(cx.graph, momentum, rate)?;
        let root = ops::sqrt(cx.graph, velocity)?;
        let divisor = compose::add_scalar(cx.graph, root, self.epsilon)?;
        let change = ops::divide(cx.graph, scaled, divisor)?;
        ops::subtract(cx.graph, value, change)
    }
}
