//! The rectified linear unit as a layer.

use ceras_graph::TensorType;

use super::check_not_negative;
use crate::activations;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, setters};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};

layer_struct! {
    /// The rectified linear unit.
    ///
    /// `max_value` where `input ≥ max_value`, `input` where `threshold ≤ input < max_value`, `negative_slope · (input − threshold)`
    /// below.
    ///
    /// # Shapes
    /// Any shape; the output has the input's.
    ///
    /// # Errors
    /// An argument is negative.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::ReLU;
    /// use ceras::prelude::*;
    /// let layer = ReLU::new().max_value(Some(1.0)).negative_slope(0.5);
    /// let mut model = Sequential::new().add(Input::new([3])).add(layer).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 3], [-2.0f32, 0.5, 3.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [-1.0, 0.5, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Glorot, Bordes, Bengio (2011), *Deep sparse rectifier neural networks*, <https://proceedings.mlr.press/v15/glorot11a.html>
    ///
    /// # Keras
    /// The same.
    ReLU requires [] {
        max_value: Option<f64> = None,
        negative_slope: f64 = 0.0,
        threshold: f64 = 0.0,
    }
}

impl ReLU {
    /// `max(input, 0)`
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> ReLU {
        made()
    }

    setters! {
        /// The largest output.
        max_value: Option<f64>;
        /// The slope below the threshold.
        negative_slope: f64;
        /// Where the slope changes.
        threshold: f64;
    }
}

impl Layer for ReLU {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        single("ReLU", inputs)?;
        check_not_negative("max_value", self.max_value.unwrap_or(0.0))?;
        check_not_negative("negative_slope", self.negative_slope)?;
        check_not_negative("threshold", self.threshold)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("ReLU", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let value = activations::relu(cx.graph(), x, self.negative_slope, self.max_value, self.threshold)?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
