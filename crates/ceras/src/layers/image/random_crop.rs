//! Parts of pictures at random.

use ceras_graph::{Graph, TensorType, Value, compose, ops};

use super::augmentation::{Augmentation, augment, check_pictures, common_setters};
use super::pixels::{pixels, steps};
use super::resize::{Interpolation, resize};
use super::window::{check_target, part, smart_resize, window};
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Modes, Traced, single};

layer_struct! {
    /// A part of the pictures from a random place while training, the same place for the whole batch.
    ///
    /// The first row is uniform among those from which on `height` rows are left, and so the first column. In `evaluate` and
    /// `predict`, the largest part of the new form is taken from the middle and resized.
    ///
    /// # Shapes
    /// `[batch, h, w, channels]` → `[batch, height, width, channels]`; with `channels_first` the channels are axis 1. The output has
    /// the layer's float type, whatever the input's.
    ///
    /// # Errors
    /// The rank is not 4, or `height` or `width` is 0.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::RandomCrop;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2, 4, 1])).add(RandomCrop::new(2, 2)).build()?;
    /// let x = Tensor::new(&[1, 2, 4, 1], [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])?;
    /// assert_eq!(model.predict(&x)?.slice::<f32>(), [2.0, 3.0, 6.0, 7.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// In `evaluate` and `predict`, Keras 3 passes the pictures on in their own size, which a model built for the new size then
    /// refuses; we do what its documentation says and what Keras 2 did. While training, pictures that are not larger than the target along
    /// both axes are cut at the middle and resized, as there. The stream of random numbers is ours, as in
    /// [`Dropout`](crate::layers::Dropout); pictures without a batch axis and bounding boxes are not taken.
    RandomCrop requires ["height", "width"] {
        data_format: DataFormat = DataFormat::ChannelsLast,
        height: usize = 1,
        width: usize = 1,
        seed: Option<i64> = None,
    }
}

impl RandomCrop {
    /// A layer that takes parts of so many rows and columns.
    #[must_use]
    #[track_caller]
    pub fn new(height: usize, width: usize) -> RandomCrop {
        RandomCrop { height, width, ..made() }
    }

    /// How many rows and columns are to be had besides those that are taken, where there is a choice along both axes.
    fn rest(&self, [_, height, width, _]: [usize; 4]) -> Option<[usize; 2]> {
        (height > self.height && width > self.width).then(|| [height - self.height, width - self.width])
    }
}

common_setters!(RandomCrop);

impl Augmentation for RandomCrop {
    fn ranges(&self, dims: [usize; 4]) -> Vec<[f64; 2]> {
        self.rest(dims).map_or(vec![], |rest| rest.map(|rest| [0.0, rest as f64 + 1.0]).to_vec())
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn vary(&self, g: &mut Graph, images: Value, dims: [usize; 4], draws: &[Value]) -> Result<Value> {
        let to = [self.height, self.width];
        let Some(rest) = self.rest(dims) else {
            let from = [dims[1], dims[2]];
            let (_, start) = window(from, to);
            let cut = part(g, images, from, start, to)?;
            return resize(g, cut, to.map(Some), Interpolation::Bilinear, false);
        };
        let mut places = [images; 2];
        for (axis, place) in places.iter_mut().enumerate() {
            let start = ops::floor(g, draws[axis])?;
            let start = compose::minimum_scalar(g, start, rest[axis] as f64)?;
            let steps = steps(g, to[axis], 1 + axis)?;
            *place = compose::add(g, start, steps)?;
        }
        pixels(g, images, dims, places[0], places[1])
    }
}

impl Layer for RandomCrop {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        check_target([self.height, self.width])?;
        check_pictures("RandomCrop", inputs)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        let size = format!("{}×{}", self.height, self.width);
        let fit = format!("takes {size} pixels from a random place, the same for the whole batch");
        Some(Modes { fit, predict: format!("resizes the middle of its pictures to {size} pixels") })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("RandomCrop", inputs)?.value;
        let shape = cx.shape(input);
        if cx.training() && shape.is_known() {
            return augment(self, cx, inputs, self.common());
        }
        let x = cx.as_float(input, self.dtype.dtype(), "inputs")?;
        let images = self.data_format.to_last(cx.graph(), x)?;
        let resized = smart_resize(cx.graph(), images, [self.height, self.width])?;
        Ok(vec![self.data_format.restore(cx.graph(), resized)?.into()])
    }
}
