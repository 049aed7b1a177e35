//! LAMB.

use ceras_graph::{DType, Graph, GraphError, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, Variable, common::within, optimizer};
use crate::error::Result;
use crate::losses::total;

optimizer! {
    /// LAMB: Adam with the step of each variable scaled to the variable's norm, for large batches.
    ///
    /// With Adam's `u = m / (1 − beta_1ᵗ) / (√(v / (1 − beta_2ᵗ)) + epsilon)`: `w ← w − lr u ‖w‖ / ‖u‖`, without the ratio where a
    /// norm is 0.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a decay outside of 0 to 1.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Lamb;
    /// use ceras_graph::Tensor;
    /// let optimizer = Lamb::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.99).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// You et al. (2019), *Large batch optimization for deep learning*, <https://arxiv.org/abs/1904.00962>
    Lamb, "Lamb", "lamb", "lamb", 0.001, None, {
        beta_1: f64 = 0.9, "The same with another decay of the mean of gradients, from 0 to 1.";
        beta_2: f64 = 0.999, "The same with another decay of the mean of squared gradients, from 0 to 1.";
        epsilon: f64 = 1e-7, "The same with another number that keeps the denominator from 0.";
    }
}

impl Optimizer for Lamb {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        Slot::each(&["momentum", "velocity"], variables)
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
        let rest_1 = rest(cx, "beta_1", "rest_1", self.beta_1, dtype)?;
        let rest_2 = rest(cx, "beta_2", "rest_2", self.beta_2, dtype)?;
        let momentum = cx.approach("momentum", variable, gradient, 1.0 - self.beta_1)?;
        let square = compose::square(cx.graph, gradient)?;
        let velocity = cx.approach("velocity", variable, square, 1.0 - self.beta_2)?;
        let g = &mut *cx.graph;
        let mean = compose::divide(g, momentum, rest_1)?;
        let spread = compose::divide(g, velocity, rest_2)?;
        let root = ops::sqrt(g, spread)?;
        let divisor = compose::add_scalar(g, root, self.epsilon)?;
        let update = ops::divide(g, mean, divisor)?;
        let ratio = trust(g, value, update)?;
        let scale = ops::multiply(g, ratio, rate)?;
        let change = compose::multiply(g, update, scale)?;
        ops::subtract(g, value, change)
    }
}

fn rest(
    cx: &mut UpdateCx<'_>,
    power: &'static str,
    name: &'static str,
    beta: f64,
    dtype: DType,
) -> Result<Value, GraphError> {
    cx.memo(name, dtype, |cx| {
        let power = cx.power_of_step(power, beta, dtype)?;
        compose::subtract_from_scalar(cx.graph, 1.0, power)
    })
}

fn norm(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let square = compose::square(g, x)?;
    let sum = total(g, square)?;
    ops::sqrt(g, sum)
}

/// `‖value‖ / ‖update‖`, and 1 where one of them is 0.
fn trust(g: &mut Graph, value: Value, update: Value) -> Result<Value, GraphError> {
    let (weight, step) = (norm(g, value)?, norm(g, update)?);
    let dtype = g.ty(weight).dtype;
    let (zero, one) = (compose::scalar(g, 0.0, dtype)?, compose::scalar(g, 1.0, dtype)?);
    let ratio = ops::divide(g, weight, step)?;
    let moves = compose::greater(g, step, zero)?;
    let ratio = ops::select(g, moves, ratio, one)?;
    let weighs = compose::greater(g, weight, zero)?;
    ops::select(g, weighs, ratio, one)
}
