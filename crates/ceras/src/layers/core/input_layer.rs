//! The layer that stands for a model's input.

use std::panic::Location;

use ceras_graph::{DType, Dim, Shape, TensorType};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::layers::{BuildCx, CallCx, Layer, LayerInfo, Traced, layer_entry};

/// The entry point of a model: the shape and type of its data, without the batch axis.
///
/// Called `Input` where a model is written, as in Keras.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// let x = Input::new([4]).name("features").tensor();
/// assert_eq!(x.shape().to_string(), "[?, 4]");
/// ```
///
/// # Keras
/// `sparse` and `ragged` inputs are refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputLayer {
    batch_shape: Vec<Dim>,
    #[serde(default = "float32", with = "dtype_name")]
    dtype: DType,
    #[serde(default)]
    sparse: Absent,
    #[serde(default)]
    ragged: Absent,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    optional: bool,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

/// Keras' word where a model is written.
pub type Input = InputLayer;

layer_entry!(InputLayer);

impl InputLayer {
    /// An input of this shape, the batch axis left out. A dimension may be `None`.
    #[must_use]
    #[track_caller]
    pub fn new(shape: impl Into<Shape>) -> InputLayer {
        InputLayer::with_batch_shape(shape.into().prepend(None))
    }

    /// An input of this shape, the batch axis included.
    #[must_use]
    #[track_caller]
    pub fn with_batch_shape(batch_shape: impl Into<Shape>) -> InputLayer {
        InputLayer {
            batch_shape: batch_shape.into().dims().to_vec(),
            dtype: DType::F32,
            sparse: Absent,
            ragged: Absent,
            name: None,
            optional: false,
            location: Some(Location::caller()),
        }
    }

    /// Names the input; a model makes up Keras' name (`input_layer`, `input_layer_1`, …) where there is none.
    #[must_use]
    pub fn name(mut self, name: &str) -> InputLayer {
        self.name = Some(name.to_owned());
        self
    }

    /// The type of the data; `float32` by default.
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> InputLayer {
        self.dtype = dtype;
        self
    }

    /// The symbolic tensor to build a functional model on.
    #[must_use]
    pub fn tensor(self) -> crate::models::KerasTensor {
        crate::models::KerasTensor::input(self)
    }
}

impl Layer for InputLayer {
    fn info(&self) -> LayerInfo<'_> {
        LayerInfo { name: self.name.as_deref(), trainable: true, location: self.location }
    }

    fn build(&self, _: &mut BuildCx<'_>, _: &[TensorType]) -> Result<()> {
        Ok(())
    }

    fn call(&self, _: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        Ok(inputs.to_vec())
    }

    fn input_type(&self) -> Option<TensorType> {
        Some(TensorType::new(self.dtype, self.batch_shape.clone()))
    }
}

fn float32() -> DType {
    DType::F32
}

/// A flag of Keras that is only ever off here.
#[derive(Clone, Copy, Debug, Default)]
struct Absent;

impl Serialize for Absent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(false)
    }
}

impl<'de> Deserialize<'de> for Absent {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Absent, D::Error> {
        match Option::<bool>::deserialize(deserializer)? {
            Some(true) => Err(serde::de::Error::custom("sparse and ragged inputs are not supported")),
            _ => Ok(Absent),
        }
    }
}

/// Element types by Keras' name.
mod dtype_name {
    use super::{DType, Deserialize, Serialize};

    pub(super) fn serialize<S: serde::Serializer>(dtype: &DType, serializer: S) -> Result<S::Ok, S::Error> {
        dtype.name().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<DType, D::Error> {
        let name = String::deserialize(deserializer)?;
        DType::from_name(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("the type `{name}` is not supported")))
    }
}
