//! Gradient descent.

use ceras_graph::{GraphError, TensorType, Value, compose, ops};

use super::{Optimizer, Slot, UpdateCx, common::within, optimizer};
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
    /// use ceras::optimizers::{Inputs, Optimizer, Sgd, apply};
    /// use ceras_graph::{DType, Function, Tensor, TensorType, eval};
    /// let optimizer = Sgd::new().learning_rate(0.25);
    /// let scalar = TensorType::scalar(DType::F32);
    /// let mut inputs = vec![("w", scalar.clone()), ("g", scalar.clone()), ("lr", scalar.clone())];
    /// inputs.push(("iterations", TensorType::scalar(DType::I64)));
    /// let slots = optimizer.slots(&[scalar]);
    /// inputs.extend(slots.iter().map(|slot| ("slot", slot.ty.clone())));
    /// let step = Function::trace(&inputs, |g, x| {
    ///     let inputs = Inputs {
    ///         values: vec![x[0]],
    ///         gradients: vec![x[1]],
    ///         learning_rate: x[2],
    ///         iterations: x[3],
    ///         slots: x[4..].to_vec(),
    ///     };
    ///     Ok(apply(g, &optimizer, inputs)?.values)
    /// })?;
    /// let mut values = vec![Tensor::scalar(1.0f32), Tensor::scalar(2.0f32), Tensor::scalar(0.25f32), Tensor::scalar(0i64)];
    /// values.extend(slots.iter().map(|slot| Tensor::scalar(slot.initial).cast(slot.ty.dtype)));
    /// let after = eval::interpret(step.graph(), &values).unwrap()[0].item()?;
    /// assert!((after - 0.5).abs() < 1e-5);
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

    fn slots(&self, variables: &[TensorType]) -> Vec<Slot> {
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
