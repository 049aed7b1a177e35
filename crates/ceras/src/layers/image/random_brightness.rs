//! Pictures made brighter and darker at random.

use ceras_graph::{Graph, TensorType, Value, compose};

use super::augmentation::{Augmentation, as_type, augment_values, check_pictures, common_setters};
use super::factor::{Factor, as_signed, check_values};
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Modes, Traced};

layer_struct! {
    /// Makes pictures brighter or darker while training, each by another amount.
    ///
    /// `output = clip(input + b · (highest − lowest))` with the two values of `value_range` and b uniform between the factor's two
    /// numbers. In `evaluate` and `predict` the pictures are passed on.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → the same; with `channels_first` the channels are axis 1. Whole numbers stay whole
    /// numbers of their type.
    ///
    /// # Errors
    /// The rank is not 4; `factor` is not from -1 to 1; `value_range` ends before it begins.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::RandomBrightness;
    /// use ceras::prelude::*;
    /// let brightness = RandomBrightness::new(0.2).value_range([0.0, 1.0]);
    /// let mut model = Sequential::new().add(Input::new([1, 2, 1])).add(brightness).build()?;
    /// let x = Tensor::new(&[1, 1, 2, 1], [0.5f32, 1.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Whole numbers are computed as floats and rounded; in Keras the addition to `uint8` overflows. The stream of random numbers
    /// is ours, as in [`Dropout`](crate::layers::Dropout); pictures without a batch axis and bounding boxes are not taken.
    RandomBrightness requires ["factor"] {
        data_format: DataFormat = DataFormat::ChannelsLast,
        #[serde(serialize_with = "as_signed")]
        factor: Factor = Factor::One(0.0),
        value_range: [f64; 2] = [0.0, 255.0],
        seed: Option<i64> = None,
    }
}

impl RandomBrightness {
    /// A layer that adds up to this share of the range of values in both directions, or from one share to another.
    #[must_use]
    #[track_caller]
    pub fn new(factor: impl Into<Factor>) -> RandomBrightness {
        RandomBrightness { factor: factor.into(), ..made() }
    }

    /// The lowest and the highest value of a pixel; 0 and 255 by default.
    #[must_use]
    pub fn value_range(mut self, range: [f64; 2]) -> RandomBrightness {
        self.value_range = range;
        self
    }
}

common_setters!(RandomBrightness);

impl Augmentation for RandomBrightness {
    fn ranges(&self, _: [usize; 4]) -> Vec<[f64; 2]> {
        vec![self.factor.range(-1.0)]
    }

    fn vary(&self, g: &mut Graph, images: Value, _: [usize; 4], draws: &[Value]) -> Result<Value> {
        let [low, high] = self.value_range;
        let dtype = g.ty(images).dtype;
        let amount = compose::multiply_scalar(g, draws[0], high - low)?;
        let amount = compose::expand_dims(g, amount, 3)?;
        let amount = as_type(g, amount, dtype)?;
        let changed = compose::add(g, images, amount)?;
        Ok(compose::clip(g, changed, low, high)?)
    }
}

impl Layer for RandomBrightness {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        self.factor.check_overlap("factor", -1.0, 1.0)?;
        check_values(self.value_range)?;
        check_pictures("RandomBrightness", inputs)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let [low, high] =
            self.factor.range(-1.0).map(|share| share * (self.value_range[1] - self.value_range[0]));
        let fit = format!("adds one number from {low} to {high} to each picture, at random");
        Some(Modes { fit, predict: "passes its inputs on".to_owned() })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        augment_values(self, cx, inputs, self.common())
    }
}
