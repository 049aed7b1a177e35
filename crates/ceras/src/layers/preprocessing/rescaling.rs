//! The layer that scales and shifts data.

use ceras_graph::{TensorType, Value, compose, ops};

use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, Layer, Numbers, Traced, single};

layer_struct! {
    /// Scales and shifts data: `output = input · scale + offset`.
    ///
    /// Pixels from 0 to 255 come into [0, 1] with `scale` 1/255, into [-1, 1] with 1/127.5 and `offset` -1.
    ///
    /// # Shapes
    /// Any shape; the output has the input's. Several numbers stand for the last axes, by NumPy's broadcasting.
    ///
    /// # Errors
    /// The numbers do not broadcast with the input.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Rescaling;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(Rescaling::new(0.5).offset(1.0)).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2], [0.0f32, 4.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [1.0, 3.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same. Integers, such as pixels, become floating-point numbers here and not before.
    Rescaling requires ["scale"] {
        scale: Numbers = Numbers::from(1.0),
        offset: Numbers = Numbers::from(0.0),
    }
}

impl Rescaling {
    /// A layer that multiplies by this number, or by one for each index of the last axis.
    #[must_use]
    #[track_caller]
    pub fn new(scale: impl Into<Numbers>) -> Rescaling {
        Rescaling { scale: scale.into(), ..made() }
    }

    /// What is added after that.
    #[must_use]
    pub fn offset(mut self, offset: impl Into<Numbers>) -> Rescaling {
        self.offset = offset.into();
        self
    }

    fn constant(&self, cx: &mut CallCx<'_>, name: &str, numbers: &Numbers) -> Result<Value> {
        let value = ops::constant(cx.graph(), numbers.tensor()?.cast(self.dtype.dtype()))?;
        cx.graph().set_name(value, name);
        Ok(value)
    }
}

impl Layer for Rescaling {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        single("Rescaling", inputs)?;
        self.problem.clone().map_or(Ok(()), Err)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("Rescaling", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let scale = self.constant(cx, "scale", &self.scale)?;
        let offset = self.constant(cx, "offset", &self.offset)?;
        let scaled = compose::multiply(cx.graph(), x, scale)?;
        Ok(vec![Traced { value: compose::add(cx.graph(), scaled, offset)?, mask: input.mask }])
    }
}
