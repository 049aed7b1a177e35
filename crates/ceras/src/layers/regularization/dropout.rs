//! Dropout.

use std::panic::Location;

use ceras_graph::{Dim, Shape, TensorType, compose};
use serde::{Deserialize, Serialize};

use crate::dtype_policy::DTypePolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{BuildCx, CallCx, Layer, Modes, Traced};
use crate::layers::{layer_builders, layer_entry, layer_info, single};

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
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "crate::layers::yes")]
    trainable: bool,
    #[serde(default)]
    dtype: DTypePolicy,
    rate: f64,
    #[serde(default)]
    seed: Option<i64>,
    #[serde(default)]
    noise_shape: Option<Vec<Dim>>,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

layer_entry!(Dropout);

impl Dropout {
    /// A layer that drops this share of its inputs, from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn new(rate: f64) -> Dropout {
        Dropout {
            name: None,
            trainable: true,
            dtype: DTypePolicy::FLOAT32,
            rate,
            seed: None,
            noise_shape: None,
            location: Some(Location::caller()),
        }
    }

    layer_builders!();

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

    fn noise_shape_for(&self, shape: &Shape) -> Result<Shape> {
        let Some(noise) = &self.noise_shape else { return Ok(shape.clone()) };
        let fits = noise.len() == shape.rank()
            && noise
                .iter()
                .zip(shape.dims())
                .all(|(n, d)| n.is_none() || *n == Some(1) || d.is_none() || n == d);
        if !fits {
            let noise = Shape::from(noise.clone());
            let text = format!("`noise_shape` {noise} does not fit an input of shape {shape}");
            return Err(
                Error::new(ErrorKind::Shape, text).hint("each entry is the input's dimension, 1, or none")
            );
        }
        Ok(Shape::from(noise.iter().zip(shape.dims()).map(|(n, d)| n.or(*d)).collect::<Vec<Dim>>()))
    }
}

impl Layer for Dropout {
    layer_info!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        let input = single("Dropout", inputs)?;
        if !(0.0..=1.0).contains(&self.rate) {
            let text = format!("`rate` must be from 0 to 1; it is {}", self.rate);
            return Err(Error::new(ErrorKind::Usage, text));
        }
        self.noise_shape_for(&input.shape).map(|_| ())
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let share = 100.0 * self.rate;
        let fit = match self.rate {
            0.0 => return None,
            1.0 => "sets all its inputs to 0".to_owned(),
            rate => format!(
                "sets {share}% of its inputs to 0 at random and multiplies the others by {:.3}",
                1.0 / (1.0 - rate)
            ),
        };
        Some(Modes { fit, predict: "passes its inputs on".to_owned() })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = *single("Dropout", inputs)?;
        if !cx.training() || self.rate == 0.0 {
            return Ok(vec![input]);
        }
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let noise_shape = self.noise_shape_for(&cx.shape(x))?;
        let zero = cx.scalar_like(0.0, x)?;
        if self.rate == 1.0 {
            let shape = cx.shape(x);
            let zeros = compose::broadcast_to(cx.graph(), zero, &shape)?;
            return Ok(vec![Traced { value: zeros, mask: input.mask }]);
        }
        let key = cx.random_key(self.seed)?;
        let keep = compose::bernoulli(cx.graph(), key, noise_shape, 1.0 - self.rate)?;
        let scaled = compose::multiply_scalar(cx.graph(), x, 1.0 / (1.0 - self.rate))?;
        let value = compose::select(cx.graph(), keep, scaled, zero)?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
