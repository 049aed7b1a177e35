//! Gradient descent.

use ceras_graph::{GraphError, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, Variable, common::within, optimizer};
use crate::error::Result;

optimizer! {
    /// Stochastic gradient descent, plain or with momentum.
    ///
    /// `w ← w − lr g`; with momentum `v ← momentum · v − lr g`, `w ← w + v`, or with Nesterov's `w ← w + momentum · v − lr g`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a momentum outside of 0 to 1.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Sgd;
    /// use ceras_graph::Tensor;
    /// let optimizer = Sgd::new().learning_rate(0.25);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.5).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Sutskever et al. (2013), *On the importance of initialization and momentum in deep learning*, <https://proceedings.mlr.press/v28/sutskever13.html>
    Sgd, "SGD", "sgd", "sgd", 0.01, None, {
        momentum: f64 = 0.0, "The same with a momentum, from 0 to 1.";
        nesterov: bool = false, "The same with or without Nesterov's look ahead.";
    }
}

impl Optimizer for Sgd {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        if self.momentum == 0.0 { Vec::new() } else { Slot::each(&["momentum"], variables) }
    }

    fn check(&self) -> Result<()> {
        within("momentum", self.momentum, 0.0, 1.0)
    }

    fn update(
        &self,
        cx: &mut UpdateCx<'_>,
        variable: usize,
        value: Value,
        gradient: Value,
    ) -> Result<Value, GraphError> {
        let rate = cx.rate(cx.dtype(value))?;
        let pull = compose::multiply(cx.graph, gradient, rate)?;
        if self.momentum == 0.0 {
            return ops::subtract(cx.graph, value, pull);
        }
        let before = cx.slot("momentum", variable)?;
        let kept = compose::multiply_scalar(cx.graph, before, self.momentum)?;
        let mut moved = ops::subtract(cx.graph, kept, pull)?;
        cx.set_slot("momentum", variable, moved)?;
        if self.nesterov {
            let kept = compose::multiply_scalar(cx.graph, moved, self.momentum)?;
            moved = ops::subtract(cx.graph, kept, pull)?;
        }
        ops::add(cx.graph, value, moved)
    }
}
