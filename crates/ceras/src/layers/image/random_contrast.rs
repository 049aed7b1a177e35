//! Pictures with more and with less contrast, at random.

use ceras_graph::{Graph, TensorType, Value, compose};

use super::augmentation::{Augmentation, as_type, augment_values, check_pictures, common_setters};
use super::factor::{Factor, as_share, check_values};
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Modes, Traced};

layer_struct! {
    /// Changes the contrast of pictures while training, each by another factor.
    ///
    /// `output = clip((input − mean) · c + mean)`, with the mean of each channel of a picture and c uniform from 1 − `lower` to
    /// 1 + `upper`, where `factor` is `[lower, upper]`, or one number for `upper` alone. In `evaluate` and `predict` the pictures
    /// are passed on.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → the same; with `channels_first` the channels are axis 1. Whole numbers stay whole
    /// numbers of their type.
    ///
    /// # Errors
    /// The rank is not 4; `factor` is not from 0 to 1; `value_range` ends before it begins.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::RandomContrast;
    /// use ceras::prelude::*;
    /// let contrast = RandomContrast::new((0.2, 0.2)).value_range([0.0, 1.0]);
    /// let mut model = Sequential::new().add(Input::new([1, 2, 1])).add(contrast).build()?;
    /// let x = Tensor::new(&[1, 1, 2, 1], [0.5f32, 1.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// As there, one number of 0.2 draws from 1 to 1.2, not from 0.8. Keras cannot train on whole numbers here; ours are computed
    /// as floats and rounded. The stream of random numbers is ours, as in [`Dropout`](crate::layers::Dropout); pictures without
    /// a batch axis and bounding boxes are not taken.
    RandomContrast requires ["factor"] {
        data_format: DataFormat = DataFormat::ChannelsLast,
        #[serde(serialize_with = "as_share")]
        factor: Factor = Factor::One(0.0),
        value_range: [f64; 2] = [0.0, 255.0],
        seed: Option<i64> = None,
    }
}

impl RandomContrast {
    /// A layer that changes the contrast so much: the shares of less and of more, or of more alone.
    #[must_use]
    #[track_caller]
    pub fn new(factor: impl Into<Factor>) -> RandomContrast {
        RandomContrast { factor: factor.into(), ..made() }
    }

    /// The lowest and the highest value of a pixel; 0 and 255 by default.
    #[must_use]
    pub fn value_range(mut self, range: [f64; 2]) -> RandomContrast {
        self.value_range = range;
        self
    }
}

common_setters!(RandomContrast);

impl Augmentation for RandomContrast {
    fn ranges(&self, _: [usize; 4]) -> Vec<[f64; 2]> {
        let [less, more] = self.factor.range(0.0);
        vec![[1.0 - less, 1.0 + more]]
    }

    fn vary(&self, g: &mut Graph, images: Value, _: [usize; 4], draws: &[Value]) -> Result<Value> {
        let dtype = g.ty(images).dtype;
        let factor = compose::expand_dims(g, draws[0], 3)?;
        let factor = as_type(g, factor, dtype)?;
        let mean = compose::mean(g, images, &[1], true)?;
        let mean = compose::mean(g, mean, &[2], true)?;
        let around = compose::subtract(g, images, mean)?;
        let around = compose::multiply(g, around, factor)?;
        let changed = compose::add(g, around, mean)?;
        Ok(compose::clip(g, changed, self.value_range[0], self.value_range[1])?)
    }
}

impl Layer for RandomContrast {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        self.factor.check_overlap("factor", 0.0, 1.0)?;
        check_values(self.value_range)?;
        check_pictures("RandomContrast", inputs)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let [low, high] = self.ranges([0; 4])[0];
        let fit = format!("multiplies the contrast of each picture by {low} to {high}, at random");
        Some(Modes { fit, predict: "passes its inputs on".to_owned() })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        augment_values(self, cx, inputs, self.common())
    }
}
