//! The depthwise convolution of sequences.

use super::common::convolution_layer;
use super::kinds::depthwise;

convolution_layer! {
    /// A convolution over 1 axis of each channel by itself.
    ///
    /// `output[b, o, c·m + j] = activation(Σ input[b, o·strides + t·dilation_rate, c] · kernel[t, c, j] + bias[c·m + j])`
    /// over the kernel's positions `t`, with `m` = `depth_multiplier`.
    ///
    /// # Shapes
    /// `[batch, steps, channels]` → `[batch, steps, channels · depth_multiplier]`; with `channels_first` the
    /// channels are axis 1. Weights: `kernel` `[kernel_size…, channels, depth_multiplier]`, then `bias`.
    ///
    /// # Errors
    /// The rank is not 3, the channels are unknown, the kernel reaches beyond the image, or `strides` and
    /// `dilation_rate` are both more than 1.
    ///
    /// # Examples
    /// Two channels, each summed by itself.
    /// ```
    /// use ceras::layers::DepthwiseConv1D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([3, 2])).add(DepthwiseConv1D::new(2).use_bias(false)).build()?;
    /// model.set_weights(&[Tensor::new(&[2, 2, 1], [1.0f32; 4])?])?;
    /// let y = model.predict(&Tensor::new(&[1, 3, 2], [1.0f32, 10.0, 2.0, 20.0, 4.0, 40.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [3.0, 30.0, 6.0, 60.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Chollet (2017), *Xception: deep learning with depthwise separable convolutions*, <https://arxiv.org/abs/1610.02357>
    ///
    /// # Keras
    /// The two factors `strides` and `dilation_rate` cannot both be more than 1, as in Keras' other convolutions.
    DepthwiseConv1D<1>();
    first { #[serde(default = "super::common::one")] depth_multiplier = 1 }
    transpose {}
    groups {}
    weights { depthwise_initializer, depthwise_regularizer, depthwise_constraint; }
}

depthwise!(DepthwiseConv1D);
