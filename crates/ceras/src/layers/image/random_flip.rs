//! Pictures flipped at random.

use ceras_graph::{Graph, TensorType, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::augmentation::{Augmentation, augment, check_pictures, common_setters};
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Modes, Traced};

/// Along which axes pictures are flipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlipMode {
    /// Left becomes right.
    Horizontal,
    /// Top becomes bottom.
    Vertical,
    /// Both.
    #[default]
    HorizontalAndVertical,
}

layer_struct! {
    /// Flips pictures while training, each with probability 1/2.
    ///
    /// `output[y, x] = input[y, width − 1 − x]` for a horizontal flip; in `evaluate` and `predict` the pictures are passed on.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → the same; with `channels_first` the channels are axis 1. The output has the layer's
    /// float type, whatever the input's.
    ///
    /// # Errors
    /// The rank is not 4.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::{FlipMode, RandomFlip};
    /// use ceras::prelude::*;
    /// let flip = RandomFlip::new(FlipMode::Horizontal);
    /// let mut model = Sequential::new().add(Input::new([1, 2, 1])).add(flip).build()?;
    /// let x = Tensor::new(&[1, 1, 2, 1], [1.0f32, 2.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// As there, one coin is thrown for each picture: with `horizontal_and_vertical` a picture is flipped along both axes or along
    /// none. Two layers, one horizontal and one vertical, give all four forms. The stream of random numbers is ours, as in
    /// [`Dropout`](crate::layers::Dropout); pictures without a batch axis and bounding boxes are not taken.
    RandomFlip requires [] {
        data_format: DataFormat = DataFormat::ChannelsLast,
        seed: Option<i64> = None,
        mode: FlipMode = FlipMode::HorizontalAndVertical,
    }
}

impl RandomFlip {
    /// A layer that flips along these axes.
    #[must_use]
    #[track_caller]
    pub fn new(mode: FlipMode) -> RandomFlip {
        RandomFlip { mode, ..made() }
    }
}

common_setters!(RandomFlip);

impl Augmentation for RandomFlip {
    fn ranges(&self, _: [usize; 4]) -> Vec<[f64; 2]> {
        vec![[0.0, 1.0]]
    }

    fn vary(&self, g: &mut Graph, images: Value, _: [usize; 4], draws: &[Value]) -> Result<Value> {
        let axes: &[usize] = match self.mode {
            FlipMode::Horizontal => &[2],
            FlipMode::Vertical => &[1],
            FlipMode::HorizontalAndVertical => &[1, 2],
        };
        let flipped = ops::reverse(g, images, axes)?;
        let draw = compose::expand_dims(g, draws[0], 3)?;
        let dtype = g.ty(draw).dtype;
        let half = compose::scalar(g, 0.5, dtype)?;
        let flips = compose::less_equal(g, draw, half)?;
        Ok(compose::select(g, flips, flipped, images)?)
    }
}

impl Layer for RandomFlip {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        check_pictures("RandomFlip", inputs)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let axes = match self.mode {
            FlipMode::Horizontal => "left to right",
            FlipMode::Vertical => "upside down",
            FlipMode::HorizontalAndVertical => "left to right and upside down",
        };
        let fit = format!("flips half of its pictures {axes}, at random");
        Some(Modes { fit, predict: "passes its inputs on".to_owned() })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        augment(self, cx, inputs, self.common())
    }
}
