//! The layer that applies an activation function.

use ceras_graph::TensorType;

use crate::activations::ActivationRef;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, Layer, Traced, set_named, single};
use crate::registry::Named;

layer_struct! {
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
    Activation requires ["activation"] {
        #[serde(deserialize_with = "crate::activations::or_linear")]
        activation: ActivationRef = ActivationRef::linear(),
    }
}

impl Activation {
    /// A layer that applies this function, by Keras' name or as an object.
    #[must_use]
    #[track_caller]
    pub fn new(activation: impl Into<Named<ActivationRef>>) -> Activation {
        let mut layer = made();
        set_named!(layer.activation, activation);
        layer
    }
}

impl Layer for Activation {
    layer_methods!();

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
