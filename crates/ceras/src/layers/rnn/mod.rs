//! Recurrent layers: one step after another, with a state that is handed on.

pub mod bidirectional;
pub mod cells;
mod conv_lstm;
pub mod conv_lstm1d;
pub mod conv_lstm2d;
pub mod conv_lstm3d;
pub mod gru;
pub mod lstm;
pub mod rnn_layer;
pub mod simple_rnn;
pub mod stacked_rnn_cells;
pub mod time_distributed;
pub mod wrapped;

pub use bidirectional::Bidirectional;
pub use cells::{GRUCell, LSTMCell, SimpleRNNCell};
pub use conv_lstm1d::ConvLSTM1D;
pub use conv_lstm2d::ConvLSTM2D;
pub use conv_lstm3d::ConvLSTM3D;
pub use gru::GRU;
pub use lstm::LSTM;
pub use rnn_layer::RNN;
pub use simple_rnn::SimpleRNN;
pub use stacked_rnn_cells::StackedRNNCells;
pub use time_distributed::TimeDistributed;

use ceras_graph::{Dim, Graph, GraphError, Shape, TensorType, Value, compose, ops};
use serde_json::{Value as Json, json};

use super::declare::{check_share, misfit, unusable};
use super::regularization::{drop_out, percent};
use super::{CallCx, Modes, Traced, known_last};
use crate::error::{Error, ErrorKind, Result};
use crate::registry::Config;

/// The name that Keras' files have for what a recurrent layer does in one step.
const CELL: &str = "cell";

/// What a recurrent layer is asked to return, and in which order it goes.
#[derive(Clone, Copy, Debug)]
struct Flags {
    return_sequences: bool,
    return_state: bool,
    go_backwards: bool,
    stateful: bool,
    zero_output_for_mask: bool,
}

/// A step: the projected input, the states, and what stays the same from step to step; it gives the new states, the output first.
type Step<'a> = dyn Fn(&mut Graph, Value, &[Value], &[Value]) -> Result<Vec<Value>, GraphError> + 'a;

/// A recurrence over a sequence.
struct Recurrence<'a> {
    flags: Flags,
    /// The shape of a state without its batch axis.
    state: Shape,
    states: usize,
    /// What the states are before the first step: zeros if nothing is given.
    initial: &'a [Traced],
    /// Weights and masks that every step reads.
    constants: Vec<Value>,
    step: &'a Step<'a>,
}

