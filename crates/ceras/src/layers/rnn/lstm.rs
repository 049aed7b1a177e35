//! Long short-term memory.

use ceras_graph::{Graph, GraphError, Shape, Tensor, TensorType, Value, compose, ops};

use super::{
    Recurrence, check_sequence, dropout_modes, dropped_input, gate, recurrent_layer, recurrent_product,
    sequence_and_states, state_noise,
};
use crate::activations::{ActivationRef, Sigmoid};
use crate::error::Result;
use crate::initializers::{InitCx, Initializer, InitializerRef};
use crate::layers::declare::layer_methods;
use crate::layers::{BuildCx, CallCx, Called, Layer, Modes, Traced};
use crate::registry::{Config, Configurable};

recurrent_layer! {
    /// Long short-term memory: a recurrent layer whose gates say what is forgotten, kept and shown.
    ///
    /// With `z = input · kernel + state · recurrent_kernel + bias` in four parts i, f, c, o of `units` each:
    /// `memory = σ(f) · memory + σ(i) · activation(c)`, `state = σ(o) · activation(memory)`, where σ is `recurrent_activation`, step by step from
    /// zeros, or from the initial states given after the sequence.
    ///
    /// # Shapes
    /// `[batch, steps, features]` → `[batch, units]`, the last state; with `return_sequences` `[batch, steps, units]`; with `return_state` the
    /// last state and the last memory besides. Weights: `kernel` `[features, 4 · units]`, `recurrent_kernel` `[units, 4 · units]`, `bias`
    /// `[4 · units]`. A masked step leaves state and memory as they are.
    ///
    /// # Errors
    /// The input is not of rank 3 or its features are unknown; `stateful`; initial states of another number or shape.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::LSTM;
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([60, 1])).add(LSTM::new(50)).add(Dense::new(1)).build()?;
    /// assert_eq!(model.count_params(), 4 * 50 * (1 + 50 + 1) + 51);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Hochreiter and Schmidhuber (1997), *Long short-term memory*, <https://doi.org/10.1162/neco.1997.9.8.1735>
    ///
    /// # Keras
    /// `unroll` changes nothing. `stateful` is refused.
    LSTM
    before {
        #[serde(deserialize_with = "crate::activations::or_linear")]
        recurrent_activation: ActivationRef = Sigmoid.into(),
    }
    after_bias { unit_forget_bias: bool = true, }
    after { seed: Option<i64> = None, }
}

/// A bias whose part for the forget gate is 1, so that nothing is forgotten at first.
#[derive(Clone, Debug)]
struct ForgetBias(InitializerRef);

impl Configurable for ForgetBias {
    fn class_name(&self) -> &'static str {
        self.0.class_name()
    }

    fn config(&self) -> Config {
        self.0.config()
    }
}

impl Initializer for ForgetBias {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        let mut bias = self.0.sample(cx)?.to_f64();
        let units = bias.len() / 4;
        bias[units..2 * units].fill(1.0);
        Ok(Tensor::new(cx.dims, bias)?.cast(cx.dtype))
    }
}

/// How the bias is first filled.
pub(super) fn first_bias(unit_forget_bias: bool, initializer: &InitializerRef) -> InitializerRef {
    if unit_forget_bias { ForgetBias(initializer.clone()).into() } else { initializer.clone() }
}

/// State and memory after a step, from its gates and the memory before it.
pub(super) fn new_states(
    g: &mut Graph,
    [input, forget, candidate, output]: [Value; 4],
    memory: Value,
    activation: &ActivationRef,
) -> Result<Vec<Value>, GraphError> {
    let kept = ops::multiply(g, forget, memory)?;
    let new = ops::multiply(g, input, candidate)?;
    let memory = ops::add(g, kept, new)?;
    let shown = activation.apply(g, memory)?;
    Ok(vec![ops::multiply(g, output, shown)?, memory])
}

impl LSTM {
    fn step(
        &self,
        g: &mut Graph,
        x: Value,
        states: &[Value],
        constants: &[Value],
    ) -> Result<Vec<Value>, GraphError> {
        let product = recurrent_product(g, states[0], constants[0], constants.get(1).copied())?;
        let z = ops::add(g, x, product)?;
        let mut gates = [z; 4];
        for (number, part) in gates.iter_mut().enumerate() {
            let value = gate(g, z, self.units, number)?;
            let activation = if number == 2 { &self.activation } else { &self.recurrent_activation };
            *part = activation.apply(g, value)?;
        }
        new_states(g, gates, states[1], &self.activation)
    }
}

impl Layer for LSTM {
    layer_methods!();

    fn as_called(&self) -> Option<&dyn Called> {
        Some(self)
    }

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let dropout = [self.dropout, self.recurrent_dropout];
        let features = check_sequence("LSTM", self.flags(), self.units, dropout, (inputs, 2))?;
        let bias = first_bias(self.unit_forget_bias, &self.bias_initializer);
        self.declare(cx, features, 4, &[4 * self.units], &bias);
        Ok(())
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        dropout_modes(self.dropout, self.recurrent_dropout)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let (input, initial) = sequence_and_states("LSTM", inputs, 2)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let x = dropped_input(cx, x, self.dropout, self.seed)?;
        let kernel = cx.part_weight(&self.part, "kernel")?;
        let mut projected = compose::dense(cx.graph(), x, kernel)?;
        if self.use_bias {
            let bias = cx.part_weight(&self.part, "bias")?;
            projected = compose::add(cx.graph(), projected, bias)?;
        }
        let mut constants = vec![cx.part_weight(&self.part, "recurrent_kernel")?];
        constants.extend(state_noise(cx, x, &Shape::from([self.units]), self.recurrent_dropout, self.seed)?);
        let step = |g: &mut Graph, x: Value, states: &[Value], constants: &[Value]| {
            self.step(g, x, states, constants)
        };
        let recurrence = Recurrence {
            flags: self.flags(),
            state: Shape::from([self.units]),
            states: 2,
            initial,
            constants,
            step: &step,
        };
        recurrence.run(cx, projected, input.mask)
    }
}
