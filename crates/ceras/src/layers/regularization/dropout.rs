//! Dropout.

use ceras_graph::{Dim, Shape, TensorType};

use super::{drop_out, dropping, is_on, noise_shape};
use crate::error::Result;
use crate::layers::declare::{check_share, layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, Layer, Modes, Traced, single};

layer_struct! {
    /// Sets a share of the inputs to zero while training, and scales the others up so that their sum stays.
    ///
    /// `output = input · keep / (1 − rate)`, where each `keep` is 0 with probability `rate` and else 1; in `evaluate` and
    /// `predict` the input is passed on.
    ///
    /// # Shapes
    /// Any shape; the output has the input's. `noise_shape`, when given, is the shape of `keep`: `None` takes the input's
    /// dimension, 1 drops along the axis as one.
    ///
    /// # Errors
    /// `rate` is not from 0 to 1; `noise_shape` does not fit the input.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(Dropout::new(0.5)).build()?;
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
    /// The stream of random numbers is ours: a function of the model's seed, the layer's path and the step, so it is
    /// the same after saving and loading. With `seed` given, the stream depends on it besides.
    Dropout requires ["rate"] {
        rate: f64 = 0.0,
        seed: Option<i64> = None,
        noise_shape: Option<Vec<Dim>> = None,
    }
}

impl Dropout {
    /// A layer that drops this share of its inputs, from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn new(rate: f64) -> Dropout {
        Dropout { rate, ..made() }
    }

    /// A seed of the layer's own, besides the model's.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> Dropout {
        self.seed = Some(seed);
        self
    }

    /// The shape of what is dropped together: `None` takes the input's dimension, 1 drops along the axis as one.
    #[must_use]
    pub fn noise_shape(mut self, shape: impl Into<Shape>) -> Dropout {
        self.noise_shape = Some(shape.into().dims().to_vec());
        self
    }
}

impl Layer for Dropout {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        check_share("rate", self.rate)?;
        noise_shape(self.noise_shape.as_deref(), &single("Dropout", inputs)?.shape).map(|_| ())
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        dropping(self.rate, "inputs")
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = *single("Dropout", inputs)?;
        if !is_on(cx, self.rate) {
            return Ok(vec![input]);
        }
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let noise = noise_shape(self.noise_shape.as_deref(), &cx.shape(x))?;
        let value = drop_out(cx, x, self.rate, noise, self.seed)?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
