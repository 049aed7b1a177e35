//! Normalisation by the root of the mean square.

use ceras_graph::{TensorType, compose, ops};

use crate::error::Result;
use crate::initializers::InitializerRef;
use crate::layers::declare::{known_dims, layer_methods, layer_struct, setters};
use crate::layers::{Axes, BuildCx, CallCx, Layer, Traced, single};

layer_struct! {
    /// Divides each row by the root of its mean square, then multiplies by learned numbers.
    ///
    /// `output = scale · input / √(mean(input²) + epsilon)`, the mean over `axis`.
    ///
    /// # Shapes
    /// `[batch, …]`, unchanged. Weight: `scale`, of the dimensions of `axis`. A mask is not passed on.
    ///
    /// # Errors
    /// The input has no such axis, or its dimension is unknown; `scale` does not broadcast with the input.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::RMSNormalization;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(RMSNormalization::new()).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2], [1.0f32, -1.0])?)?;
    /// assert!((y.slice::<f32>()[0] - 1.0).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Zhang and Sennrich (2019), *Root mean square layer normalization*, <https://arxiv.org/abs/1910.07467>
    ///
    /// # Keras
    /// The same; `scale` stands for the last axes whatever `axis` is, by NumPy's broadcasting.
    RMSNormalization requires [] {
        axis: Axes = Axes::Many(vec![-1]),
        epsilon: f64 = 1e-6,
    }
}

impl RMSNormalization {
    /// A layer that works along the last axis, with Keras' epsilon 1e-6.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> RMSNormalization {
        made()
    }

    /// The axis to take the mean over, or several.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Axes>) -> RMSNormalization {
        self.axis = axis.into();
        self
    }

    setters! {
        /// What is added to the mean square.
        epsilon: f64;
    }
}

impl Layer for RMSNormalization {
    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let shape = &single("RMSNormalization", inputs)?.shape;
        let axes = self.axis.sorted("RMSNormalization", shape)?;
        let dims = known_dims("RMSNormalization", shape, &axes)?;
        cx.weight("scale", self.dtype.dtype(), &dims, &InitializerRef::ones());
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let x = cx.as_float(single("RMSNormalization", inputs)?.value, self.dtype.dtype(), "inputs")?;
        let axes = self.axis.sorted("RMSNormalization", &cx.shape(x))?;
        let scale = cx.weight("scale")?;
        let g = cx.graph();
        let squares = compose::square(g, x)?;
        let mean = compose::mean(g, squares, &axes, true)?;
        let mean = compose::add_scalar(g, mean, self.epsilon)?;
        let factor = ops::rsqrt(g, mean)?;
        let scaled = compose::multiply(g, x, factor)?;
        Ok(vec![compose::multiply(g, scaled, scale)?.into()])
    }
}
