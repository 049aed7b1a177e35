//! A recurrent layer of any cell.

use ceras_graph::{TensorType, ops};

use super::cells::Maker;
use super::stacked_rnn_cells::cell_of;
use super::wrapped::Wrapped;
use super::{CELL, Flags};
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, setters};
use crate::layers::{BuildCx, CallCx, Identity, Layer, LayerRef, Modes, Traced, single};

layer_struct! {
    /// Goes through a sequence with a cell, or with several that feed each other in each step.
    ///
    /// `RNN(LSTMCell)` is [`LSTM`](crate::layers::LSTM), and so on. Stacked cells are such layers one after the other.
    ///
    /// # Shapes
    /// `[batch, steps, features]` → `[batch, units]` of the last cell; with `return_sequences` `[batch, steps, units]`; with
    /// `return_state` the states of all cells follow. The weights are the cells', in their order. A masked step leaves the states
    /// as they are.
    ///
    /// # Errors
    /// What is inside is no cell; the input is not of rank 3 or its features are unknown; `stateful`; an initial state.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::{RNN, SimpleRNN, SimpleRNNCell};
    /// use ceras::prelude::*;
    /// let cell = SimpleRNNCell::of(SimpleRNN::new(1).activation("linear"));
    /// let mut model = Sequential::new().add(Input::new([3, 1])).add(RNN::new(cell)).build()?;
    /// let one = |value: f32| Tensor::new(&[1, 1], [value]);
    /// model.set_weights(&[one(1.0)?, one(2.0)?, Tensor::new(&[1], [0.0f32])?])?;
    /// // 1, then 1 + 2 · 1 = 3, then 1 + 2 · 3 = 7
    /// assert_eq!(model.predict(&Tensor::new(&[1, 3, 1], [1.0f32; 3])?)?.slice::<f32>(), [7.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// `unroll` changes nothing. `stateful`, initial states and a user's own cells are refused.
    RNN requires ["cell"] {
        return_sequences: bool = false,
        return_state: bool = false,
        go_backwards: bool = false,
        stateful: bool = false,
        unroll: bool = false,
        zero_output_for_mask: bool = false,
        cell: Wrapped = Wrapped(Identity::new().into()),
    }
}

impl RNN {
    /// A layer that goes through a sequence with this cell.
    #[must_use]
    #[track_caller]
    pub fn new(cell: impl Into<LayerRef>) -> RNN {
        RNN { cell: Wrapped(cell.into()), ..made() }
    }

    setters! {
        /// Whether the output of every step is returned instead of the last one's.
        return_sequences: bool;
        /// Whether the last states are returned too.
        return_state: bool;
        /// Whether the last step comes first; the outputs then stand in that order.
        go_backwards: bool;
        /// Whether a masked step's output is 0 instead of the output before it.
        zero_output_for_mask: bool;
    }

    /// The layers that the cells stand for, and whether each is trained.
    fn layers(&self) -> Result<Vec<(LayerRef, bool)>> {
        let makers = cell_of(&self.cell)?.makers(CELL)?;
        let last = makers.len() - 1;
        let flags = |number: usize| Flags {
            return_sequences: self.return_sequences || number < last,
            return_state: self.return_state,
            // Several are given the sequence turned round.
            go_backwards: self.go_backwards && last == 0,
            stateful: self.stateful,
            zero_output_for_mask: self.zero_output_for_mask && number == last,
        };
        let made = |(number, maker): (usize, &Maker<'_>)| {
            ((maker.make)(&maker.part, flags(number)), maker.trainable)
        };
        Ok(makers.iter().enumerate().map(made).collect())
    }
}

impl Layer for RNN {
    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let mut inputs = inputs.to_vec();
        for (layer, trainable) in self.layers()? {
            let first = cx.declared();
            layer.build(cx, &inputs)?;
            if !trainable {
                cx.freeze_from(first);
            }
            let units = layer.config().get("units").and_then(serde_json::Value::as_u64).unwrap_or(0);
            let shape = &mut inputs[0].shape;
            *shape = shape.with(2, usize::try_from(units).ok());
        }
        Ok(())
    }

    fn modes(&self, frozen: bool) -> Option<Modes> {
        self.layers().ok()?.iter().find_map(|(layer, _)| layer.modes(frozen))
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = *single("RNN", inputs)?;
        let layers = self.layers()?;
        let mut sequence = input;
        if self.go_backwards && layers.len() > 1 {
            let g = cx.graph();
            sequence.value = ops::reverse(g, input.value, &[1])?;
            sequence.mask = input.mask.map(|mask| ops::reverse(g, mask, &[1])).transpose()?;
        }
        let mut states = Vec::new();
        for (layer, _) in &layers {
            let outputs = layer.call(cx, &[sequence])?;
            sequence.value = outputs[0].value;
            states.extend_from_slice(&outputs[1..]);
        }
        let mask = input.mask.filter(|_| self.return_sequences);
        Ok([Traced { value: sequence.value, mask }].into_iter().chain(states).collect())
    }
}
