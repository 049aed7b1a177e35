//! Pictures with more positions.

use std::panic::Location;

use ceras_graph::TensorType;
use serde::{Deserialize, Serialize};

use super::margins::repeat;
use crate::dtype_policy::DTypePolicy;
use crate::error::Result;
use crate::layers::image::{Interpolation, resize};
use crate::layers::spatial::{Sizes, rank_is};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Traced};
use crate::layers::{layer_builders, layer_entry, layer_info, single};

/// Each position `size` times, or as many positions with values between the pixels.
///
/// # Shapes
/// `[batch, height, width, channels]` → the same with `size` times as many positions; with `channels_first` the channels are axis 1.
///
/// # Errors
/// The rank is not 4, or `size` is 0.
///
/// # Examples
/// ```
/// use ceras::layers::UpSampling2D;
/// use ceras::prelude::*;
/// let mut model = Sequential::new().add(Input::new([1, 2, 1])).add(UpSampling2D::new([1, 2])).build()?;
/// let y = model.predict(&Tensor::new(&[1, 1, 2, 1], [3.0f32, 4.0])?)?;
/// assert_eq!(y.slice::<f32>(), [3.0, 3.0, 4.0, 4.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// Nothing differs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpSampling2D {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "crate::layers::yes")]
    trainable: bool,
    #[serde(default)]
    dtype: DTypePolicy,
    #[serde(default = "two")]
    size: Sizes<2>,
    #[serde(default)]
    data_format: DataFormat,
    #[serde(default)]
    interpolation: Interpolation,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

/// Keras' default.
fn two() -> Sizes<2> {
    Sizes([2; 2])
}

layer_entry!(UpSampling2D);

impl UpSampling2D {
    /// A layer that makes each position into so many, one number or one for each axis.
    #[must_use]
    #[track_caller]
    pub fn new(size: impl Into<Sizes<2>>) -> UpSampling2D {
        UpSampling2D {
            name: None,
            trainable: true,
            dtype: DTypePolicy::FLOAT32,
            size: size.into(),
            data_format: DataFormat::ChannelsLast,
            interpolation: Interpolation::Nearest,
            location: Some(Location::caller()),
        }
    }

    layer_builders!();

    /// Where the channels stand: last by default.
    #[must_use]
    pub fn data_format(mut self, data_format: DataFormat) -> UpSampling2D {
        self.data_format = data_format;
        self
    }

    /// How values between the pixels come about: the nearest pixel's by default.
    #[must_use]
    pub fn interpolation(mut self, interpolation: Interpolation) -> UpSampling2D {
        self.interpolation = interpolation;
        self
    }
}

impl Layer for UpSampling2D {
    layer_info!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        rank_is("UpSampling2D", &single("UpSampling2D", inputs)?.shape, 2)?;
        self.size.positive("size")
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("UpSampling2D", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        if self.interpolation == Interpolation::Nearest {
            return Ok(vec![repeat(cx.graph(), x, &self.size.0, self.data_format)?.into()]);
        }
        let x = self.data_format.to_last(cx.graph(), x)?;
        let shape = cx.shape(x);
        let [height, width] = self.size.0;
        let size = [shape.dim(1).map(|h| h * height), shape.dim(2).map(|w| w * width)];
        let y = resize(cx.graph(), x, size, self.interpolation, false)?;
        Ok(vec![self.data_format.restore(cx.graph(), y)?.into()])
    }
}
