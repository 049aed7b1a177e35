//! Layers that keep a network from learning its rows by heart.

pub mod activity_regularization;
pub mod alpha_dropout;
pub mod dropout;
pub mod gaussian_dropout;
pub mod gaussian_noise;
pub mod spatial_dropout1d;
pub mod spatial_dropout2d;
pub mod spatial_dropout3d;

use ceras_graph::{DType, Dim, Shape, Value, compose};

use super::{CallCx, Modes};
use crate::error::{Error, ErrorKind, Result};

pub use activity_regularization::ActivityRegularization;
pub use alpha_dropout::AlphaDropout;
pub use dropout::Dropout;
pub use gaussian_dropout::GaussianDropout;
pub use gaussian_noise::GaussianNoise;
pub use spatial_dropout1d::SpatialDropout1D;
pub use spatial_dropout2d::SpatialDropout2D;
pub use spatial_dropout3d::SpatialDropout3D;

/// The shape of what is dropped together: of `noise`, `None` takes the input's dimension, 1 drops along the axis as one.
///
/// # Errors
/// `noise` does not fit the input.
fn noise_shape(noise: Option<&[Dim]>, shape: &Shape) -> Result<Shape> {
    let Some(noise) = noise else { return Ok(shape.clone()) };
    let fits = noise.len() == shape.rank()
        && noise.iter().zip(shape.dims()).all(|(n, d)| n.is_none() || *n == Some(1) || d.is_none() || n == d);
    if !fits {
        let noise = Shape::from(noise.to_vec());
        let text = format!("`noise_shape` {noise} does not fit an input of shape {shape}");
        return Err(
            Error::new(ErrorKind::Shape, text).hint("each entry is the input's dimension, 1, or none")
        );
    }
    Ok(Shape::from(noise.iter().zip(shape.dims()).map(|(n, d)| n.or(*d)).collect::<Vec<Dim>>()))
}

/// Whether noise is on: in `fit`, and when there is any.
pub(crate) fn is_on(cx: &CallCx<'_>, strength: f64) -> bool {
    cx.training() && strength > 0.0
}

/// `x · keep / (1 − rate)`, where each `keep` is 0 with probability `rate` and else 1.
///
/// # Errors
/// An op that could not be emitted.
pub(crate) fn drop_out(
    cx: &mut CallCx<'_>,
    x: Value,
    rate: f64,
    noise: Shape,
    seed: Option<i64>,
) -> Result<Value> {
    let zero = cx.scalar_like(0.0, x)?;
    if rate == 1.0 {
        let shape = cx.shape(x);
        return Ok(compose::broadcast_to(cx.graph(), zero, &shape)?);
    }
    let key = cx.random_key(seed)?;
    let keep = compose::bernoulli(cx.graph(), key, noise, 1.0 - rate)?;
    let scaled = compose::multiply_scalar(cx.graph(), x, 1.0 / (1.0 - rate))?;
    Ok(compose::select(cx.graph(), keep, scaled, zero)?)
}

/// Numbers of the normal distribution in the shape of `x`.
///
/// # Errors
/// An op that could not be emitted.
fn normal_like(cx: &mut CallCx<'_>, x: Value, mean: f64, deviation: f64, seed: Option<i64>) -> Result<Value> {
    let (shape, dtype) = (cx.shape(x), cx.ty(x).dtype);
    let key = cx.random_key(seed)?;
    let g = cx.graph();
    let noise = compose::normal(g, key, shape, dtype)?;
    let noise = compose::multiply_scalar(g, noise, deviation)?;
    Ok(if mean == 0.0 { noise } else { compose::add_scalar(g, noise, mean)? })
}

/// What a layer does that changes its inputs in `fit` alone.
fn noise_modes(fit: String) -> Modes {
    Modes { fit, predict: "passes its inputs on".to_owned() }
}

/// What a layer does that sets a share of `what` to 0 in `fit` and scales the others up; nothing without a rate.
pub(crate) fn dropping(rate: f64, what: &str) -> Option<Modes> {
    match rate {
        0.0 => None,
        1.0 => Some(noise_modes(format!("sets all its {what} to 0"))),
        rate => Some(noise_modes(format!(
            "sets {} of its {what} to 0 at random and multiplies the others by {:.3}",
            percent(rate),
            1.0 / (1.0 - rate)
        ))),
    }
}

