//! The layer that applies an activation function.

use std::panic::Location;

use ceras_graph::TensorType;
use serde::{Deserialize, Serialize};

use crate::activations::ActivationRef;
use crate::dtype_policy::DTypePolicy;
use crate::error::Result;
use crate::layers::{BuildCx, CallCx, Layer, Problem, Traced};
use crate::layers::{layer_builders, layer_entry, layer_info, set_named, single};
use crate::registry::Named;

/// Applies an activation function.
///
/// `output = activation(input)`
///
/// # Shapes
/// Any shape; the output has the input's.
///
/// # Errors
/// The activation is unknown.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// let mut model = Sequential::new().add(Input::new([3])).add(Activation::new("relu")).build()?;
/// let y = model.predict(&Tensor::new(&[1, 3], [-1.0f32, 0.0, 2.0])?)?;
/// assert_eq!(y.slice::<f32>(), [0.0, 0.0, 2.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "crate::layers::yes")]
    trainable: bool,
    #[serde(default)]
    dtype: DTypePolicy,
    #[serde(deserialize_with = "crate::activations::or_linear")]
    activation: ActivationRef,
    #[serde(skip)]
    problem: Problem,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

layer_entry!(Activation);

impl Activation {
    /// A layer that applies this function, by Keras' name or as an object.
    #[must_use]
    #[track_caller]
    pub fn new(activation: impl Into<Named<ActivationRef>>) -> Activation {
        let mut layer = Activation {
            name: None,
            trainable: true,
            dtype: DTypePolicy::FLOAT32,
            activation: ActivationRef::linear(),
            problem: None,
            location: Some(Location::caller()),
        };
        set_named!(layer.activation, activation);
        layer
    }

    layer_builders!();
}

impl Layer for Activation {
    layer_info!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        single("Activation", inputs)?;
        self.problem.clone().map_or(Ok(()), Err)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("Activation", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        Ok(vec![Traced { value: self.activation.apply(cx.graph(), x)?, mask: input.mask }])
    }
}
