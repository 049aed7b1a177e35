//! Volumes with more positions.

use std::panic::Location;

use ceras_graph::TensorType;
use serde::{Deserialize, Serialize};

use super::margins::repeat;
use crate::dtype_policy::DTypePolicy;
use crate::error::Result;
use crate::layers::spatial::{Sizes, rank_is};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Traced};
use crate::layers::{layer_builders, layer_entry, layer_info, single};

/// Each position `size` times.
///
/// # Shapes
/// `[batch, depth, height, width, channels]` → the same with `size` times as many positions; with `channels_first` the channels are axis 1.
///
/// # Errors
/// The rank is not 5, or `size` is 0.
///
/// # Examples
/// ```
/// use ceras::layers::UpSampling3D;
/// use ceras::prelude::*;
/// let mut model = Sequential::new().add(Input::new([1, 1, 2, 1])).add(UpSampling3D::new([1, 1, 2])).build()?;
/// let y = model.predict(&Tensor::new(&[1, 1, 1, 2, 1], [3.0f32, 4.0])?)?;
/// assert_eq!(y.slice::<f32>(), [3.0, 3.0, 4.0, 4.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// Nothing differs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpSampling3D {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "crate::layers::yes")]
    trainable: bool,
    #[serde(default)]
    dtype: DTypePolicy,
    #[serde(default = "two")]
    size: Sizes<3>,
    #[serde(default)]
    data_format: DataFormat,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

/// Keras' default.
fn two() -> Sizes<3> {
    Sizes([2; 3])
}

layer_entry!(UpSampling3D);

impl UpSampling3D {
    /// A layer that makes each position into so many, one number or one for each axis.
    #[must_use]
    #[track_caller]
    pub fn new(size: impl Into<Sizes<3>>) -> UpSampling3D {
        UpSampling3D {
            name: None,
            trainable: true,
            dtype: DTypePolicy::FLOAT32,
            size: size.into(),
            data_format: DataFormat::ChannelsLast,
            location: Some(Location::caller()),
        }
    }

    layer_builders!();

    /// Where the channels stand: last by default.
    #[must_use]
    pub fn data_format(mut self, data_format: DataFormat) -> UpSampling3D {
        self.data_format = data_format;
        self
    }
}

impl Layer for UpSampling3D {
    layer_info!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        rank_is("UpSampling3D", &single("UpSampling3D", inputs)?.shape, 3)?;
        self.size.positive("size")
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("UpSampling3D", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let y = repeat(cx.graph(), x, &self.size.0, self.data_format)?;
        Ok(vec![y.into()])
    }
}
