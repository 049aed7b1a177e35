//! The plain recurrent layer.

use ceras_graph::{Shape, TensorType, compose, ops};

use super::{
    Recurrence, check_sequence, dropout_modes, dropped_input, recurrent_layer, recurrent_product,
    sequence_and_states, state_noise,
};
use crate::error::Result;
use crate::layers::declare::layer_methods;
use crate::layers::{BuildCx, CallCx, Called, Layer, Modes, Traced};

recurrent_layer! {
    /// The plain recurrent layer: `state = activation(input · kernel + state · recurrent_kernel + bias)`, step by step from zeros, or from the initial states given after the sequence.
    ///
    /// # Shapes
    /// `[batch, steps, features]` → `[batch, units]`, the last state; with `return_sequences` `[batch, steps, units]`; with `return_state` the
    /// last state besides. Weights: `kernel` `[features, units]`, `recurrent_kernel` `[units, units]`, `bias` `[units]`. A masked step leaves the state as it is.
    ///
    /// # Errors
    /// The input is not of rank 3 or its features are unknown; `stateful`; initial states of another number or shape.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::SimpleRNN;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([3, 1])).add(SimpleRNN::new(1).activation("linear")).build()?;
    /// let one = |value: f32| Tensor::new(&[1, 1], [value]);
    /// model.set_weights(&[one(1.0)?, one(2.0)?, Tensor::new(&[1], [0.0f32])?])?;
    /// // 1, then 1 + 2 · 1 = 3, then 1 + 2 · 3 = 7
    /// assert_eq!(model.predict(&Tensor::new(&[1, 3, 1], [1.0f32; 3])?)?.slice::<f32>(), [7.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Elman (1990), *Finding structure in time*, <https://doi.org/10.1207/s15516709cog1402_1>
    ///
    /// # Keras
    /// `unroll` changes nothing. `stateful` is refused.
    SimpleRNN
    before {}
    after_bias {}
    after {}
}

impl Layer for SimpleRNN {
    layer_methods!();

    fn as_called(&self) -> Option<&dyn Called> {
        Some(self)
    }

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let dropout = [self.dropout, self.recurrent_dropout];
        let features = check_sequence("SimpleRNN", self.flags(), self.units, dropout, (inputs, 1))?;
        self.declare(cx, features, 1, &[self.units], &self.bias_initializer);
        Ok(())
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        dropout_modes(self.dropout, self.recurrent_dropout)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let (input, initial) = sequence_and_states("SimpleRNN", inputs, 1)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let x = dropped_input(cx, x, self.dropout, None)?;
        let kernel = cx.part_weight(&self.part, "kernel")?;
        let mut projected = compose::dense(cx.graph(), x, kernel)?;
        if self.use_bias {
            let bias = cx.part_weight(&self.part, "bias")?;
            projected = compose::add(cx.graph(), projected, bias)?;
        }
        let mut constants = vec![cx.part_weight(&self.part, "recurrent_kernel")?];
        constants.extend(state_noise(cx, x, &Shape::from([self.units]), self.recurrent_dropout, None)?);
        let recurrence = Recurrence {
            flags: self.flags(),
            state: Shape::from([self.units]),
            states: 1,
            initial,
            constants,
            step: &|g, x, states, constants| {
                let product = recurrent_product(g, states[0], constants[0], constants.get(1).copied())?;
                let sum = ops::add(g, x, product)?;
                Ok(vec![self.activation.apply(g, sum)?])
            },
        };
        recurrence.run(cx, projected, input.mask)
    }
}
