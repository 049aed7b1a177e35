//! Pictures made larger and smaller at random.

use ceras_graph::{Graph, TensorType, Value, compose};

use super::affine::FillMode;
use super::augmentation::{Augmentation, augment, check_pictures, common_setters, sampling_setters};
use super::factor::Factor;
use super::pixels::steps;
use super::resize::Interpolation;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Modes, Traced};

layer_struct! {
    /// Makes pictures larger or smaller about their middle while training, each by another factor.
    ///
    /// The pixel at (x, y) from the middle takes the value at (x · (1 + b), y · (1 + a)), with a uniform between the two numbers of
    /// `height_factor` and b of `width_factor`: negative numbers zoom in, positive ones out. Without `width_factor`, b is a.
    /// In `evaluate` and `predict` the pictures are passed on.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → the same; with `channels_first` the channels are axis 1. The output has the layer's
    /// float type, whatever the input's.
    ///
    /// # Errors
    /// The rank is not 4; a factor is not above -1 and at most 1; `interpolation` is another than nearest or bilinear.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::RandomZoom;
    /// use ceras::prelude::*;
    /// let zoom = RandomZoom::new((-0.3, 0.0));
    /// let mut model = Sequential::new().add(Input::new([1, 2, 1])).add(zoom).build()?;
    /// let x = Tensor::new(&[1, 1, 2, 1], [1.0f32, 2.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The stream of random numbers is ours, as in [`Dropout`](crate::layers::Dropout); pictures without a batch axis and bounding
    /// boxes are not taken.
    RandomZoom requires ["height_factor"] {
        data_format: DataFormat = DataFormat::ChannelsLast,
        height_factor: Factor = Factor::One(0.0),
        width_factor: Option<Factor> = None,
        fill_mode: FillMode = FillMode::Reflect,
        interpolation: Interpolation = Interpolation::Bilinear,
        seed: Option<i64> = None,
        fill_value: f64 = 0.0,
    }
}

impl RandomZoom {
    /// A layer that zooms by up to this share in both directions, or from one share to another; the same along both axes.
    #[must_use]
    #[track_caller]
    pub fn new(height_factor: impl Into<Factor>) -> RandomZoom {
        RandomZoom { height_factor: height_factor.into(), ..made() }
    }

    /// Zooms along the width by a share of its own.
    #[must_use]
    pub fn width_factor(mut self, width_factor: impl Into<Factor>) -> RandomZoom {
        self.width_factor = Some(width_factor.into());
        self
    }
}

common_setters!(RandomZoom);
sampling_setters!(RandomZoom);

impl Augmentation for RandomZoom {
    fn ranges(&self, _: [usize; 4]) -> Vec<[f64; 2]> {
        let range = |factor: Factor| factor.range(f64::NEG_INFINITY).map(|share| 1.0 + share);
        [Some(self.height_factor), self.width_factor].into_iter().flatten().map(range).collect()
    }

    fn vary(&self, g: &mut Graph, images: Value, dims: [usize; 4], draws: &[Value]) -> Result<Value> {
        let mut places = [images; 2];
        for (axis, place) in places.iter_mut().enumerate() {
            let size = dims[1 + axis];
            let zoom = *draws.get(axis).unwrap_or(&draws[0]);
            let rest = compose::subtract_from_scalar(g, 1.0, zoom)?;
            let rest = compose::multiply_scalar(g, rest, (size as f64 - 1.0) / 2.0)?;
            let steps = steps(g, size, 1 + axis)?;
            let stretched = compose::multiply(g, zoom, steps)?;
            *place = compose::add(g, stretched, rest)?;
        }
        self.sampling().sample(g, images, dims, places[0], places[1])
    }
}

impl Layer for RandomZoom {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let fits = |factor: f64| factor > -1.0 && factor <= 1.0;
        self.height_factor.check("height_factor", "above -1 and at most 1", fits)?;
        if let Some(factor) = self.width_factor {
            factor.check("width_factor", "above -1 and at most 1", fits)?;
        }
        self.sampling().check()?;
        check_pictures("RandomZoom", inputs)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let words = |factor: Factor| {
            let [low, high] = factor.range(f64::NEG_INFINITY).map(|share| 100.0 * (1.0 + share));
            format!("{low}% to {high}%")
        };
        let heights = words(self.height_factor);
        let fit = match self.width_factor {
            None => format!("shows {heights} of each picture's height and width, at random"),
            Some(factor) => {
                format!(
                    "shows {heights} of each picture's height and {} of its width, at random",
                    words(factor)
                )
            }
        };
        Some(Modes { fit, predict: "passes its inputs on".to_owned() })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        augment(self, cx, inputs, self.common())
    }
}
