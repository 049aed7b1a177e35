//! Noise that is added.

use ceras_graph::{TensorType, compose};

use super::{is_on, noise_modes, normal_like};
use crate::error::Result;
use crate::layers::declare::{check_share, layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, Layer, Modes, Traced, single};

layer_struct! {
    /// Adds noise of the normal distribution with mean 0 while training.
    ///
    /// `output = input + stddev · noise`; in `evaluate` and `predict` the input is passed on.
    ///
    /// # Shapes
    /// Any shape; the output has the input's.
    ///
    /// # Errors
    /// `stddev` is not from 0 to 1.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::GaussianNoise;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(GaussianNoise::new(0.1)).build()?;
    /// let x = Tensor::new(&[1, 2], [1.0f32, 2.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The stream of random numbers is ours, as in [`Dropout`](crate::layers::Dropout).
    GaussianNoise requires ["stddev"] {
        stddev: f64 = 0.0,
        seed: Option<i64> = None,
    }
}

impl GaussianNoise {
    /// A layer that adds noise of this standard deviation, from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn new(stddev: f64) -> GaussianNoise {
        GaussianNoise { stddev, ..made() }
    }

    /// A seed of the layer's own, besides the model's.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> GaussianNoise {
        self.seed = Some(seed);
        self
    }
}

impl Layer for GaussianNoise {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        single("GaussianNoise", inputs)?;
        check_share("stddev", self.stddev)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let fit = || format!("adds noise of mean 0 and standard deviation {} to its inputs", self.stddev);
        (self.stddev > 0.0).then(|| noise_modes(fit()))
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = *single("GaussianNoise", inputs)?;
        if !is_on(cx, self.stddev) {
            return Ok(vec![input]);
        }
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let noise = normal_like(cx, x, 0.0, self.stddev, self.seed)?;
        Ok(vec![Traced { value: compose::add(cx.graph(), x, noise)?, mask: input.mask }])
    }
}
