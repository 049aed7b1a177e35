//! Adadelta.

use ceras_graph::{GraphError, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, Variable, common::within, optimizer};
use crate::error::Result;

optimizer! {
    /// Adadelta: steps whose length is the root of the mean of squares of those before.
    ///
    /// `a ← rho · a + (1 − rho) g²`, `d = −g √(e + epsilon) / √(a + epsilon)`, `e ← rho · e + (1 − rho) d²`, `w ← w + lr d`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses `rho` outside of 0 to 1.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Adadelta;
    /// use ceras_graph::Tensor;
    /// let optimizer = Adadelta::new().learning_rate(1.0);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.998586).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Zeiler (2012), *Adadelta: an adaptive learning rate method*, <https://arxiv.org/abs/1212.5701>
    Adadelta, "Adadelta", "adadelta", "adadelta", 0.001, None, {
        rho: f64 = 0.95, "The same with another decay, from 0 to 1.";
        epsilon: f64 = 1e-7, "The same with another number that keeps the denominator from 0.";
    }
}

impl Optimizer for Adadelta {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        Slot::each(&["accumulated_grad", "accumulated_delta_var"], variables)
    }

    fn check(&self) -> Result<()> {
        within("rho", self.rho, 0.0, 1.0)
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
        let spread = cx.mix("accumulated_grad", variable, square, self.rho)?;
        let steps = cx.slot("accumulated_delta_var", variable)?;
        let mut root = |x: Value| -> Result<Value, GraphError> {
            let x = compose::add_scalar(cx.graph, x, self.epsilon)?;
            ops::sqrt(cx.graph, x)
        };
        let (length, divisor) = (root(steps)?, root(spread)?);
        let step = ops::multiply(cx.graph, length, gradient)?;
        let step = ops::divide(cx.graph, step, divisor)?;
        let step = ops::negate(cx.graph, step)?;
        let square = compose::square(cx.graph, step)?;
        cx.mix("accumulated_delta_var", variable, square, self.rho)?;
        let change = compose::multiply(cx.graph, step, rate)?;
        ops::add(cx.graph, value, change)
    }
}
