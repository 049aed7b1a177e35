//! The transposed convolution of volumes.

use super::common::convolution_layer;
use super::kinds::transposed;

convolution_layer! {
    /// The transpose of a convolution over 3 axes: each input position spreads over the kernel's reach, so that the result is
    /// larger than the input.
    ///
    /// `output[b, i·strides + t·dilation_rate − padding, f] += input[b, i, c] · kernel[t, f, c]`, then bias and activation.
    ///
    /// # Shapes
    /// `[batch, depth, height, width, channels]` → `[batch, depth, height, width, filters]`; along each axis of `n` positions, with
    /// `k = (kernel_size − 1)·dilation_rate + 1`, the result has `n·strides + max(k − strides, 0)` positions (`valid`) or
    /// `n·strides` (`same`); with `output_padding` it has `(n − 1)·strides + k + output_padding`, less `2·⌊k/2⌋` for `same`.
    /// Weights: `kernel` `[kernel_size…, filters, channels]`, then `bias` `[filters]`.
    ///
    /// # Errors
    /// The rank is not 5, the channels are unknown, `output_padding` is not less than `strides`, or `strides` and
    /// `dilation_rate` are both more than 1.
    ///
    /// # Examples
    /// Each input is laid down twice.
    /// ```
    /// use ceras::layers::Conv3DTranspose;
    /// use ceras::prelude::*;
    /// let layer = Conv3DTranspose::new(1, [1, 1, 2]).strides([1, 1, 2]).use_bias(false);
    /// let mut model = Sequential::new().add(Input::new([1, 1, 2, 1])).add(layer).build()?;
    /// model.set_weights(&[Tensor::new(&[1, 1, 2, 1, 1], [1.0f32; 2])?])?;
    /// let y = model.predict(&Tensor::new(&[1, 1, 1, 2, 1], [1.0f32, 2.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [1.0, 1.0, 2.0, 2.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Dumoulin & Visin (2016), *A guide to convolution arithmetic for deep learning*, <https://arxiv.org/abs/1603.07285>
    ///
    /// # Keras
    /// Nothing differs.
    Conv3DTranspose<3>(filters);
    first { filters = filters }
    transpose { output_padding }
    groups {}
    weights { kernel_initializer, kernel_regularizer, kernel_constraint; }
}

transposed!(Conv3DTranspose);
