//! The middle of pictures.

use ceras_graph::TensorType;

use super::augmentation::check_pictures;
use super::window::{check_target, part, size_of, smart_resize};
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, setters};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Traced, single};

layer_struct! {
    /// The middle of pictures.
    ///
    /// Of `h` rows, `height` are kept from row ⌊(h − `height`) / 2⌋ on, and so with the columns. From a picture that is smaller along
    /// one of the axes, the largest part that has the new form is taken and resized.
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
    /// use ceras::layers::CenterCrop;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([1, 4, 1])).add(CenterCrop::new(1, 2)).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 1, 4, 1], [1.0f32, 2.0, 3.0, 4.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [2.0, 3.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Pictures without a batch axis and bounding boxes are not taken.
    CenterCrop requires ["height", "width"] {
        data_format: DataFormat = DataFormat::ChannelsLast,
        height: usize = 1,
        width: usize = 1,
    }
}

impl CenterCrop {
    /// A layer that keeps so many rows and columns.
    #[must_use]
    #[track_caller]
    pub fn new(height: usize, width: usize) -> CenterCrop {
        CenterCrop { height, width, ..made() }
    }

    setters! {
        /// Where the channels stand: last by default.
        data_format: DataFormat;
    }
}

impl Layer for CenterCrop {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        check_target([self.height, self.width])?;
        check_pictures("CenterCrop", inputs)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("CenterCrop", inputs)?.value;
        let x = cx.as_float(input, self.dtype.dtype(), "inputs")?;
        let g = cx.graph();
        let images = self.data_format.to_last(g, x)?;
        let to = [self.height, self.width];
        let cropped = match size_of(g, images) {
            [Some(height), Some(width)] if height >= to[0] && width >= to[1] => {
                let start = [(height - to[0]) / 2, (width - to[1]) / 2];
                part(g, images, [height, width], start, to)?
            }
            _ => smart_resize(g, images, to)?,
        };
        Ok(vec![self.data_format.restore(g, cropped)?.into()])
    }
}
