//! The gated recurrent unit.

use ceras_graph::{Graph, GraphError, Shape, TensorType, Value, compose, ops};

use super::{
    Recurrence, check_sequence, dropout_modes, dropped_input, gate, part, recurrent_layer, recurrent_product,
    sequence_and_states, state_noise,
};
use crate::activations::{ActivationRef, Sigmoid};
use crate::error::Result;
use crate::layers::declare::layer_methods;
use crate::layers::{BuildCx, CallCx, Called, Layer, Modes, Traced};

recurrent_layer! {
    /// The gated recurrent unit: a recurrent layer whose gates say how much of the state is new and how much of the old one counts.
    ///
    /// With three parts z, r, h of `units` each, of `x = input · kernel + bias` and `s = state · recurrent_kernel + recurrent bias`:
    /// `update = σ(x_z + s_z)`, `reset = σ(x_r + s_r)`, `new = activation(x_h + reset · s_h)`, `state = update · state + (1 − update) · new`, where σ
    /// is `recurrent_activation`, step by step from zeros, or from the initial states given after the sequence. Without `reset_after`, `reset` multiplies the state before the product, and there is
    /// one bias.
    ///
    /// # Shapes
    /// `[batch, steps, features]` → `[batch, units]`, the last state; with `return_sequences` `[batch, steps, units]`; with `return_state` the
    /// last state besides. Weights: `kernel` `[features, 3 · units]`, `recurrent_kernel` `[units, 3 · units]`, `bias` `[2, 3 · units]`, or
    /// `[3 · units]` without `reset_after`. A masked step leaves the state as it is.
    ///
    /// # Errors
    /// The input is not of rank 3 or its features are unknown; `stateful`; initial states of another number or shape.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::GRU;
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([10, 8])).add(GRU::new(4).return_sequences(true)).build()?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 10, 4]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Cho and others (2014), *Learning phrase representations using RNN encoder-decoder*, <https://arxiv.org/abs/1406.1078>
    ///
    /// # Keras
    /// `unroll` changes nothing. `stateful` is refused. `recurrent_dropout` acts; in Keras it does not where all gates are
    /// computed at once, which is the default.
    GRU
    before {
        #[serde(deserialize_with = "crate::activations::or_linear")]
        recurrent_activation: ActivationRef = Sigmoid.into(),
    }
    after_bias {}
    after { reset_after: bool = true, seed: Option<i64> = None, }
}

impl GRU {
    /// Whether `reset` multiplies the state after the product with the recurrent kernel, as by default, or before.
    #[must_use]
    pub fn reset_after(mut self, reset_after: bool) -> GRU {
        self.reset_after = reset_after;
        self
    }

    /// The new state; the constants are the recurrent kernel, the recurrent bias where there is one, the noise where there is any.
    fn step(
        &self,
        g: &mut Graph,
        x: Value,
        state: Value,
        constants: &[Value],
    ) -> Result<Vec<Value>, GraphError> {
        let with_bias = self.use_bias && self.reset_after;
        let noise = constants.get(1 + usize::from(with_bias)).copied();
        let units = self.units;
        let kernel = constants[0];
        let gates = if self.reset_after { kernel } else { part(g, kernel, 1, 0, 2 * units)? };
        let mut product = recurrent_product(g, state, gates, noise)?;
        if with_bias {
            product = compose::add(g, product, constants[1])?;
        }
        let mut open = [x; 2];
        for (number, open) in open.iter_mut().enumerate() {
            let (from_input, from_state) = (gate(g, x, units, number)?, gate(g, product, units, number)?);
            let sum = ops::add(g, from_input, from_state)?;
            *open = self.recurrent_activation.apply(g, sum)?;
        }
        let [update, reset] = open;
        let from_state = if self.reset_after {
            let inner = gate(g, product, units, 2)?;
            ops::multiply(g, reset, inner)?
        } else {
            let last = part(g, kernel, 1, 2 * units, 3 * units)?;
            let kept = ops::multiply(g, reset, state)?;
            recurrent_product(g, kept, last, noise)?
        };
        let from_input = gate(g, x, units, 2)?;
        let sum = ops::add(g, from_input, from_state)?;
        let new = self.activation.apply(g, sum)?;
        let kept = ops::multiply(g, update, state)?;
        let rest = compose::subtract_from_scalar(g, 1.0, update)?;
        let added = ops::multiply(g, rest, new)?;
        Ok(vec![ops::add(g, kept, added)?])
    }
}

impl Layer for GRU {
    layer_methods!();

    fn as_called(&self) -> Option<&dyn Called> {
        Some(self)
    }

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let dropout = [self.dropout, self.recurrent_dropout];
        let features = check_sequence("GRU", self.flags(), self.units, dropout, (inputs, 1))?;
        let one = [3 * self.units];
        let two = [2, 3 * self.units];
        let bias: &[usize] = if self.reset_after { &two } else { &one };
        self.declare(cx, features, 3, bias, &self.bias_initializer);
        Ok(())
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        dropout_modes(self.dropout, self.recurrent_dropout)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let (input, initial) = sequence_and_states("GRU", inputs, 1)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let x = dropped_input(cx, x, self.dropout, self.seed)?;
        let kernel = cx.part_weight(&self.part, "kernel")?;
        let mut projected = compose::dense(cx.graph(), x, kernel)?;
        let mut constants = vec![cx.part_weight(&self.part, "recurrent_kernel")?];
        if self.use_bias {
            let mut bias = cx.part_weight(&self.part, "bias")?;
            let g = cx.graph();
            if self.reset_after {
                let wide = Shape::from([3 * self.units]);
                let recurrent = part(g, bias, 0, 1, 2)?;
                constants.push(ops::reshape(g, recurrent, wide.clone())?);
                let own = part(g, bias, 0, 0, 1)?;
                bias = ops::reshape(g, own, wide)?;
            }
            projected = compose::add(g, projected, bias)?;
        }
        constants.extend(state_noise(cx, x, &Shape::from([self.units]), self.recurrent_dropout, self.seed)?);
        let step = |g: &mut Graph, x: Value, states: &[Value], constants: &[Value]| {
            self.step(g, x, states[0], constants)
        };
        let recurrence = Recurrence {
            flags: self.flags(),
            state: Shape::from([self.units]),
            states: 1,
            initial,
            constants,
            step: &step,
        };
        recurrence.run(cx, projected, input.mask)
    }
}
