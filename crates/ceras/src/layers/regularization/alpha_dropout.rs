//! Dropout for networks that normalise themselves.

use ceras_graph::{Dim, Shape, TensorType, compose};

use super::{check_below_one, is_on, noise_modes, noise_shape, percent};
use crate::error::Result;
use crate::layers::declare::{check_share, layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, Layer, Modes, Traced, single};

/// What SELU tends to far below zero: −scale · alpha of Klambauer and others.
const SATURATION: f64 = -1.758_099_340_847_376_6;

layer_struct! {
    /// Sets a share of the inputs to SELU's negative limit while training, then scales and shifts all so that mean 0 and variance 1
    /// stay.
    ///
    /// `output = a · (keep ? input : α') + b` with `α' = −1.7581`, `a = ((1 − rate) · (1 + rate · α'²))^−½`, `b = −a · α' · rate`; each
    /// `keep` is false with probability `rate`. In `evaluate` and `predict` the input is passed on.
    ///
    /// # Shapes
    /// Any shape; the output has the input's. `noise_shape`, when given, is the shape of `keep`: `None` takes the input's
    /// dimension, 1 drops along the axis as one.
    ///
    /// # Errors
    /// `rate` is not from 0 to 1, or is 1 in training; `noise_shape` does not fit the input.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::AlphaDropout;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(AlphaDropout::new(0.5)).build()?;
    /// let x = Tensor::new(&[1, 2], [1.0f32, 2.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Klambauer, Unterthiner, Mayr, Hochreiter (2017), *Self-normalizing neural networks*, <https://arxiv.org/abs/1706.02515>
    ///
    /// # Keras
    /// The stream of random numbers is ours, as in [`Dropout`](crate::layers::Dropout).
    AlphaDropout requires ["rate"] {
        rate: f64 = 0.0,
        seed: Option<i64> = None,
        noise_shape: Option<Vec<Dim>> = None,
    }
}

impl AlphaDropout {
    /// A layer that drops this share of its inputs, from 0 to below 1.
    #[must_use]
    #[track_caller]
    pub fn new(rate: f64) -> AlphaDropout {
        AlphaDropout { rate, ..made() }
    }

    /// A seed of the layer's own, besides the model's.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> AlphaDropout {
        self.seed = Some(seed);
        self
    }

    /// The shape of what is dropped together: `None` takes the input's dimension, 1 drops along the axis as one.
    #[must_use]
    pub fn noise_shape(mut self, shape: impl Into<Shape>) -> AlphaDropout {
        self.noise_shape = Some(shape.into().dims().to_vec());
        self
    }
}

impl Layer for AlphaDropout {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        check_share("rate", self.rate)?;
        noise_shape(self.noise_shape.as_deref(), &single("AlphaDropout", inputs)?.shape).map(|_| ())
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let fit = || {
            let share = percent(self.rate);
            format!(
                "sets {share} of its inputs to {SATURATION:.3} at random, then scales and shifts all so that mean and variance stay"
            )
        };
        (self.rate > 0.0).then(|| noise_modes(fit()))
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = *single("AlphaDropout", inputs)?;
        if !is_on(cx, self.rate) {
            return Ok(vec![input]);
        }
        check_below_one(self.rate)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let shape = noise_shape(self.noise_shape.as_deref(), &cx.shape(x))?;
        let a = ((1.0 - self.rate) * (1.0 + self.rate * SATURATION.powi(2))).powf(-0.5);
        let limit = cx.scalar_like(SATURATION, x)?;
        let key = cx.random_key(self.seed)?;
        let g = cx.graph();
        let keep = compose::bernoulli(g, key, shape, 1.0 - self.rate)?;
        let mixed = compose::select(g, keep, x, limit)?;
        let scaled = compose::multiply_scalar(g, mixed, a)?;
        let value = compose::add_scalar(g, scaled, -a * SATURATION * self.rate)?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
