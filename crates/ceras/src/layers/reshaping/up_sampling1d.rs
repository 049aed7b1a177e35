//! Sequences with more positions.

use std::panic::Location;

use ceras_graph::TensorType;
use serde::{Deserialize, Serialize};

use super::margins::repeat;
use crate::dtype_policy::DTypePolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::spatial::rank_is;
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Traced};
use crate::layers::{layer_builders, layer_entry, layer_info, single};

/// Each position `size` times.
///
/// # Shapes
/// `[batch, steps, channels]` → the same with `size` times as many positions.
///
/// # Errors
/// The rank is not 3, or `size` is 0.
///
/// # Examples
/// ```
/// use ceras::layers::UpSampling1D;
/// use ceras::prelude::*;
/// let mut model = Sequential::new().add(Input::new([2, 1])).add(UpSampling1D::new(2)).build()?;
/// let y = model.predict(&Tensor::new(&[1, 2, 1], [3.0f32, 4.0])?)?;
/// assert_eq!(y.slice::<f32>(), [3.0, 3.0, 4.0, 4.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// Nothing differs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpSampling1D {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "crate::layers::yes")]
    trainable: bool,
    #[serde(default)]
    dtype: DTypePolicy,
    #[serde(default = "two")]
    size: usize,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

/// Keras' default.
fn two() -> usize {
    2
}

layer_entry!(UpSampling1D);

impl UpSampling1D {
    /// A layer that makes each position into so many.
    #[must_use]
    #[track_caller]
    pub fn new(size: usize) -> UpSampling1D {
        UpSampling1D {
            name: None,
            trainable: true,
            dtype: DTypePolicy::FLOAT32,
            size,
            location: Some(Location::caller()),
        }
    }

    layer_builders!();
}

impl Layer for UpSampling1D {
    layer_info!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        rank_is("UpSampling1D", &single("UpSampling1D", inputs)?.shape, 1)?;
        if self.size == 0 {
            return Err(Error::new(ErrorKind::Usage, "`size` must be 1 or more; it is 0"));
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("UpSampling1D", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let y = repeat(cx.graph(), x, &[self.size], DataFormat::ChannelsLast)?;
        Ok(vec![y.into()])
    }
}
