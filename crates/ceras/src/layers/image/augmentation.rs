//! What the layers that vary pictures while training share: numbers are drawn for each picture, and a rule makes the
//! varied pictures of them.

use ceras_graph::{DType, Graph, Shape, TensorType, Value, compose, ops};

use super::pixels::known;
use crate::dtype_policy::DTypePolicy;
use crate::error::Result;
use crate::layers::spatial::rank_is;
use crate::layers::{CallCx, DataFormat, Layer, Traced, single};

/// A layer that varies pictures while training.
pub(super) trait Augmentation: Layer {
    /// The lowest and the highest of each number that is drawn, for pictures of these dimensions (channels last).
    fn ranges(&self, dims: [usize; 4]) -> Vec<[f64; 2]>;

    /// Whether the whole batch shares the numbers.
    fn is_shared(&self) -> bool {
        false
    }

    /// The varied pictures: `images` are `[batch, height, width, channels]` of a float type; each draw is a
    /// `float32 [batch, 1, 1]`, or `[1, 1, 1]` where the batch shares it.
    ///
    /// # Errors
    /// An op that could not be emitted.
    fn vary(&self, g: &mut Graph, images: Value, dims: [usize; 4], draws: &[Value]) -> Result<Value>;
}

/// What stands in the config of each of them.
pub(super) struct Common {
    pub(super) dtype: DTypePolicy,
    pub(super) data_format: DataFormat,
    pub(super) seed: Option<i64>,
}

/// That an input is a batch of pictures.
///
/// # Errors
/// It is not.
pub(super) fn check_pictures(class_name: &str, inputs: &[TensorType]) -> Result<()> {
    rank_is(class_name, &single(class_name, inputs)?.shape, 2)
}

/// The pictures varied in training, passed on else; of the layer's float type in both cases.
///
/// # Errors
/// An op that could not be emitted.
pub(super) fn augment(
    layer: &impl Augmentation,
    cx: &mut CallCx<'_>,
    inputs: &[Traced],
    common: Common,
) -> Result<Vec<Traced>> {
    let input = single(layer.class_name(), inputs)?.value;
    let x = cx.as_float(input, common.dtype.dtype(), "inputs")?;
    if !cx.training() {
        return Ok(vec![x.into()]);
    }
    Ok(vec![varied(layer, cx, x, &common)?.into()])
}

/// As [`augment`], and whole numbers stay whole numbers of their type.
///
/// # Errors
/// An op that could not be emitted.
pub(super) fn augment_values(
    layer: &impl Augmentation,
    cx: &mut CallCx<'_>,
    inputs: &[Traced],
    common: Common,
) -> Result<Vec<Traced>> {
    let input = single(layer.class_name(), inputs)?.value;
    let dtype = cx.ty(input).dtype;
    if !dtype.is_integer() {
        return augment(layer, cx, inputs, common);
    }
    if !cx.training() {
        return Ok(vec![input.into()]);
    }
    let x = cx.as_float(input, common.dtype.dtype(), "inputs")?;
    let varied = varied(layer, cx, x, &common)?;
    Ok(vec![to_whole(cx.graph(), varied, dtype)?.into()])
}

/// Numbers rounded to the nearest of an integer type; those beyond its limits become the limits.
///
/// # Errors
/// An op that could not be emitted.
pub(super) fn to_whole(g: &mut Graph, x: Value, dtype: DType) -> Result<Value> {
    let rounded = ops::round_nearest_even(g, x)?;
    Ok(ops::convert(g, rounded, dtype)?)
}

/// A value in a type.
///
/// # Errors
/// An op that could not be emitted.
pub(super) fn as_type(g: &mut Graph, x: Value, dtype: DType) -> Result<Value> {
    Ok(if g.ty(x).dtype == dtype { x } else { ops::convert(g, x, dtype)? })
}

fn varied(layer: &impl Augmentation, cx: &mut CallCx<'_>, x: Value, common: &Common) -> Result<Value> {
    let images = common.data_format.to_last(cx.graph(), x)?;
    // Of a description, only the shape is asked.
    let Some(dims) = known(cx.graph(), images) else { return Ok(x) };
    let count = if layer.is_shared() { 1 } else { dims[0] };
    let mut draws = Vec::new();
    for [low, high] in layer.ranges(dims) {
        let key = cx.random_key(common.seed)?;
        let g = cx.graph();
        let draw = compose::uniform(g, key, Shape::known(&[count, 1, 1]), DType::F32)?;
        let draw = compose::multiply_scalar(g, draw, high - low)?;
        draws.push(compose::add_scalar(g, draw, low)?);
    }
    let varied = layer.vary(cx.graph(), images, dims, &draws)?;
    Ok(common.data_format.restore(cx.graph(), varied)?)
}

/// The methods of a layer whose config is that of [`Augmentation`]'s common part: `seed` and `data_format` builders.
macro_rules! common_setters {
    ($layer:ident) => {
        impl $layer {
            /// A seed of the layer's own, besides the model's.
            #[must_use]
            pub fn seed(mut self, seed: i64) -> $layer {
                self.seed = Some(seed);
                self
            }

            crate::layers::declare::setters! {
                /// Where the channels stand: last by default.
                data_format: crate::layers::DataFormat;
            }

            fn common(&self) -> super::augmentation::Common {
                super::augmentation::Common {
                    dtype: self.dtype.clone(),
                    data_format: self.data_format,
                    seed: self.seed,
                }
            }
        }
    };
}
pub(super) use common_setters;

/// The builders of a layer that turns, shifts or stretches pictures.
macro_rules! sampling_setters {
    ($layer:ident) => {
        impl $layer {
            crate::layers::declare::setters! {
                /// What stands around a picture: its mirror image by default.
                fill_mode: super::FillMode;
                /// The value around a picture where `fill_mode` is constant; 0 by default.
                fill_value: f64;
                /// How values between the pixels come about, bilinear (the default) or nearest.
                interpolation: super::Interpolation;
            }

            fn sampling(&self) -> super::affine::Sampling {
                super::affine::Sampling {
                    interpolation: self.interpolation,
                    fill_mode: self.fill_mode,
                    fill_value: self.fill_value,
                }
            }
        }
    };
}
pub(super) use sampling_setters;
