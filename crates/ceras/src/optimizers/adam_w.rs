//! Adam with weight decay.

use ceras_graph::{GraphError, TensorType, Value};

use super::{Optimizer, Slot, UpdateCx, adam::AdamStep, adam::slots, common::within, optimizer};
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
    /// use ceras::optimizers::{Inputs, Optimizer, AdamW, apply};
    /// use ceras_graph::{DType, Function, Tensor, TensorType, eval};
    /// let optimizer = AdamW::new().learning_rate(0.01);
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
    /// let mut values = vec![Tensor::scalar(1.0f32), Tensor::scalar(2.0f32), Tensor::scalar(0.01f32), Tensor::scalar(0i64)];
    /// values.extend(slots.iter().map(|slot| Tensor::scalar(slot.initial).cast(slot.ty.dtype)));
    /// let after = eval::interpret(step.graph(), &values).unwrap()[0].item()?;
    /// assert!((after - 0.98996).abs() < 1e-5);
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

    fn slots(&self, variables: &[TensorType]) -> Vec<Slot> {
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
