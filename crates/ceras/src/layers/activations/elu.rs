//! The exponential linear unit as a layer.

use ceras_graph::TensorType;

use crate::activations;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, setters};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};
use crate::registry::Config;

layer_struct! {
    /// The exponential linear unit: `input` where it is positive, `alpha · (exp(input) − 1)` elsewhere.
    ///
    /// # Shapes
    /// Any shape; the output has the input's.
    ///
    /// # Errors
    /// None of its own.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::ELU;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(ELU::new().alpha(2.0)).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2], [-1.0f32, 3.0])?)?;
    /// assert!((y.slice::<f32>()[0] + 1.264241).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Clevert, Unterthiner, Hochreiter (2015), *Fast and accurate deep network learning by exponential linear units*,
    /// <https://arxiv.org/abs/1511.07289>
    ///
    /// # Keras
    /// The same.
    ELU requires [] written written {
        alpha: f64 = 1.0,
    }
}

/// Keras writes this layer's argument before the keys that all layers have.
fn written(mut config: Config) -> Config {
    if let Some(alpha) = config.shift_remove("alpha") {
        config.shift_insert(1, "alpha".to_owned(), alpha);
    }
    config
}

impl ELU {
    /// A layer with Keras' `alpha` 1.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> ELU {
        made()
    }

    setters! {
        /// The negative of what the output tends to far below 0.
        alpha: f64;
    }
}

impl Layer for ELU {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        single("ELU", inputs)?;
        self.problem.clone().map_or(Ok(()), Err)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("ELU", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let value = activations::elu(cx.graph(), x, self.alpha)?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
