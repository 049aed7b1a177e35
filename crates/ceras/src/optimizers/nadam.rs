//! Nadam.

use ceras_graph::{DType, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, Variable, common::within, optimizer, update::rest_in};
use crate::error::Result;

optimizer! {
    /// Adam with Nesterov's look ahead.
    ///
    /// With `u(t) = beta_1 (1 − 0.96ᵗ / 2)` and `U(t)` the product of `u` so far:
    /// `m ← m + (g − m)(1 − beta_1)`, `v ← v + (g² − v)(1 − beta_2)`,
    /// `m' = u(t+1) m / (1 − U(t) u(t+1)) + (1 − u(t)) g / (1 − U(t))`,
    /// `w ← w − lr m' / (√(v / (1 − beta_2ᵗ)) + epsilon)`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a decay outside of 0 to 1.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Nadam;
    /// use ceras_graph::Tensor;
    /// let optimizer = Nadam::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.989372).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Dozat (2015), *Incorporating Nesterov momentum into Adam*, <https://cs229.stanford.edu/proj2015/054_report.pdf>
    Nadam, "Nadam", "nadam", "nadam", 0.001, None, {
        beta_1: f64 = 0.9, "The same with another decay of the mean of gradients, from 0 to 1.";
        beta_2: f64 = 0.999, "The same with another decay of the mean of squared gradients, from 0 to 1.";
        epsilon: f64 = 1e-7, "The same with another number that keeps the denominator from 0.";
    }
}

impl Optimizer for Nadam {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        let mut slots = Slot::each(&["momentum", "velocity"], variables);
        let dtype = variables.first().map_or(DType::F32, |variable| variable.ty.dtype);
        slots.push(Slot::shared(PRODUCT, TensorType::scalar(dtype), 1.0));
        slots
    }

    fn check(&self) -> Result<()> {
        within("beta_1", self.beta_1, 0.0, 1.0)?;
        within("beta_2", self.beta_2, 0.0, 1.0)
    }

    fn begin(&self, cx: &mut UpdateCx<'_>) -> Result<(), GraphError> {
        let product = cx.shared_slot(PRODUCT)?;
        let now = self.schedule(cx, "u_t", 1, cx.dtype(product))?;
        let product = ops::multiply(cx.graph, product, now)?;
        cx.set_shared_slot(PRODUCT, product)
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
        let [ahead, now, rest_2] = self.factors(cx, dtype)?;
        let momentum = cx.approach("momentum", variable, gradient, rest_in(dtype, self.beta_1))?;
        let square = compose::square(cx.graph, gradient)?;
        let velocity = cx.approach("velocity", variable, square, rest_in(dtype, self.beta_2))?;
        let g = &mut *cx.graph;
        let from_momentum = compose::multiply(g, momentum, ahead)?;
        let from_gradient = compose::multiply(g, gradient, now)?;
        let direction = ops::add(g, from_momentum, from_gradient)?;
        let spread = compose::divide(g, velocity, rest_2)?;
        let root = ops::sqrt(g, spread)?;
        let divisor = compose::add_scalar(g, root, self.epsilon)?;
        let pull = compose::multiply(g, direction, rate)?;
        let change = ops::divide(g, pull, divisor)?;
        ops::subtract(g, value, change)
    }
}

/// The product of the momentum's schedule over the steps so far.
const PRODUCT: &str = "u_product";

impl Nadam {
    /// `beta_1 (1 − 0.96^t / 2)` for the step `ahead` steps after those done.
    fn schedule(
        &self,
        cx: &mut UpdateCx<'_>,
        name: &'static str,
        ahead: i64,
        dtype: DType,
    ) -> Result<Value, GraphError> {
        cx.memo(name, dtype, |cx| {
            let g = &mut *cx.graph;
            let ahead = ops::constant(g, Tensor::scalar(ahead))?;
            let step = ops::add(g, cx.iterations, ahead)?;
            let step = ops::convert(g, step, dtype)?;
            let base = compose::scalar(g, 0.96, dtype)?;
            let power = ops::power(g, base, step)?;
            let half = compose::multiply_scalar(g, power, 0.5)?;
            let rest = compose::subtract_from_scalar(g, 1.0, half)?;
            compose::multiply_scalar(g, rest, self.beta_1)
        })
    }

    /// What the momentum and the gradient are multiplied by, and the mean of squares divided by.
    fn factors(&self, cx: &mut UpdateCx<'_>, dtype: DType) -> Result<[Value; 3], GraphError> {
        let now = self.schedule(cx, "u_t", 1, dtype)?;
        let next = self.schedule(cx, "u_t_1", 2, dtype)?;
        let product = cx.shared_slot(PRODUCT)?;
        let ahead = cx.memo("ahead", dtype, |cx| {
            let product =
                if cx.dtype(product) == dtype { product } else { ops::convert(cx.graph, product, dtype)? };
            let both = ops::multiply(cx.graph, product, next)?;
            let rest = compose::subtract_from_scalar(cx.graph, 1.0, both)?;
            ops::divide(cx.graph, next, rest)
        })?;
        let now = cx.memo("now", dtype, |cx| {
            let product =
                if cx.dtype(product) == dtype { product } else { ops::convert(cx.graph, product, dtype)? };
            let share = compose::subtract_from_scalar(cx.graph, 1.0, now)?;
            let rest = compose::subtract_from_scalar(cx.graph, 1.0, product)?;
            ops::divide(cx.graph, share, rest)
        })?;
        let rest_2 = cx.memo("rest_2", dtype, |cx| {
            let power = cx.power_of_step("beta_2", self.beta_2, dtype)?;
            compose::subtract_from_scalar(cx.graph, 1.0, power)
        })?;
        Ok([ahead, now, rest_2])
    }
}
