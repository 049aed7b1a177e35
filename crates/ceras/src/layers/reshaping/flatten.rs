//! The layer that flattens.

use std::panic::Location;

use ceras_graph::{Dim, Shape, TensorType, ops};
use serde::{Deserialize, Serialize};

use crate::dtype_policy::DTypePolicy;
use crate::error::Result;
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Traced};
use crate::layers::{layer_builders, layer_entry, layer_info, single};

/// Flattens each row of the batch.
///
/// # Shapes
/// `[batch, …]` → `[batch, product of the rest]`; `[batch]` → `[batch, 1]`.
///
/// # Errors
/// None of its own.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// let mut model = Sequential::new().add(Input::new([2, 2])).add(Flatten::new()).build()?;
/// assert_eq!(model.output_shape()?.to_string(), "[?, 4]");
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// With `data_format` "channels_first" the channels are moved last before flattening, as in Keras.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flatten {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "crate::layers::yes")]
    trainable: bool,
    #[serde(default)]
    dtype: DTypePolicy,
    #[serde(default)]
    data_format: DataFormat,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

layer_entry!(Flatten);

impl Flatten {
    /// A layer that flattens.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> Flatten {
        Flatten {
            name: None,
            trainable: true,
            dtype: DTypePolicy::FLOAT32,
            data_format: DataFormat::ChannelsLast,
            location: Some(Location::caller()),
        }
    }

    layer_builders!();

    /// Where the channels stand in the input.
    #[must_use]
    pub fn data_format(mut self, data_format: DataFormat) -> Flatten {
        self.data_format = data_format;
        self
    }
}

impl Layer for Flatten {
    layer_info!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        single("Flatten", inputs).map(|_| ())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let mut value = single("Flatten", inputs)?.value;
        let shape = cx.shape(value);
        let rank = shape.rank();
        if self.data_format == DataFormat::ChannelsFirst && rank > 2 {
            let axes: Vec<usize> = std::iter::once(0).chain(2..rank).chain([1]).collect();
            value = ops::transpose(cx.graph(), value, &axes)?;
        }
        let batch = shape.dims().first().copied().flatten();
        let rest: Dim =
            shape.dims().iter().skip(1).try_fold(1usize, |product, dim| product.checked_mul((*dim)?));
        let flat = ops::reshape(cx.graph(), value, Shape::from([batch, rest]))?;
        Ok(vec![flat.into()])
    }
}