/// A share in words, such as `30%`.
pub(crate) fn percent(share: f64) -> String {
    format!("{}%", (share * 1e8).round() / 1e6)
}

/// A rate of 1 leaves nothing that could be scaled up.
///
/// # Errors
/// The rate is 1.
fn check_below_one(rate: f64) -> Result<()> {
    if rate < 1.0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Usage, "`rate` must be below 1 in training; it is 1"))
}

/// Declares the layer that drops whole channels of inputs of one rank.
macro_rules! spatial_dropout {
    ($(#[$meta:meta])* $layer:ident, $rank:literal $(, $data_format:ident: $ty:ty)?) => {
        crate::layers::declare::layer_struct! {
            $(#[$meta])*
            $layer requires ["rate"] written crate::layers::regularization::spatial_config {
                rate: f64 = 0.0,
                seed: Option<i64> = None,
                $($data_format: $ty = <$ty>::default(),)?
            }
        }

        impl $layer {
            /// A layer that drops this share of its channels, from 0 to 1.
            #[must_use]
            #[track_caller]
            pub fn new(rate: f64) -> $layer {
                $layer { rate, ..made() }
            }

            /// A seed of the layer's own, besides the model's.
            #[must_use]
            pub fn seed(mut self, seed: i64) -> $layer {
                self.seed = Some(seed);
                self
            }

            $(
                /// Where the channels stand in the input.
                #[must_use]
                pub fn $data_format(mut self, $data_format: $ty) -> $layer {
                    self.$data_format = $data_format;
                    self
                }
            )?

            fn channels(&self) -> usize {
                $(if self.$data_format == <$ty>::ChannelsFirst {
                    return 1;
                })?
                $rank - 1
            }
        }

        impl crate::layers::Layer for $layer {
            crate::layers::declare::layer_methods!();

            fn build(
                &self,
                _: &mut crate::layers::BuildCx<'_>,
                inputs: &[ceras_graph::TensorType],
            ) -> crate::error::Result<()> {
                self.problem.clone().map_or(Ok(()), Err)?;
                crate::layers::declare::check_share("rate", self.rate)?;
                let input = crate::layers::single(stringify!($layer), inputs)?;
                crate::layers::declare::check_rank(stringify!($layer), &input.shape, $rank)
            }

            fn modes(&self, _: bool) -> Option<crate::layers::Modes> {
                crate::layers::regularization::dropping(self.rate, "channels")
            }

            fn call(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<Vec<crate::layers::Traced>> {
                let input = *crate::layers::single(stringify!($layer), inputs)?;
                if !crate::layers::regularization::is_on(cx, self.rate) {
                    return Ok(vec![input]);
                }
                let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
                let shape = cx.shape(x);
                let kept = [0, self.channels()];
                let noise: Vec<ceras_graph::Dim> = (0..shape.rank())
                    .map(|axis| if kept.contains(&axis) { shape.dim(axis) } else { Some(1) })
                    .collect();
                let value =
                    crate::layers::regularization::drop_out(cx, x, self.rate, noise.into(), self.seed)?;
                Ok(vec![crate::layers::Traced { value, mask: input.mask }])
            }
        }
    };
}
use spatial_dropout;

/// The config as Keras writes it for these layers: their own keys first, the type by its name, and not whether they are trained,
/// as there is nothing to train.
fn spatial_config(mut config: crate::registry::Config) -> crate::registry::Config {
    let mut written = crate::registry::Config::new();
    for key in ["rate", "seed", "name", "dtype", "data_format", "activity_regularizer"] {
        if let Some(value) = config.shift_remove(key) {
            written.insert(key.to_owned(), value);
        }
    }
    if let Some(dtype) = written.get_mut("dtype") {
        let name = dtype.pointer("/config/name").cloned();
        *dtype = name.unwrap_or_else(|| DType::F32.name().into());
    }
    written
}
