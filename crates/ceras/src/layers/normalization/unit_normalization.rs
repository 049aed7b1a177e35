//! The layer that brings vectors to length 1.

use ceras_graph::TensorType;

use super::unit_length;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{Axes, BuildCx, CallCx, Layer, Traced, single};

/// Keras' limit: no vector counts as shorter.
const EPSILON: f64 = 1e-12;

layer_struct! {
    /// Brings vectors to length 1: `output = input / max(√Σ input², 1e-12)`, the sum over `axis`.
    ///
    /// # Shapes
    /// Any shape; the output has the input's.
    ///
    /// # Errors
    /// The input has no such axis.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::UnitNormalization;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(UnitNormalization::new()).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2], [3.0f32, 4.0])?)?;
    /// assert!((y.slice::<f32>()[0] - 0.6).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The gradient of a vector of zeros is 1e12 times the cotangent, Keras' is NaN.
    UnitNormalization requires [] {
        axis: Axes = Axes::One(-1),
    }
}

impl UnitNormalization {
    /// A layer that works along the last axis.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> UnitNormalization {
        made()
    }

    /// The axis of the vectors, or several.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Axes>) -> UnitNormalization {
        self.axis = axis.into();
        self
    }
}

impl Layer for UnitNormalization {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        self.axis.of("UnitNormalization", &single("UnitNormalization", inputs)?.shape).map(|_| ())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("UnitNormalization", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let axes = self.axis.of("UnitNormalization", &cx.shape(x))?;
        Ok(vec![Traced { value: unit_length(cx.graph(), x, &axes, EPSILON)?, mask: input.mask }])
    }
}
