//! What the recurrent layers of pictures share: LSTM whose products are convolutions.

use ceras_graph::{Dim, Graph, GraphError, Shape, TensorType, Value, compose, ops};

use super::{CELL, Flags, Recurrence, dropped_input, part, state_noise};
use crate::activations::ActivationRef;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::convolutional::common::Moves;
use crate::layers::declare::{check_share, misfit, unusable};
use crate::layers::spatial::Padding;
use crate::layers::{CallCx, DataFormat, Traced};

/// A layer's config, as far as its arithmetic depends on it.
pub(super) struct Pictures<'a> {
    pub(super) moves: Moves<'a>,
    pub(super) flags: Flags,
    pub(super) filters: usize,
    pub(super) data_format: DataFormat,
    pub(super) activation: &'a ActivationRef,
    pub(super) recurrent_activation: &'a ActivationRef,
    pub(super) use_bias: bool,
    pub(super) dropout: f64,
    pub(super) recurrent_dropout: f64,
    pub(super) seed: Option<i64>,
    pub(super) dtype: ceras_graph::DType,
}

impl Pictures<'_> {
    /// Checks config and input, and gives the channels.
    pub(super) fn check(&self, input: &TensorType) -> Result<usize> {
        let (class_name, axes) = (self.moves.class_name, self.moves.kernel_size.len());
        if self.flags.stateful {
            let text = format!("{class_name} with `stateful` is not supported");
            return Err(Error::new(ErrorKind::Unsupported, text)
                .hint("set `stateful` to false: each batch then starts with a state of zeros"));
        }
        if self.filters == 0 {
            return Err(unusable("`filters` must be 1 or more; it is 0"));
        }
        check_share("dropout", self.dropout)?;
        check_share("recurrent_dropout", self.recurrent_dropout)?;
        if input.shape.rank() != axes + 3 {
            return Err(misfit(format!(
                "{class_name} needs an input [batch, steps, …] of rank {}; its shape is {}",
                axes + 3,
                input.shape
            )));
        }
        self.moves.check(&input.shape.without(1))?;
        crate::layers::spatial::channels(class_name, &input.shape.without(1), self.data_format)
    }

    /// Runs the recurrence over a sequence of pictures.
    pub(super) fn run(&self, cx: &mut CallCx<'_>, input: &Traced, initial: &[Traced]) -> Result<Vec<Traced>> {
        let x = cx.as_float(input.value, self.dtype, "inputs")?;
        let x = dropped_input(cx, x, self.dropout, self.seed)?;
        let [batch, steps] = [0, 1].map(|axis| cx.shape(x).dim(axis));
        let kernel = cx.part_weight(CELL, "kernel")?;
        let recurrent = cx.part_weight(CELL, "recurrent_kernel")?;
        let bias = if self.use_bias { Some(cx.part_weight(CELL, "bias")?) } else { None };
        let g = cx.graph();
        let pictures = folded(g, x)?;
        let pictures = self.data_format.to_last(g, pictures)?;
        let mut projected = self.moves.convolve(g, pictures, kernel, 1)?;
        if let Some(bias) = bias {
            projected = compose::add(g, projected, bias)?;
        }
        let wide = g.ty(projected).shape.clone();
        let places = &wide.dims()[1..wide.rank() - 1];
        let state: Vec<Dim> = places.iter().copied().chain([Some(self.filters)]).collect();
        let projected = unfolded(g, projected, [batch, steps])?;
        let mut initial = initial.to_vec();
        for state in &mut initial {
            state.value = self.data_format.to_last(cx.graph(), state.value)?;
        }
        let state = Shape::from(state);
        let mut constants = vec![recurrent];
        constants.extend(state_noise(cx, x, &state, self.recurrent_dropout, self.seed)?);
        let step = |g: &mut Graph, x: Value, states: &[Value], constants: &[Value]| {
            self.step(g, x, states, constants)
        };
        let recurrence =
            Recurrence { flags: self.flags, state, states: 2, initial: &initial, constants, step: &step };
        let mut outputs = recurrence.run(cx, projected, input.mask)?;
        for (number, output) in outputs.iter_mut().enumerate() {
            let g = cx.graph();
            output.value = if number == 0 && self.flags.return_sequences {
                let pictures = folded(g, output.value)?;
                let pictures = self.data_format.restore(g, pictures)?;
                unfolded(g, pictures, [batch, steps])?
            } else {
                self.data_format.restore(g, output.value)?
            };
        }
        Ok(outputs)
    }

    fn step(
        &self,
        g: &mut Graph,
        x: Value,
        states: &[Value],
        constants: &[Value],
    ) -> Result<Vec<Value>, GraphError> {
        let state = match constants.get(1) {
            Some(noise) => ops::multiply(g, states[0], *noise)?,
            None => states[0],
        };
        let window = self.recurrent_window(&g.ty(state).shape.clone());
        let product = ops::convolution(g, state, constants[0], &window)?;
        let z = ops::add(g, x, product)?;
        let channels = g.ty(z).shape.rank() - 1;
        let mut gates = [z; 4];
        for (number, gate) in gates.iter_mut().enumerate() {
            let value = part(g, z, channels, number * self.filters, (number + 1) * self.filters)?;
            let activation = if number == 2 { self.activation } else { self.recurrent_activation };
            *gate = activation.apply(g, value)?;
        }
        super::lstm::new_states(g, gates, states[1], self.activation)
    }

    /// The window of the convolution of the state, whose result is as large as the state.
    fn recurrent_window(&self, state: &Shape) -> ops::ConvolutionWindow {
        const ONES: [usize; 3] = [1; 3];
        let axes = self.moves.kernel_size.len();
        let moves = Moves {
            strides: &ONES[..axes],
            dilation_rate: &ONES[..axes],
            padding: Padding::Same,
            ..self.moves
        };
        moves.window(state, 1)
    }
}

