//! Pictures shifted at random.

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
    /// Shifts pictures while training, each by another distance.
    ///
    /// `output[y, x] = input[y − a · height, x − b · width]` with a uniform between the two numbers of `height_factor` (positive:
    /// down) and b of `width_factor` (positive: to the right). In `evaluate` and `predict` the pictures are passed on.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → the same; with `channels_first` the channels are axis 1. The output has the layer's
    /// float type, whatever the input's.
    ///
    /// # Errors
    /// The rank is not 4; a factor is not from -1 to 1; `interpolation` is another than nearest or bilinear.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::RandomTranslation;
    /// use ceras::prelude::*;
    /// let shift = RandomTranslation::new(0.1, (0.0, 0.2));
    /// let mut model = Sequential::new().add(Input::new([1, 2, 1])).add(shift).build()?;
    /// let x = Tensor::new(&[1, 1, 2, 1], [1.0f32, 2.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The stream of random numbers is ours, as in [`Dropout`](crate::layers::Dropout); pictures without a batch axis and bounding
    /// boxes are not taken.
    RandomTranslation requires ["height_factor", "width_factor"] {
        data_format: DataFormat = DataFormat::ChannelsLast,
        height_factor: Factor = Factor::One(0.0),
        width_factor: Factor = Factor::One(0.0),
        fill_mode: FillMode = FillMode::Reflect,
        interpolation: Interpolation = Interpolation::Bilinear,
        seed: Option<i64> = None,
        fill_value: f64 = 0.0,
    }
}

impl RandomTranslation {
    /// A layer that shifts by up to these shares of height and width in both directions, or from one share to another.
    #[must_use]
    #[track_caller]
    pub fn new(height_factor: impl Into<Factor>, width_factor: impl Into<Factor>) -> RandomTranslation {
        RandomTranslation { height_factor: height_factor.into(), width_factor: width_factor.into(), ..made() }
    }
}

common_setters!(RandomTranslation);
sampling_setters!(RandomTranslation);

impl Augmentation for RandomTranslation {
    fn ranges(&self, _: [usize; 4]) -> Vec<[f64; 2]> {
        [self.height_factor, self.width_factor].map(|factor| factor.range(-1.0)).to_vec()
    }

    fn vary(&self, g: &mut Graph, images: Value, dims: [usize; 4], draws: &[Value]) -> Result<Value> {
        let mut places = [images; 2];
        for (axis, place) in places.iter_mut().enumerate() {
            let size = dims[1 + axis];
            let shift = compose::multiply_scalar(g, draws[axis], size as f64)?;
            let steps = steps(g, size, 1 + axis)?;
            *place = compose::subtract(g, steps, shift)?;
        }
        self.sampling().sample(g, images, dims, places[0], places[1])
    }
}

impl Layer for RandomTranslation {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let fits = |factor: f64| (-1.0..=1.0).contains(&factor);
        self.height_factor.check("height_factor", "from -1 to 1", fits)?;
        self.width_factor.check("width_factor", "from -1 to 1", fits)?;
        self.sampling().check()?;
        check_pictures("RandomTranslation", inputs)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let ranges = [self.height_factor, self.width_factor].map(|factor| factor.range(-1.0));
        let [[top, bottom], [left, right]] = ranges.map(|range| range.map(|share| 100.0 * share));
        let fit = format!(
            "shifts each picture down by {top}% to {bottom}% of its height and to the right by {left}% to {right}% of its \
             width, at random"
        );
        Some(Modes { fit, predict: "passes its inputs on".to_owned() })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        augment(self, cx, inputs, self.common())
    }
}
