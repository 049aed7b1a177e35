//! Pictures in another size.

use ceras_graph::{DType, Graph, TensorType, Value, ops};
use serde::{Deserialize, Serialize};

use super::augmentation::{check_pictures, to_whole};
use super::pixels::known;
use super::resize::{Interpolation, resize, resize_whole_bilinear};
use super::window::{check_target, edge, frame, part, size_of, window};
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, setters, unusable};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Traced, single};

/// What fills the frame around a picture: Keras knows one value only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Frame {
    #[default]
    Constant,
}

layer_struct! {
    /// Pictures in another size.
    ///
    /// Each new pixel is a weighted sum of the pixels near its place; the middle of pixel i of n lies at (i + 1/2) / n of the
    /// picture. With `antialias`, a smaller picture takes its weights from so many more pixels that none is passed over.
    ///
    /// # Shapes
    /// `[batch, h, w, channels]` → `[batch, height, width, channels]`; with `channels_first` the channels are axis 1. Whole numbers
    /// stay whole numbers of their type, rounded.
    ///
    /// # Errors
    /// The rank is not 4, `height` or `width` is 0, or both `crop_to_aspect_ratio` and `pad_to_aspect_ratio` are asked for.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Resizing;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([1, 2, 1])).add(Resizing::new(1, 4)).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 1, 2, 1], [0.0f32, 4.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [0.0, 1.0, 3.0, 4.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Keys (1981), *Cubic convolution interpolation for digital image processing*,
    /// <https://doi.org/10.1109/TASSP.1981.1163711> (bicubic)
    ///
    /// # Keras
    /// The numbers are those of the TensorFlow backend. Pictures without a batch axis and bounding boxes are not taken;
    /// `pad_to_aspect_ratio` takes whole numbers as well.
    Resizing requires ["height", "width"] {
        data_format: DataFormat = DataFormat::ChannelsLast,
        height: usize = 1,
        width: usize = 1,
        interpolation: Interpolation = Interpolation::Bilinear,
        crop_to_aspect_ratio: bool = false,
        pad_to_aspect_ratio: bool = false,
        fill_mode: Frame = Frame::Constant,
        fill_value: f64 = 0.0,
        antialias: bool = false,
    }
}

impl Resizing {
    /// A layer that makes pictures so high and so wide.
    #[must_use]
    #[track_caller]
    pub fn new(height: usize, width: usize) -> Resizing {
        Resizing { height, width, ..made() }
    }

    setters! {
        /// How values between the pixels come about: bilinear by default.
        interpolation: Interpolation;
        /// Cuts off what does not fit the new form, evenly, instead of distorting the picture.
        crop_to_aspect_ratio: bool;
        /// Fills up what the new form has more, evenly, instead of distorting the picture.
        pad_to_aspect_ratio: bool;
        /// The value that fills up; 0 by default.
        fill_value: f64;
        /// Whether a smaller picture is smoothed first.
        antialias: bool;
        /// Where the channels stand: last by default.
        data_format: DataFormat;
    }

    /// The pictures cut or framed to the new form.
    fn formed(&self, g: &mut Graph, images: Value) -> Result<Value> {
        let [Some(height), Some(width)] = size_of(g, images) else { return Ok(images) };
        let (from, to) = ([height, width], [self.height, self.width]);
        if self.crop_to_aspect_ratio {
            let (size, start) = window(from, to);
            return part(g, images, from, start, size);
        }
        if self.pad_to_aspect_ratio {
            let margins = frame(from, to).map(|margin| [i64::try_from(margin).unwrap_or(i64::MAX); 2]);
            return edge(g, images, margins, self.fill_value);
        }
        Ok(images)
    }
}

impl Layer for Resizing {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        check_target([self.height, self.width])?;
        if self.crop_to_aspect_ratio && self.pad_to_aspect_ratio {
            return Err(unusable("of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` only one can be true"));
        }
        check_pictures("Resizing", inputs)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("Resizing", inputs)?.value;
        let dtype = cx.ty(input).dtype;
        let x = if dtype.is_integer() { input } else { cx.as_float(input, self.dtype.dtype(), "inputs")? };
        let g = cx.graph();
        let images = self.data_format.to_last(g, x)?;
        let images = self.formed(g, images)?;
        let to = [Some(self.height), Some(self.width)];
        let as_they_are = self.interpolation == Interpolation::Nearest || size_of(g, images) == to;
        let resized = if dtype.is_integer() && !as_they_are {
            let images = ops::convert(g, images, DType::F32)?;
            let resized = match known(g, images) {
                Some(from) if self.interpolation == Interpolation::Bilinear && !self.antialias => {
                    resize_whole_bilinear(g, images, from, [self.height, self.width])?
                }
                _ => resize(g, images, to, self.interpolation, self.antialias)?,
            };
            to_whole(g, resized, dtype)?
        } else {
            resize(g, images, to, self.interpolation, self.antialias)?
        };
        Ok(vec![self.data_format.restore(g, resized)?.into()])
    }
}
