//! Noise that is multiplied.

use ceras_graph::{TensorType, compose};

use super::{check_below_one, is_on, noise_modes, normal_like};
use crate::error::Result;
use crate::layers::declare::{check_share, layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, Layer, Modes, Traced, single};

layer_struct! {
    /// Multiplies by noise of the normal distribution with mean 1 while training.
    ///
    /// `output = input · noise`, of standard deviation `√(rate / (1 − rate))`, as dropout of the same rate has; in `evaluate` and
    /// `predict` the input is passed on.
    ///
    /// # Shapes
    /// Any shape; the output has the input's.
    ///
    /// # Errors
    /// `rate` is not from 0 to 1, or is 1 in training.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::GaussianDropout;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(GaussianDropout::new(0.5)).build()?;
    /// let x = Tensor::new(&[1, 2], [1.0f32, 2.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), *Dropout*,
    /// <https://jmlr.org/papers/v15/srivastava14a.html>
    ///
    /// # Keras
    /// The stream of random numbers is ours, as in [`Dropout`](crate::layers::Dropout).
    GaussianDropout requires ["rate"] {
        rate: f64 = 0.0,
        seed: Option<i64> = None,
    }
}

impl GaussianDropout {
    /// A layer whose noise is that of dropping this share, from 0 to below 1.
    #[must_use]
    #[track_caller]
    pub fn new(rate: f64) -> GaussianDropout {
        GaussianDropout { rate, ..made() }
    }

    /// A seed of the layer's own, besides the model's.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> GaussianDropout {
        self.seed = Some(seed);
        self
    }

    /// The standard deviation of the factors.
    fn deviation(&self) -> f64 {
        (self.rate / (1.0 - self.rate)).sqrt()
    }
}

impl Layer for GaussianDropout {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        single("GaussianDropout", inputs)?;
        check_share("rate", self.rate)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let fit = || {
            format!("multiplies its inputs by noise of mean 1 and standard deviation {:.3}", self.deviation())
        };
        (self.rate > 0.0).then(|| noise_modes(fit()))
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = *single("GaussianDropout", inputs)?;
        if !is_on(cx, self.rate) {
            return Ok(vec![input]);
        }
        check_below_one(self.rate)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let noise = normal_like(cx, x, 1.0, self.deviation(), self.seed)?;
        Ok(vec![Traced { value: compose::multiply(cx.graph(), x, noise)?, mask: input.mask }])
    }
}