impl Recurrence<'_> {
    /// Runs the steps over `projected`, `[batch, steps, …]`, whose mask is that of the layer's input.
    fn run(&self, cx: &mut CallCx<'_>, projected: Value, mask: Option<Value>) -> Result<Vec<Traced>> {
        let mut sequences = vec![steps_first(cx.graph(), projected)?];
        if let Some(mask) = mask {
            sequences.push(steps_first(cx.graph(), mask)?);
        }
        if self.flags.go_backwards {
            for sequence in &mut sequences {
                *sequence = ops::reverse(cx.graph(), *sequence, &[0])?;
            }
        }
        let carries = [self.first_states(cx, projected)?, self.constants.clone()].concat();
        let g = cx.graph();
        let body = self.body(g, &carries, &sequences)?;
        let results = ops::scan(g, &carries, &sequences, body)?;
        let outputs = results.get(carries.len()).copied();
        let mut returned: Vec<Traced> = Vec::new();
        match outputs {
            Some(outputs) if self.flags.return_sequences => {
                let value = steps_first(g, outputs)?;
                returned.push(Traced { value, mask });
            }
            Some(outputs) => returned.push(last_step(g, outputs)?.into()),
            None => returned.push(results[0].into()),
        }
        if self.flags.return_state {
            returned.extend(results[..self.states].iter().map(|state| Traced::from(*state)));
        }
        Ok(returned)
    }

    /// The states before the first step.
    fn first_states(&self, cx: &mut CallCx<'_>, projected: Value) -> Result<Vec<Value>> {
        let ty = cx.ty(projected).clone();
        let dims: Vec<Dim> =
            std::iter::once(ty.shape.dim(0)).chain(self.state.dims().iter().copied()).collect();
        let shape = Shape::from(dims);
        if self.initial.is_empty() {
            let zero = cx.scalar_like(0.0, projected)?;
            let zeros = compose::broadcast_to(cx.graph(), zero, &shape)?;
            return Ok(vec![zeros; self.states]);
        }
        let state = |state: &Traced| {
            let value = cx.as_float(state.value, ty.dtype, "initial_state")?;
            Ok(compose::broadcast_to(cx.graph(), value, &shape)?)
        };
        self.initial.iter().map(state).collect()
    }

    /// Whether each step has an output besides the states.
    fn has_outputs(&self, masked: bool) -> bool {
        self.flags.return_sequences || (masked && self.flags.zero_output_for_mask)
    }

    fn body(&self, outer: &Graph, carries: &[Value], sequences: &[Value]) -> Result<Graph, GraphError> {
        let mut g = Graph::new();
        let carried: Vec<Value> = carries.iter().map(|carry| g.input(outer.ty(*carry).clone(), "")).collect();
        let one_step = |value: &Value| {
            let ty = outer.ty(*value);
            TensorType { dtype: ty.dtype, shape: ty.shape.without(0) }
        };
        let inputs: Vec<Value> = sequences.iter().map(|sequence| g.input(one_step(sequence), "")).collect();
        let (states, constants) = carried.split_at(self.states);
        let mut new = (self.step)(&mut g, inputs[0], states, constants)?;
        let mut output = new[0];
        if let Some(mask) = inputs.get(1) {
            let mut mask = *mask;
            for axis in 1..=self.state.rank() {
                mask = compose::expand_dims(&mut g, mask, axis)?;
            }
            for (new, old) in new.iter_mut().zip(states) {
                *new = compose::select(&mut g, mask, *new, *old)?;
            }
            output = new[0];
            if self.flags.zero_output_for_mask {
                let dtype = g.ty(output).dtype;
                let zero = compose::scalar(&mut g, 0.0, dtype)?;
                output = compose::select(&mut g, mask, output, zero)?;
            }
        }
        let mut outputs = [&new[..], constants].concat();
        outputs.extend(self.has_outputs(inputs.len() > 1).then_some(output));
        g.set_outputs(outputs);
        Ok(g)
    }
}

/// The first two axes, batch and steps, change places.
fn steps_first(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let axes: Vec<usize> = [1, 0].into_iter().chain(2..g.ty(x).shape.rank()).collect();
    ops::transpose(g, x, &axes)
}

/// The last of the steps, which come first.
fn last_step(g: &mut Graph, outputs: Value) -> Result<Value, GraphError> {
    let reversed = ops::reverse(g, outputs, &[0])?;
    let shape = g.ty(reversed).shape.clone();
    let first = part(g, reversed, 0, 0, 1)?;
    ops::reshape(g, first, shape.without(0))
}

/// The elements `start..limit` along one axis.
fn part(g: &mut Graph, x: Value, axis: usize, start: usize, limit: usize) -> Result<Value, GraphError> {
    let shape = g.ty(x).shape.clone();
    let mut starts = vec![0; shape.rank()];
    let mut limits: Vec<usize> = shape.dims().iter().map(|dim| dim.unwrap_or(usize::MAX)).collect();
    (starts[axis], limits[axis]) = (start, limit);
    ops::slice(g, x, &starts, &limits, &vec![1; shape.rank()])
}

/// The gates of a step that computes several at once, `[batch, gates · units]`.
fn gate(g: &mut Graph, x: Value, units: usize, number: usize) -> Result<Value, GraphError> {
    part(g, x, 1, number * units, (number + 1) * units)
}

