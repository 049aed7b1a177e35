//! The separable convolution of sequences.

use super::common::convolution_layer;
use super::kinds::separable;

convolution_layer! {
    /// A convolution over 1 axis of each channel by itself, then one that mixes the channels at each position.
    ///
    /// `output = activation(conv(depthwise_conv(input, depthwise_kernel), pointwise_kernel) + bias)`
    ///
    /// # Shapes
    /// `[batch, steps, channels]` → `[batch, steps, filters]`; with `channels_first` the channels are axis 1.
    /// Weights: `depthwise_kernel` `[kernel_size…, channels, depth_multiplier]`, `pointwise_kernel`
    /// `[1…, channels · depth_multiplier, filters]`, then `bias` `[filters]`.
    ///
    /// # Errors
    /// As for [`DepthwiseConv1D`](crate::layers::DepthwiseConv1D); `filters` is 0.
    ///
    /// # Examples
    /// The sum under the kernel, once as it is and once doubled.
    /// ```
    /// use ceras::layers::SeparableConv1D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([3, 1])).add(SeparableConv1D::new(2, 2).use_bias(false)).build()?;
    /// model.set_weights(&[
    ///     Tensor::new(&[2, 1, 1], [1.0f32; 2])?,
    ///     Tensor::new(&[1, 1, 2], [1.0f32, 2.0])?,
    /// ])?;
    /// let y = model.predict(&Tensor::new(&[1, 3, 1], [1.0f32, 2.0, 4.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [3.0, 6.0, 6.0, 12.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Chollet (2017), *Xception: deep learning with depthwise separable convolutions*, <https://arxiv.org/abs/1610.02357>
    ///
    /// # Keras
    /// Nothing differs.
    SeparableConv1D<1>(filters);
    first { #[serde(default = "super::common::one")] depth_multiplier = 1, filters = filters }
    transpose {}
    groups {}
    weights {
        depthwise_initializer, depthwise_regularizer, depthwise_constraint;
        pointwise_initializer, pointwise_regularizer, pointwise_constraint;
    }
}

separable!(SeparableConv1D, 1);
