//! What a recurrent layer does in one step, as Keras writes it inside of [`RNN`](super::RNN).

use std::sync::Arc;

use ceras_graph::TensorType;
use serde_json::Value as Json;

use super::{Flags, GRU, LSTM, SimpleRNN};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{BuildCx, CallCx, Layer, LayerInfo, LayerRef, Traced};
use crate::registry::{Config, Configurable, Entry};

/// The keys that the layer has and the step has not.
const LAYER_ALONE: [&str; 7] = [
    "activity_regularizer",
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "unroll",
    "zero_output_for_mask",
];

/// The layer whose weights stand in a part of this name, with these flags.
type Make<'a> = dyn Fn(&str, Flags) -> LayerRef + 'a;

/// Makes the layer that goes through a sequence with a cell, with these flags.
pub(crate) struct Maker<'a> {
    /// Where the weights stand inside of the layer.
    pub(super) part: String,
    pub(super) trainable: bool,
    pub(super) make: Box<Make<'a>>,
}

/// What a recurrent layer does in one step.
pub(crate) trait Cell {
    /// The layers that it stands for, one after the other.
    fn makers(&self, part: &str) -> Result<Vec<Maker<'_>>>;
}

/// The error for a cell that stands in a model by itself.
pub(super) fn alone(class_name: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("{class_name} is what a recurrent layer does in one step, and no layer"),
    )
    .hint(format!("put it into a layer that goes through a sequence: `RNN::new({class_name}::new(…))`"))
}

/// The methods of [`Layer`] that every cell has alike.
macro_rules! cell_methods {
    ($class_name:expr) => {
        fn build(&self, _: &mut BuildCx<'_>, _: &[TensorType]) -> Result<()> {
            Err($crate::layers::rnn::cells::alone($class_name))
        }

        fn call(&self, _: &mut CallCx<'_>, _: &[Traced]) -> Result<Vec<Traced>> {
            Err($crate::layers::rnn::cells::alone($class_name))
        }

        #[allow(private_interfaces, reason = "only this library's cells answer")]
        fn as_cell(&self) -> Option<&dyn $crate::layers::rnn::cells::Cell> {
            Some(self)
        }
    };
}
pub(super) use cell_methods;

/// A cell whose config is that of its layer, the keys in another order.
macro_rules! cells {
    ($($(#[$meta:meta])* $cell:ident($layer:ident), $entry:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $cell {
            layer: $layer,
            /// A seed that the layer itself may not have.
            seed: Option<Json>,
        }

        impl $cell {
            /// A cell with a state of so many numbers.
            #[must_use]
            #[track_caller]
            pub fn new(units: usize) -> $cell {
                $cell::of($layer::new(units))
            }

            /// The step of this layer; what the layer returns is not looked at.
            #[must_use]
            pub fn of(layer: $layer) -> $cell {
                $cell { layer, seed: None }
            }

            fn parse(config: &Config) -> Result<$cell> {
                let mut config = config.clone();
                if let Some(key) = LAYER_ALONE.iter().find(|key| config.get(**key).is_some_and(|value| !value.is_null())) {
                    let text = format!("the config does not fit: unknown field `{key}`");
                    return Err(Error::new(ErrorKind::File, text));
                }
                let kept = $layer::new(1).config().contains_key("seed");
                let seed = if kept { None } else { config.shift_remove("seed") };
                let layer = crate::registry::parse_config::<$layer>(&config)?;
                crate::layers::declare::require(&config, &["units"])?;
                Ok($cell { layer, seed })
            }
        }

        /// The entry of the registry.
        pub(crate) static $entry: Entry<dyn Layer> = Entry {
            class_name: stringify!($cell),
            aliases: &[],
            parse: |config| $cell::parse(config).map(|cell| Arc::new(cell) as _),
        };

        impl Configurable for $cell {
            fn class_name(&self) -> &'static str {
                stringify!($cell)
            }

            fn config(&self) -> Config {
                let mut config = self.layer.config();
                for key in LAYER_ALONE {
                    config.shift_remove(key);
                }
                let bias = config.keys().position(|key| key == "kernel_initializer").unwrap_or(0);
                if let Some(unit) = config.shift_remove("unit_forget_bias") {
                    config.shift_insert(bias, "unit_forget_bias".to_owned(), unit);
                }
                if !config.contains_key("seed") {
                    config.insert("seed".to_owned(), self.seed.clone().unwrap_or_default());
                }
                config
            }
        }

        impl Layer for $cell {
            fn info(&self) -> LayerInfo<'_> {
                self.layer.info()
            }

            cell_methods!(stringify!($cell));
        }

        impl Cell for $cell {
            fn makers(&self, part: &str) -> Result<Vec<Maker<'_>>> {
                let make = |part: &str, flags| self.layer.clone().flagged(part, flags).into();
                let trainable = self.layer.info().trainable;
                Ok(vec![Maker { part: part.to_owned(), trainable, make: Box::new(make) }])
            }
        }
    )*};
}

cells! {
    /// One step of [`LSTM`], for [`RNN`](super::RNN).
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::{LSTMCell, RNN};
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([10, 8])).add(RNN::new(LSTMCell::new(4))).build()?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 4]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// A cell cannot be called by itself here.
    LSTMCell(LSTM), LSTM_CELL;
    /// One step of [`GRU`], for [`RNN`](super::RNN).
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::{GRU, GRUCell, RNN};
    /// use ceras::prelude::*;
    /// let cell = GRUCell::of(GRU::new(4).reset_after(false));
    /// let model = Sequential::new().add(Input::new([10, 8])).add(RNN::new(cell)).build()?;
    /// assert_eq!(model.count_params(), 3 * 4 * (8 + 4 + 1));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// A cell cannot be called by itself here.
    GRUCell(GRU), GRU_CELL;
    /// One step of [`SimpleRNN`], for [`RNN`](super::RNN).
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::{RNN, SimpleRNNCell};
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([10, 8])).add(RNN::new(SimpleRNNCell::new(4))).build()?;
    /// assert_eq!(model.count_params(), 4 * (8 + 4 + 1));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// A cell cannot be called by itself here.
    SimpleRNNCell(SimpleRNN), SIMPLE_RNN_CELL;
}
