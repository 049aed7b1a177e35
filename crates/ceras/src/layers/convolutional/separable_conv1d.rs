//! The separable convolution of sequences.

use ceras_graph::TensorType;

use super::common::{Declared, Moves, convolution_layer, grouped};
use crate::error::Result;
use crate::layers::layer_info;
use crate::layers::spatial::{Padding, Sizes};
use crate::layers::{BuildCx, CallCx, Layer, Traced};

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

impl SeparableConv1D {
    /// Results of the first convolution for each channel: 1 by default.
    #[must_use]
    pub fn depth_multiplier(mut self, multiplier: usize) -> SeparableConv1D {
        self.depth_multiplier = multiplier;
        self
    }
}

impl Layer for SeparableConv1D {
    layer_info!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        let channels = self.checked(inputs)?;
        let middle = super::common::multiplied(channels, self.depth_multiplier)?;
        super::common::check_groups(1, channels, self.filters)?;
        let mut dims = self.kernel_size.0.to_vec();
        dims.extend([channels, self.depth_multiplier]);
        let depthwise = Declared {
            name: "depthwise_kernel",
            dims,
            initializer: &self.depthwise_initializer,
            regularizer: &self.depthwise_regularizer,
            constraint: &self.depthwise_constraint,
        };
        depthwise.declare(cx, self.dtype.dtype());
        let mut dims = vec![1; 1];
        dims.extend([middle, self.filters]);
        let pointwise = Declared {
            name: "pointwise_kernel",
            dims,
            initializer: &self.pointwise_initializer,
            regularizer: &self.pointwise_regularizer,
            constraint: &self.pointwise_constraint,
        };
        pointwise.declare(cx, self.dtype.dtype());
        self.declare_bias(cx, self.filters);
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let x = self.image(cx, inputs)?;
        let channels = cx.shape(x).last().unwrap_or(1);
        let depthwise = cx.weight("depthwise_kernel")?;
        let depthwise = grouped(cx.graph(), depthwise)?;
        let y = self.moves().convolve(cx.graph(), x, depthwise, channels)?;
        let pointwise = cx.weight("pointwise_kernel")?;
        let ones = Sizes::<1>::ONES.0;
        let still = Moves {
            kernel_size: &ones,
            strides: &ones,
            dilation_rate: &ones,
            padding: Padding::Valid,
            ..self.moves()
        };
        let y = still.convolve(cx.graph(), y, pointwise, 1)?;
        Ok(vec![self.after().apply(cx, y)?.into()])
    }
}
