//! RMSprop.

use ceras_graph::{GraphError, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, Variable, common::within, optimizer};
use crate::error::Result;

optimizer! {
    /// RMSprop, Keras' default in `compile`: steps by the gradient over the root of the mean of its squares.
    ///
    /// `v ← rho · v + (1 − rho) g²`, `w ← w − lr g / √(v + epsilon)`; with `momentum` the steps add up as in [`Sgd`](super::Sgd);
    /// `centered` takes the square of the mean gradient from `v`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses `rho` or `momentum` outside of 0 to 1.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::RmsProp;
    /// use ceras_graph::Tensor;
    /// let optimizer = RmsProp::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.968377).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Hinton (2012), *Neural networks for machine learning*, lecture 6e, <https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf>
    RmsProp, "RMSprop", "rmsprop", "rm_sprop", 0.001, None, {
        rho: f64 = 0.9, "The same with another decay of the mean of squared gradients, from 0 to 1.";
        momentum: f64 = 0.0, "The same with a momentum, from 0 to 1.";
        epsilon: f64 = 1e-7, "The same with another number that keeps the denominator from 0.";
        centered: bool = false, "The same with or without the mean gradient taken out.";
    }
}

impl Optimizer for RmsProp {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        let mut slots = Slot::each(&["velocity"], variables);
        if self.momentum > 0.0 {
            slots.extend(Slot::each(&["momentum"], variables));
        }
        if self.centered {
            slots.extend(Slot::each(&["average_gradient"], variables));
        }
        slots
    }

    fn check(&self) -> Result<()> {
        within("rho", self.rho, 0.0, 1.0)?;
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
        let square = compose::square(cx.graph, gradient)?;
        let mut spread = cx.mix("velocity", variable, square, self.rho)?;
        if self.centered {
            let mean = cx.mix("average_gradient", variable, gradient, self.rho)?;
            let square = compose::square(cx.graph, mean)?;
            spread = ops::subtract(cx.graph, spread, square)?;
        }
        let spread = compose::add_scalar(cx.graph, spread, self.epsilon)?;
        let root = ops::sqrt(cx.graph, spread)?;
        let pull = compose::multiply(cx.graph, gradient, rate)?;
        let mut change = ops::divide(cx.graph, pull, root)?;
        if self.momentum > 0.0 {
            let before = cx.slot("momentum", variable)?;
            let kept = compose::multiply_scalar(cx.graph, before, self.momentum)?;
            change = ops::add(cx.graph, kept, change)?;
            cx.set_slot("momentum", variable, change)?;
        }
        ops::subtract(cx.graph, value, change)
    }
}
