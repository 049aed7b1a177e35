//! The separable convolution of pictures.

use super::common::convolution_layer;
use super::kinds::separable;

convolution_layer! {
    /// A convolution over 2 axes of each channel by itself, then one that mixes the channels at each position.
    ///
    /// `output = activation(conv(depthwise_conv(input, depthwise_kernel), pointwise_kernel) + bias)`
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → `[batch, height, width, filters]`; with `channels_first` the channels are axis 1.
    /// Weights: `depthwise_kernel` `[kernel_size…, channels, depth_multiplier]`, `pointwise_kernel`
    /// `[1…, channels · depth_multiplier, filters]`, then `bias` `[filters]`.
    ///
    /// # Errors
    /// As for [`DepthwiseConv2D`](crate::layers::DepthwiseConv2D); `filters` is 0.
    ///
    /// # Examples
    /// The sum under the kernel, once as it is and once doubled.
    /// ```
    /// use ceras::layers::SeparableConv2D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2, 2, 1])).add(SeparableConv2D::new(2, 2).use_bias(false)).build()?;
    /// model.set_weights(&[
    ///     Tensor::new(&[2, 2, 1, 1], [1.0f32; 4])?,
    ///     Tensor::new(&[1, 1, 1, 2], [1.0f32, 2.0])?,
    /// ])?;
    /// let y = model.predict(&Tensor::new(&[1, 2, 2, 1], [1.0f32, 2.0, 3.0, 4.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [10.0, 20.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Chollet (2017), *Xception: deep learning with depthwise separable convolutions*, <https://arxiv.org/abs/1610.02357>
    ///
    /// # Keras
    /// Nothing differs.
    SeparableConv2D<2>(filters);
    first { #[serde(default = "super::common::one")] depth_multiplier = 1, filters = filters }
    transpose {}
    groups {}
    weights {
        depthwise_initializer, depthwise_regularizer, depthwise_constraint;
        pointwise_initializer, pointwise_regularizer, pointwise_constraint;
    }
}

separable!(SeparableConv2D, 2);
