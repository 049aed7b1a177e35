//! The depthwise convolution of pictures.

use ceras_graph::TensorType;

use super::common::{Declared, convolution_layer, grouped};
use crate::error::Result;
use crate::layers::layer_info;
use crate::layers::{BuildCx, CallCx, Layer, Traced};

convolution_layer! {
    /// A convolution over 2 axes of each channel by itself.
    ///
    /// `output[b, o, c·m + j] = activation(Σ input[b, o·strides + t·dilation_rate, c] · kernel[t, c, j] + bias[c·m + j])`
    /// over the kernel's positions `t`, with `m` = `depth_multiplier`.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → `[batch, height, width, channels · depth_multiplier]`; with `channels_first` the
    /// channels are axis 1. Weights: `kernel` `[kernel_size…, channels, depth_multiplier]`, then `bias`.
    ///
    /// # Errors
    /// The rank is not 4, the channels are unknown, the kernel reaches beyond the image, or `strides` and
    /// `dilation_rate` are both more than 1.
    ///
    /// # Examples
    /// Two channels, each summed by itself.
    /// ```
    /// use ceras::layers::DepthwiseConv2D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2, 2, 2])).add(DepthwiseConv2D::new(2).use_bias(false)).build()?;
    /// model.set_weights(&[Tensor::new(&[2, 2, 2, 1], [1.0f32; 8])?])?;
    /// let y = model.predict(&Tensor::new(&[1, 2, 2, 2], [1.0f32, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 40.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [10.0, 100.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Chollet (2017), *Xception: deep learning with depthwise separable convolutions*, <https://arxiv.org/abs/1610.02357>
    ///
    /// # Keras
    /// The two factors `strides` and `dilation_rate` cannot both be more than 1, as in Keras' other convolutions.
    DepthwiseConv2D<2>();
    first { #[serde(default = "super::common::one")] depth_multiplier = 1 }
    transpose {}
    groups {}
    weights { depthwise_initializer, depthwise_regularizer, depthwise_constraint; }
}

impl DepthwiseConv2D {
    /// Results for each channel: 1 by default.
    #[must_use]
    pub fn depth_multiplier(mut self, multiplier: usize) -> DepthwiseConv2D {
        self.depth_multiplier = multiplier;
        self
    }
}

impl Layer for DepthwiseConv2D {
    layer_info!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        let channels = self.checked(inputs)?;
        let features = super::common::multiplied(channels, self.depth_multiplier)?;
        let mut dims = self.kernel_size.0.to_vec();
        dims.extend([channels, self.depth_multiplier]);
        let kernel = Declared {
            name: "kernel",
            dims,
            initializer: &self.depthwise_initializer,
            regularizer: &self.depthwise_regularizer,
            constraint: &self.depthwise_constraint,
        };
        kernel.declare(cx, self.dtype.dtype());
        self.declare_bias(cx, features);
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let x = self.image(cx, inputs)?;
        let channels = cx.shape(x).last().unwrap_or(1);
        let kernel = cx.weight("kernel")?;
        let kernel = grouped(cx.graph(), kernel)?;
        let y = self.moves().convolve(cx.graph(), x, kernel, channels)?;
        Ok(vec![self.after().apply(cx, y)?.into()])
    }
}