/// The number of features of a sequence, which must be known, and that the other arguments can be.
fn check_sequence(
    class_name: &str,
    flags: Flags,
    units: usize,
    dropout: [f64; 2],
    (inputs, states): (&[TensorType], usize),
) -> Result<usize> {
    let (input, initial) = sequence_and_states(class_name, inputs, states)?;
    let state = Shape::from([None, Some(units)]);
    if let Some(other) = initial.iter().find(|initial| !initial.shape.is_compatible(&state)) {
        return Err(misfit(format!(
            "an initial state of {class_name} must have shape [batch, {units}]; it has {}",
            other.shape
        )));
    }
    if flags.stateful {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("{class_name} with `stateful` is not supported"),
        )
        .hint("set `stateful` to false: each batch then starts with a state of zeros"));
    }
    if units == 0 {
        return Err(unusable("`units` must be 1 or more; it is 0"));
    }
    check_share("dropout", dropout[0])?;
    check_share("recurrent_dropout", dropout[1])?;
    let shape = &input.shape;
    if shape.rank() != 3 {
        return Err(misfit(format!(
            "{class_name} needs an input [batch, steps, features]; its shape is {shape}"
        )));
    }
    known_last(class_name, shape, 3)
}

/// The sequence of a call, and the initial states if there are any.
fn sequence_and_states<'a, T>(class_name: &str, inputs: &'a [T], states: usize) -> Result<(&'a T, &'a [T])> {
    match inputs {
        [sequence, initial @ ..] if initial.is_empty() || initial.len() == states => Ok((sequence, initial)),
        _ => Err(misfit(format!(
            "{class_name} takes a sequence, and with it {} or none; it is given {} inputs",
            if states == 1 { "one initial state".to_owned() } else { format!("{states} initial states") },
            inputs.len()
        ))),
    }
}

/// The one argument of a recurrent layer's call, besides the sequence, that is a list of tensors.
const INITIAL_STATE: &[&str] = &["initial_state"];

/// Fails at arguments of a call that are neither tensors nor travel by themselves.
fn check_arguments(class_name: &str, arguments: &Config) -> Result<()> {
    let known = ["initial_state", "training", "mask"];
    let other = arguments.iter().find(|(name, value)| !known.contains(&name.as_str()) && !value.is_null());
    match other {
        None => Ok(()),
        Some((name, _)) => {
            let text = format!("{class_name} is called with `{name}`, which is not supported");
            Err(Error::new(ErrorKind::Unsupported, text))
        }
    }
}

/// A sequence and its initial states as the arguments of a call.
fn call_node(mut inputs: Vec<Json>) -> (Json, Config) {
    let states = inputs.split_off(inputs.len().min(1));
    let mut named = Config::new();
    if states.is_empty() {
        named.insert("training".to_owned(), false.into());
        named.insert("mask".to_owned(), Json::Null);
    } else {
        named.insert("initial_state".to_owned(), states.into());
    }
    (inputs.into(), named)
}

/// Keras' `build_config` for a sequence and its initial states.
fn call_shapes(mut shapes: Vec<Json>) -> Json {
    let states = shapes.split_off(shapes.len().min(1));
    let sequence = shapes.pop().unwrap_or_default();
    if states.is_empty() {
        json!({"input_shape": sequence})
    } else {
        json!({"shapes_dict": {"sequences_shape": sequence, "initial_state_shape": states}})
    }
}

/// `Called` of a layer that takes a sequence and initial states.
macro_rules! called_with_states {
    ($layer:ident) => {
        impl crate::layers::Called for $layer {
            fn tensors(&self) -> &'static [&'static str] {
                crate::layers::rnn::INITIAL_STATE
            }

            fn called(
                &self,
                arguments: &crate::registry::Config,
            ) -> crate::error::Result<crate::layers::LayerRef> {
                crate::layers::rnn::check_arguments(stringify!($layer), arguments)?;
                Ok(self.clone().into())
            }

            fn node(&self, inputs: Vec<serde_json::Value>) -> (serde_json::Value, crate::registry::Config) {
                crate::layers::rnn::call_node(inputs)
            }

            fn build_config(&self, shapes: Vec<serde_json::Value>) -> serde_json::Value {
                crate::layers::rnn::call_shapes(shapes)
            }
        }
    };
}
use called_with_states;

