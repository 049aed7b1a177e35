//! Probabilities of classes as a layer.

use ceras_graph::{TensorType, compose, ops};

use crate::activations;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{Axes, BuildCx, CallCx, Layer, Traced, single};

/// Stands for minus infinity where the mask is false.
const MASKED: f64 = -1e9;

layer_struct! {
    /// Probabilities of classes: `exp(input) / Σ exp(input)` along `axis`, positive, with sum 1.
    ///
    /// Where the input has a mask, what it leaves out has probability 0.
    ///
    /// # Shapes
    /// Any shape; the output has the input's. A mask must broadcast to it.
    ///
    /// # Errors
    /// The input has no such axis.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Softmax;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(Softmax::new()).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2], [1.0f32, 1.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [0.5, 0.5]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same.
    Softmax requires [] {
        axis: Axes = Axes::One(-1),
    }
}

impl Softmax {
    /// A layer that works along the last axis.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> Softmax {
        made()
    }

    /// The axis of the classes, or several that are taken as one.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Axes>) -> Softmax {
        self.axis = axis.into();
        self
    }
}

impl Layer for Softmax {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        self.axis.of("Softmax", &single("Softmax", inputs)?.shape).map(|_| ())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("Softmax", inputs)?;
        let mut x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let axes = self.axis.of("Softmax", &cx.shape(x))?;
        let low = cx.scalar_like(MASKED, x)?;
        let zero = cx.scalar_like(0.0, x)?;
        let g = cx.graph();
        if let Some(mask) = input.mask {
            x = compose::select(g, mask, x, low)?;
        }
        let mut value = match axes[..] {
            [axis] => activations::softmax(g, x, axis as i64)?,
            _ => {
                let total = compose::log_sum_exp(g, x, &axes, true)?;
                let logarithm = compose::subtract(g, x, total)?;
                ops::exponential(g, logarithm)?
            }
        };
        if let Some(mask) = input.mask {
            value = compose::select(g, mask, value, zero)?;
        }
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
