//! Adafactor.

use ceras_graph::{DType, Graph, GraphError, TensorType, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, Variable, common::within, optimizer};
use crate::error::Result;

optimizer! {
    /// Adafactor: the mean of squared gradients of a matrix is kept as one number for each row and column.
    ///
    /// With `ρ = min(lr, 1 / √t)`, `α = max(epsilon_2, rms(w)) ρ`, `β = 1 − t^beta_2_decay` and `s = g² + epsilon_1`:
    /// `r ← β r + (1 − β) mean(s)` over the last axis, `c` likewise over the last but one, `v = (r / mean(r)) c` (of vectors
    /// `v ← β v + (1 − β) s`), `u = g / √v`, `w ← w − α u / max(1, rms(u) / clip_threshold)`.
    ///
    /// # Errors
    /// [`check`](super::check) refuses a `clip_threshold` that is not positive.
    ///
    /// # Examples
    /// One step from 1 along a gradient of 2.
    /// ```
    /// use ceras::optimizers::Adafactor;
    /// use ceras_graph::Tensor;
    /// let optimizer = Adafactor::new().learning_rate(0.01);
    /// let after = optimizer.first_step(&Tensor::scalar(1.0f32), &Tensor::scalar(2.0f32))?;
    /// assert!((after.item()? - 0.99).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Shazeer & Stern (2018), *Adafactor: adaptive learning rates with sublinear memory cost*, <https://arxiv.org/abs/1804.04235>
    Adafactor, "Adafactor", "adafactor", "adafactor", 0.001, None, {
        beta_2_decay: f64 = -0.8, "The same with another power of the step in the decay.";
        epsilon_1: f64 = 1e-30, "The same with another number that is added to squares.";
        epsilon_2: f64 = 1e-3, "The same with another least size of a variable.";
        clip_threshold: f64 = 1.0, "The same with another greatest size of an update.";
        relative_step: bool = true, "The same with or without a step bounded by `1 / √t`.";
    }
}

impl Optimizer for Adafactor {
    fn common(&self) -> &super::Common {
        &self.common
    }

    fn slots(&self, variables: &[Variable]) -> Vec<Slot> {
        let mut slots = Vec::new();
        for (variable, Variable { ty, .. }) in variables.iter().enumerate() {
            let rank = ty.shape.rank();
            // Of a vector the file holds two idle integers in the places of rows and columns.
            let (rows, columns) = if rank < 2 {
                (TensorType::scalar(DType::I32), TensorType::scalar(DType::I32))
            } else {
                let without = |axis| TensorType { dtype: ty.dtype, shape: ty.shape.without(axis) };
                (without(rank - 1), without(rank - 2))
            };
            slots.push(Slot::of("r", variable, &rows));
            slots.push(Slot::of("c", variable, &columns));
            slots.push(Slot::of("velocity", variable, ty));
        }
        slots
    }

    fn check(&self) -> Result<()> {
        within("clip_threshold", self.clip_threshold, f64::MIN_POSITIVE, f64::INFINITY)
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
        let [bound, decay] = self.factors(cx, rate, dtype)?;
        let rms = rms(cx.graph, value)?;
        let size = compose::maximum_scalar(cx.graph, rms, self.epsilon_2)?;
        let alpha = ops::multiply(cx.graph, size, bound)?;
        let square = compose::square(cx.graph, gradient)?;
        let square = compose::add_scalar(cx.graph, square, self.epsilon_1)?;
        let spread = if cx.graph.ty(value).shape.rank() < 2 {
            decaying(cx, "velocity", variable, square, decay)?
        } else {
            factored(cx, variable, square, decay)?
        };
        cx.set_slot("velocity", variable, spread)?;
        let g = &mut *cx.graph;
        let root = ops::sqrt(g, spread)?;
        let update = ops::divide(g, gradient, root)?;
        let large = self::rms(g, update)?;
        let large = compose::divide_scalar(g, large, self.clip_threshold)?;
        let large = compose::maximum_scalar(g, large, 1.0)?;
        let update = compose::divide(g, update, large)?;
        let change = compose::multiply(g, update, alpha)?;
        ops::subtract(g, value, change)
    }
}

impl Adafactor {
    /// The bounded learning rate and the decay of this step.
    fn factors(&self, cx: &mut UpdateCx<'_>, rate: Value, dtype: DType) -> Result<[Value; 2], GraphError> {
        let bound = cx.memo("bound", dtype, |cx| {
            let step = cx.step(dtype)?;
            let root = ops::sqrt(cx.graph, step)?;
            let one = compose::scalar(cx.graph, 1.0, dtype)?;
            let inverse = ops::divide(cx.graph, one, root)?;
            ops::minimum(cx.graph, rate, inverse)
        })?;
        let decay = cx.memo("decay", dtype, |cx| {
            let step = cx.step(dtype)?;
            let power = compose::power_scalar(cx.graph, step, self.beta_2_decay)?;
            compose::subtract_from_scalar(cx.graph, 1.0, power)
        })?;
        Ok([bound, decay])
    }
}

/// The root of the mean of squares.
fn rms(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let square = compose::square(g, x)?;
    let axes: Vec<usize> = (0..g.ty(square).shape.rank()).collect();
    let mean = compose::mean(g, square, &axes, false)?;
    ops::sqrt(g, mean)
}

/// `decay · slot + (1 − decay) · value`
fn decaying(
    cx: &mut UpdateCx<'_>,
    name: &str,
    variable: usize,
    value: Value,
    decay: Value,
) -> Result<Value, GraphError> {
    let slot = cx.slot(name, variable)?;
    let kept = compose::multiply(cx.graph, slot, decay)?;
    let rest = compose::subtract_from_scalar(cx.graph, 1.0, decay)?;
    let added = compose::multiply(cx.graph, value, rest)?;
    let mixed = ops::add(cx.graph, kept, added)?;
    cx.set_slot(name, variable, mixed)?;
    Ok(mixed)
}

/// The mean of squares as the product of its rows and columns.
fn factored(
    cx: &mut UpdateCx<'_>,
    variable: usize,
    square: Value,
    decay: Value,
) -> Result<Value, GraphError> {
    let rank = cx.graph.ty(square).shape.rank();
    let rows = compose::mean(cx.graph, square, &[rank - 1], false)?;
    let rows = decaying(cx, "r", variable, rows, decay)?;
    let columns = compose::mean(cx.graph, square, &[rank - 2], false)?;
    let columns = decaying(cx, "c", variable, columns, decay)?;
    let mean = compose::mean(cx.graph, rows, &[rank - 2], true)?;
    let share = compose::divide(cx.graph, rows, mean)?;
    let share = compose::expand_dims(cx.graph, share, rank - 1)?;
    let columns = compose::expand_dims(cx.graph, columns, rank - 2)?;
    compose::multiply(cx.graph, share, columns)
}