/// What a recurrent layer with dropout does in `fit` and in `predict`.
fn dropout_modes(dropout: f64, recurrent_dropout: f64) -> Option<Modes> {
    let part = |rate: f64, what: &str| (rate > 0.0).then(|| format!("{} of its {what}", percent(rate)));
    let parts = [part(dropout, "inputs"), part(recurrent_dropout, "state")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let fit = format!(
        "sets {} to 0 at random, the same in all steps, and scales the others up",
        parts.join(" and ")
    );
    (!parts.is_empty()).then(|| Modes { fit, predict: "uses all of them".to_owned() })
}

/// The input with the same features dropped in all steps.
fn dropped_input(cx: &mut CallCx<'_>, x: Value, rate: f64, seed: Option<i64>) -> Result<Value> {
    if !cx.training() || rate == 0.0 {
        return Ok(x);
    }
    let noise = cx.shape(x).with(1, Some(1));
    drop_out(cx, x, rate, noise, seed)
}

/// What the state is multiplied by before it is multiplied by the recurrent kernel, when some of it is dropped.
fn state_noise(
    cx: &mut CallCx<'_>,
    x: Value,
    state: &Shape,
    rate: f64,
    seed: Option<i64>,
) -> Result<Option<Value>> {
    if !cx.training() || rate == 0.0 {
        return Ok(None);
    }
    let dims: Vec<Dim> = std::iter::once(cx.shape(x).dim(0)).chain(state.dims().iter().copied()).collect();
    let shape = Shape::from(dims);
    let one = cx.scalar_like(1.0, x)?;
    let ones = compose::broadcast_to(cx.graph(), one, &shape)?;
    drop_out(cx, ones, rate, shape, seed).map(Some)
}

/// `state · noise · kernel`, the constants being the kernel and, when there is any, the noise last.
fn recurrent_product(
    g: &mut Graph,
    state: Value,
    kernel: Value,
    noise: Option<Value>,
) -> Result<Value, GraphError> {
    let state = match noise {
        Some(noise) => ops::multiply(g, state, noise)?,
        None => state,
    };
    compose::dense(g, state, kernel)
}

/// Declares kernel, recurrent kernel and bias of a layer's cell, of these dimensions.
macro_rules! declare_cell {
    ($layer:ident, $cx:ident, $part:expr, $dims:expr, $bias_initializer:expr) => {{
        let (dtype, [kernel, recurrent, bias]) = ($layer.dtype.dtype(), $dims);
        let mut cx = $cx.part($part);
        cx.weight("kernel", dtype, kernel, &$layer.kernel_initializer)
            .regularizer(&$layer.kernel_regularizer)
            .constraint(&$layer.kernel_constraint);
        cx.weight("recurrent_kernel", dtype, recurrent, &$layer.recurrent_initializer)
            .regularizer(&$layer.recurrent_regularizer)
            .constraint(&$layer.recurrent_constraint);
        if $layer.use_bias {
            cx.weight("bias", dtype, bias, $bias_initializer)
                .regularizer(&$layer.bias_regularizer)
                .constraint(&$layer.bias_constraint);
        }
    }};
}
use declare_cell;

/// Declares a recurrent layer's keys, builders and flags: what all have alike, and the layer's own keys in between and after.
macro_rules! recurrent_layer {
    (
        $(#[$meta:meta])*
        $layer:ident
        before { $($(#[$b_attribute:meta])* $before:ident: $b_ty:ty = $b_default:expr,)* }
        after_bias { $($middle:ident: $m_ty:ty = $m_default:expr,)* }
        after { $($after:ident: $a_ty:ty = $a_default:expr,)* }
    ) => {
        crate::layers::declare::layer_struct! {
            $(#[$meta])*
            $layer requires ["units"] written crate::layers::rnn::written {
                return_sequences: bool = false,
                return_state: bool = false,
                go_backwards: bool = false,
                stateful: bool = false,
                unroll: bool = false,
                zero_output_for_mask: bool = false,
                units: usize = 0,
                #[serde(deserialize_with = "crate::activations::or_linear")]
                activation: crate::activations::ActivationRef = crate::activations::Tanh.into(),
                $($(#[$b_attribute])* $before: $b_ty = $b_default,)*
                use_bias: bool = true,
                kernel_initializer: crate::initializers::InitializerRef =
                    crate::initializers::InitializerRef::glorot_uniform(),
                recurrent_initializer: crate::initializers::InitializerRef =
                    crate::initializers::Orthogonal::new().into(),
                bias_initializer: crate::initializers::InitializerRef =
                    crate::initializers::InitializerRef::zeros(),
                $($middle: $m_ty = $m_default,)*
                kernel_regularizer: Option<crate::regularizers::RegularizerRef> = None,
                recurrent_regularizer: Option<crate::regularizers::RegularizerRef> = None,
                bias_regularizer: Option<crate::regularizers::RegularizerRef> = None,
                kernel_constraint: Option<crate::constraints::ConstraintRef> = None,
                recurrent_constraint: Option<crate::constraints::ConstraintRef> = None,
                bias_constraint: Option<crate::constraints::ConstraintRef> = None,
                dropout: f64 = 0.0,
                recurrent_dropout: f64 = 0.0,
                $($after: $a_ty = $a_default,)*
                #[serde(skip)]
                part: String = crate::layers::rnn::CELL.to_owned(),
            }
        }

        crate::layers::rnn::called_with_states!($layer);

        impl $layer {
            /// A layer with a state of so many numbers.
            #[must_use]
            #[track_caller]
            pub fn new(units: usize) -> $layer {
                $layer { units, ..made() }
            }

            crate::layers::declare::setters! {
                /// Whether the output of every step is returned instead of the last one's.
                return_sequences: bool;
                /// Whether the last state is returned too.
                return_state: bool;
                /// Whether the last step comes first; the outputs then stand in that order.
                go_backwards: bool;
                /// Whether a masked step's output is 0 instead of the output before it.
                zero_output_for_mask: bool;
                /// Whether a bias is added.
                use_bias: bool;
                /// The share of the inputs that is dropped while training, the same in all steps.
                dropout: f64;
                /// The share of the state that is dropped while training, the same in all steps.
                recurrent_dropout: f64;
                $(
                    #[doc = concat!("Keras' `", stringify!($middle), "`.")]
                    $middle: $m_ty;
                )*
            }

            crate::layers::declare::named_setters! {
                /// What is applied to the new state: tanh by default.
                activation: crate::activations::ActivationRef;
                $(
                    /// What is applied to the gates: the sigmoid by default.
                    $before: crate::activations::ActivationRef;
                )*
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

            /// The same layer with other flags, its weights in a part of this name.
            pub(in crate::layers::rnn) fn flagged(mut self, part: &str, flags: crate::layers::rnn::Flags) -> $layer {
                self.return_sequences = flags.return_sequences;
                self.return_state = flags.return_state;
                self.go_backwards = flags.go_backwards;
                self.stateful = flags.stateful;
                self.zero_output_for_mask = flags.zero_output_for_mask;
                part.clone_into(&mut self.part);
                self
            }

            fn flags(&self) -> crate::layers::rnn::Flags {
                crate::layers::rnn::Flags {
                    return_sequences: self.return_sequences,
                    return_state: self.return_state,
                    go_backwards: self.go_backwards,
                    stateful: self.stateful,
                    zero_output_for_mask: self.zero_output_for_mask,
                }
            }

            /// Declares kernel, recurrent kernel and bias of so many gates.
            fn declare(
                &self,
                cx: &mut crate::layers::BuildCx<'_>,
                features: usize,
                gates: usize,
                bias: &[usize],
                bias_initializer: &crate::initializers::InitializerRef,
            ) {
                let units = self.units;
                let dims = [&[features, gates * units][..], &[units, gates * units], bias];
                crate::layers::rnn::declare_cell!(self, cx, &self.part, dims, bias_initializer);
            }
        }
    };
}
use recurrent_layer;

/// Keras writes the activity regularizer after the bias' when there is none.
fn written(mut config: crate::registry::Config) -> crate::registry::Config {
    if !config.contains_key("activity_regularizer")
        && let Some(place) = config.keys().position(|key| key == "kernel_constraint")
    {
        config.shift_insert(place, "activity_regularizer".to_owned(), serde_json::Value::Null);
    }
    config
}
