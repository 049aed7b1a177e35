//! The mean over all positions of pictures.

use ceras_graph::{TensorType, compose};

use super::common::global_pooling_layer;
use crate::error::Result;
use crate::layers::spatial::rank_is;
use crate::layers::{BuildCx, CallCx, Layer, Traced};
use crate::layers::{layer_info, single};

global_pooling_layer! {
    /// The mean over all positions, channel by channel.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → `[batch, channels]`, or with `keepdims` one position for each axis; with
    /// `channels_first` the channels are axis 1.
    ///
    /// # Errors
    /// The rank is not 4.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::GlobalAveragePooling2D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2, 2, 1])).add(GlobalAveragePooling2D::new()).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2, 2, 1], [1.0f32, 2.0, 8.0, 5.0])?)?;
    /// assert_eq!((y.dims(), y.slice::<f32>()), (&[1, 1][..], &[4.0][..]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Lin, Chen, Yan (2014), *Network in network*, <https://arxiv.org/abs/1312.4400>
    ///
    /// # Keras
    /// Nothing differs.
    GlobalAveragePooling2D<2>
}

impl Layer for GlobalAveragePooling2D {
    layer_info!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        rank_is("GlobalAveragePooling2D", &single("GlobalAveragePooling2D", inputs)?.shape, 2)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("GlobalAveragePooling2D", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let y = compose::mean(cx.graph(), x, &self.axes(), self.keepdims)?;
        Ok(vec![y.into()])
    }
}