/// Steps as rows of one batch.
fn folded(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let shape = g.ty(x).shape.clone();
    let rows = shape.dim(0).zip(shape.dim(1)).and_then(|(batch, steps)| batch.checked_mul(steps));
    ops::reshape(g, x, shape.without(0).with(0, rows))
}

/// Rows as steps again.
fn unfolded(g: &mut Graph, x: Value, [batch, steps]: [Dim; 2]) -> Result<Value, GraphError> {
    let shape = g.ty(x).shape.clone();
    let dims: Vec<Dim> = [batch, steps].into_iter().chain(shape.dims()[1..].iter().copied()).collect();
    ops::reshape(g, x, Shape::from(dims))
}

/// Declares a recurrent layer of pictures over so many axes.
macro_rules! conv_lstm_layer {
    ($(#[$meta:meta])* $layer:ident<$axes:literal>) => {
        crate::layers::declare::layer_struct! {
            $(#[$meta])*
            $layer requires ["filters", "kernel_size"] written crate::layers::rnn::written {
                return_sequences: bool = false,
                return_state: bool = false,
                go_backwards: bool = false,
                stateful: bool = false,
                unroll: bool = false,
                zero_output_for_mask: bool = false,
                filters: usize = 0,
                kernel_size: crate::layers::Sizes<$axes> = crate::layers::Sizes::ONES,
                strides: crate::layers::Sizes<$axes> = crate::layers::Sizes::ONES,
                padding: crate::layers::Padding = crate::layers::Padding::Valid,
                data_format: crate::layers::DataFormat = crate::layers::DataFormat::ChannelsLast,
                dilation_rate: crate::layers::Sizes<$axes> = crate::layers::Sizes::ONES,
                #[serde(deserialize_with = "crate::activations::or_linear")]
                activation: crate::activations::ActivationRef = crate::activations::Tanh.into(),
                #[serde(deserialize_with = "crate::activations::or_linear")]
                recurrent_activation: crate::activations::ActivationRef = crate::activations::Sigmoid.into(),
                use_bias: bool = true,
                kernel_initializer: crate::initializers::InitializerRef =
                    crate::initializers::InitializerRef::glorot_uniform(),
                recurrent_initializer: crate::initializers::InitializerRef =
                    crate::initializers::Orthogonal::new().into(),
                bias_initializer: crate::initializers::InitializerRef =
                    crate::initializers::InitializerRef::zeros(),
                unit_forget_bias: bool = true,
                kernel_regularizer: Option<crate::regularizers::RegularizerRef> = None,
                recurrent_regularizer: Option<crate::regularizers::RegularizerRef> = None,
                bias_regularizer: Option<crate::regularizers::RegularizerRef> = None,
                kernel_constraint: Option<crate::constraints::ConstraintRef> = None,
                recurrent_constraint: Option<crate::constraints::ConstraintRef> = None,
                bias_constraint: Option<crate::constraints::ConstraintRef> = None,
                dropout: f64 = 0.0,
                recurrent_dropout: f64 = 0.0,
                seed: Option<i64> = None,
            }
        }

        crate::layers::rnn::called_with_states!($layer);

        impl $layer {
            /// A layer with a state of so many channels and kernels of this size.
            #[must_use]
            #[track_caller]
            pub fn new(filters: usize, kernel_size: impl Into<crate::layers::Sizes<$axes>>) -> $layer {
                $layer { filters, kernel_size: kernel_size.into(), ..made() }
            }

            crate::layers::declare::setters! {
                /// Whether the output of every step is returned instead of the last one's.
                return_sequences: bool;
                /// Whether the last states are returned too.
                return_state: bool;
                /// Whether the last step comes first; the outputs then stand in that order.
                go_backwards: bool;
                /// Whether a masked step's output is 0 instead of the output before it.
                zero_output_for_mask: bool;
                /// What stands around the pictures: nothing by default. The state is always padded to keep its size.
                padding: crate::layers::Padding;
                /// Where the channels stand: last by default.
                data_format: crate::layers::DataFormat;
                /// Whether a bias is added.
                use_bias: bool;
                /// Whether the bias of the forget gate begins with ones.
                unit_forget_bias: bool;
                /// The share of the inputs that is dropped while training, the same in all steps.
                dropout: f64;
                /// The share of the state that is dropped while training, the same in all steps.
                recurrent_dropout: f64;
            }

            /// Positions from one place of the kernel to the next: 1 by default.
            #[must_use]
            pub fn strides(mut self, strides: impl Into<crate::layers::Sizes<$axes>>) -> $layer {
                self.strides = strides.into();
                self
            }

            /// Distance of the kernel's positions from each other: 1 by default.
            #[must_use]
            pub fn dilation_rate(mut self, rate: impl Into<crate::layers::Sizes<$axes>>) -> $layer {
                self.dilation_rate = rate.into();
                self
            }

            crate::layers::declare::named_setters! {
                /// What is applied to the new state: tanh by default.
                activation: crate::activations::ActivationRef;
                /// What is applied to the gates: the sigmoid by default.
                recurrent_activation: crate::activations::ActivationRef;
                /// How the kernel is first filled: `glorot_uniform` by default.
                kernel_initializer: crate::initializers::InitializerRef;
                /// How the recurrent kernel is first filled: `orthogonal` by default.
                recurrent_initializer: crate::initializers::InitializerRef;
                /// How the bias is first filled: zeros by default.
                bias_initializer: crate::initializers::InitializerRef;
                /// What the kernel's size adds to the loss.
                kernel_regularizer: crate::regularizers::RegularizerRef;
                /// What the recurrent kernel's size adds to the loss.
                recurrent_regularizer: crate::regularizers::RegularizerRef;
                /// What the bias' size adds to the loss.
                bias_regularizer: crate::regularizers::RegularizerRef;
                /// What is done to the kernel after each step.
                kernel_constraint: crate::constraints::ConstraintRef;
                /// What is done to the recurrent kernel after each step.
                recurrent_constraint: crate::constraints::ConstraintRef;
                /// What is done to the bias after each step.
                bias_constraint: crate::constraints::ConstraintRef;
            }

            fn pictures(&self) -> crate::layers::rnn::conv_lstm::Pictures<'_> {
                crate::layers::rnn::conv_lstm::Pictures {
                    moves: crate::layers::convolutional::common::Moves {
                        class_name: stringify!($layer),
                        kernel_size: &self.kernel_size.0,
                        strides: &self.strides.0,
                        dilation_rate: &self.dilation_rate.0,
                        padding: self.padding,
                    },
                    flags: crate::layers::rnn::Flags {
                        return_sequences: self.return_sequences,
                        return_state: self.return_state,
                        go_backwards: self.go_backwards,
                        stateful: self.stateful,
                        zero_output_for_mask: self.zero_output_for_mask,
                    },
                    filters: self.filters,
                    data_format: self.data_format,
                    activation: &self.activation,
                    recurrent_activation: &self.recurrent_activation,
                    use_bias: self.use_bias,
                    dropout: self.dropout,
                    recurrent_dropout: self.recurrent_dropout,
                    seed: self.seed,
                    dtype: self.dtype.dtype(),
                }
            }
        }

        impl crate::layers::Layer for $layer {
            crate::layers::declare::layer_methods!();

            fn as_called(&self) -> Option<&dyn crate::layers::Called> {
                Some(self)
            }

            fn build(
                &self,
                cx: &mut crate::layers::BuildCx<'_>,
                inputs: &[ceras_graph::TensorType],
            ) -> crate::error::Result<()> {
                self.problem.clone().map_or(Ok(()), Err)?;
                let (input, _) = crate::layers::rnn::sequence_and_states(stringify!($layer), inputs, 2)?;
                let channels = self.pictures().check(input)?;
                let dims = |from: usize| [&self.kernel_size.0[..], &[from, 4 * self.filters]].concat();
                let bias = crate::layers::rnn::lstm::first_bias(self.unit_forget_bias, &self.bias_initializer);
                let (kernel, recurrent) = (dims(channels), dims(self.filters));
                let dims = [&kernel[..], &recurrent, &[4 * self.filters]];
                crate::layers::rnn::declare_cell!(self, cx, crate::layers::rnn::CELL, dims, &bias);
                Ok(())
            }

            fn modes(&self, _: bool) -> Option<crate::layers::Modes> {
                crate::layers::rnn::dropout_modes(self.dropout, self.recurrent_dropout)
            }

            fn call(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<Vec<crate::layers::Traced>> {
                let (input, initial) = crate::layers::rnn::sequence_and_states(stringify!($layer), inputs, 2)?;
                self.pictures().run(cx, input, initial)
            }
        }
    };
}
pub(super) use conv_lstm_layer;
