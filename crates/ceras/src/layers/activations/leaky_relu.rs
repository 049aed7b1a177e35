//! The leaky rectified linear unit as a layer.

use ceras_graph::TensorType;

use super::check_not_negative;
use crate::activations;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, setters};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};

layer_struct! {
    /// The leaky rectified linear unit: `input` where it is positive, `negative_slope · input` elsewhere.
    ///
    /// # Shapes
    /// Any shape; the output has the input's.
    ///
    /// # Errors
    /// `negative_slope` is negative.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::LeakyReLU;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(LeakyReLU::new().negative_slope(0.5)).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2], [-2.0f32, 3.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [-1.0, 3.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Maas, Hannun, Ng (2013), *Rectifier nonlinearities improve neural network acoustic models*,
    /// <https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf>
    ///
    /// # Keras
    /// The same: the slope is 0.3 here, 0.2 in the activation `leaky_relu`.
    LeakyReLU requires [] {
        negative_slope: f64 = 0.3,
    }
}

impl LeakyReLU {
    /// A layer with Keras' slope 0.3.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> LeakyReLU {
        made()
    }

    setters! {
        /// The slope below 0.
        negative_slope: f64;
    }
}

impl Layer for LeakyReLU {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        single("LeakyReLU", inputs)?;
        check_not_negative("negative_slope", self.negative_slope)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("LeakyReLU", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let value = activations::leaky_relu(cx.graph(), x, self.negative_slope)?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
