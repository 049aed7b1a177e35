//! Pictures turned at random.

use ceras_graph::{Graph, TensorType, Value, compose, ops};

use super::affine::FillMode;
use super::augmentation::{Augmentation, augment, check_pictures, common_setters, sampling_setters};
use super::factor::{Factor, as_signed};
use super::pixels::steps;
use super::resize::Interpolation;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Modes, Traced};

layer_struct! {
    /// Turns pictures about their middle while training, each by another angle.
    ///
    /// The pixel at (x, y) from the middle takes the value at (x · cos θ − y · sin θ, x · sin θ + y · cos θ), with θ uniform between
    /// the factor's two numbers times 2π; a positive θ turns counter-clockwise. In `evaluate` and `predict` the pictures are
    /// passed on.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → the same; with `channels_first` the channels are axis 1. The output has the layer's
    /// float type, whatever the input's.
    ///
    /// # Errors
    /// The rank is not 4; `factor` is not from -1 to 1; `interpolation` is another than nearest or bilinear.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::RandomRotation;
    /// use ceras::prelude::*;
    /// // By -36 to 36 degrees.
    /// let mut model = Sequential::new().add(Input::new([1, 2, 1])).add(RandomRotation::new(0.1)).build()?;
    /// let x = Tensor::new(&[1, 1, 2, 1], [1.0f32, 2.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The stream of random numbers is ours, as in [`Dropout`](crate::layers::Dropout); pictures without a batch axis and bounding
    /// boxes are not taken.
    RandomRotation requires ["factor"] {
        data_format: DataFormat = DataFormat::ChannelsLast,
        #[serde(serialize_with = "as_signed")]
        factor: Factor = Factor::One(0.0),
        fill_mode: FillMode = FillMode::Reflect,
        fill_value: f64 = 0.0,
        interpolation: Interpolation = Interpolation::Bilinear,
        seed: Option<i64> = None,
    }
}

impl RandomRotation {
    /// A layer that turns by up to this share of a whole turn in both directions, or from one share to another.
    #[must_use]
    #[track_caller]
    pub fn new(factor: impl Into<Factor>) -> RandomRotation {
        RandomRotation { factor: factor.into(), ..made() }
    }
}

common_setters!(RandomRotation);
sampling_setters!(RandomRotation);

impl Augmentation for RandomRotation {
    fn ranges(&self, _: [usize; 4]) -> Vec<[f64; 2]> {
        vec![self.factor.range(-1.0).map(|turns| 360.0 * turns)]
    }

    fn vary(&self, g: &mut Graph, images: Value, dims: [usize; 4], draws: &[Value]) -> Result<Value> {
        let [_, height, width, _] = dims;
        let angle = compose::multiply_scalar(g, draws[0], std::f64::consts::PI / 180.0)?;
        let (cosine, sine) = (ops::cosine(g, angle)?, ops::sine(g, angle)?);
        let opposite = ops::negate(g, sine)?;
        let middle = [width, height].map(|size| 0.5 * (size as f64 - 1.0));
        let mut places = [cosine; 2];
        for (axis, [along_x, along_y]) in [[cosine, opposite], [sine, cosine]].into_iter().enumerate() {
            // What keeps the middle where it is.
            let x = compose::multiply_scalar(g, along_x, middle[0])?;
            let y = compose::multiply_scalar(g, along_y, middle[1])?;
            let rest = compose::subtract_from_scalar(g, middle[axis], x)?;
            let rest = compose::subtract(g, rest, y)?;
            let (columns, rows) = (steps(g, width, 2)?, steps(g, height, 1)?);
            let x = compose::multiply(g, along_x, columns)?;
            let y = compose::multiply(g, along_y, rows)?;
            let place = compose::add(g, x, y)?;
            places[axis] = compose::add(g, place, rest)?;
        }
        self.sampling().sample(g, images, dims, places[1], places[0])
    }
}

impl Layer for RandomRotation {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        self.factor.check_overlap("factor", -1.0, 1.0)?;
        self.sampling().check()?;
        check_pictures("RandomRotation", inputs)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let [low, high] = self.factor.range(-1.0).map(|turns| 360.0 * turns);
        let fit = format!("turns each picture by an angle from {low} to {high} degrees, at random");
        Some(Modes { fit, predict: "passes its inputs on".to_owned() })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        augment(self, cx, inputs, self.common())
    }
}
