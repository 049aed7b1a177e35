//! The mean over all positions of sequences.

use ceras_graph::{TensorType, compose, ops};

use super::common::global_pooling_layer;
use crate::error::Result;
use crate::layers::spatial::rank_is;
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Traced};
use crate::layers::{layer_info, single};

global_pooling_layer! {
    /// The mean over all positions, channel by channel.
    ///
    /// # Shapes
    /// `[batch, steps, channels]` → `[batch, channels]`, or with `keepdims` one position for each axis; with
    /// `channels_first` the channels are axis 1.
    ///
    /// # Errors
    /// The rank is not 3.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::GlobalAveragePooling1D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([4, 1])).add(GlobalAveragePooling1D::new()).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 4, 1], [1.0f32, 2.0, 8.0, 5.0])?)?;
    /// assert_eq!((y.dims(), y.slice::<f32>()), (&[1, 1][..], &[4.0][..]));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Lin, Chen, Yan (2014), *Network in network*, <https://arxiv.org/abs/1312.4400>
    ///
    /// # Keras
    /// A mask leaves steps out, as in Keras; a row whose steps are all left out gives NaN.
    GlobalAveragePooling1D<1>
}

impl Layer for GlobalAveragePooling1D {
    layer_info!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        rank_is("GlobalAveragePooling1D", &single("GlobalAveragePooling1D", inputs)?.shape, 1)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("GlobalAveragePooling1D", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let Some(mask) = input.mask else {
            let y = compose::mean(cx.graph(), x, &self.axes(), self.keepdims)?;
            return Ok(vec![y.into()]);
        };
        // Steps that the mask leaves out count neither in the sum nor in the number.
        let dtype = cx.ty(x).dtype;
        let channels = if self.data_format == DataFormat::ChannelsLast { 2 } else { 1 };
        let mask = compose::expand_dims(cx.graph(), mask, channels)?;
        let zero = cx.scalar_like(0.0, x)?;
        let kept = compose::select(cx.graph(), mask, x, zero)?;
        let counted = ops::convert(cx.graph(), mask, dtype)?;
        let sum = compose::sum(cx.graph(), kept, &self.axes(), self.keepdims)?;
        let count = compose::sum(cx.graph(), counted, &self.axes(), self.keepdims)?;
        let y = compose::divide(cx.graph(), sum, count)?;
        Ok(vec![y.into()])
    }
}
