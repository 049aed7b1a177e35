//! The mean of each window of volumes.

use super::common::pooling_layer;

pooling_layer! {
    /// The mean of each window, channel by channel.
    ///
    /// `output[b, o, c] = mean(input[b, o·strides + t, c])` over the window's positions `t`.
    ///
    /// # Shapes
    /// `[batch, depth, height, width, channels]` → `[batch, depth, height, width, channels]`, along each axis of `n` positions
    /// `⌊(n − pool_size) / strides⌋ + 1` (`valid`) or `⌈n / strides⌉` (`same`); with `channels_first` the channels are axis 1.
    ///
    /// # Errors
    /// The rank is not 5, or the window is larger than the image.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::AveragePooling3D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([1, 2, 2, 1])).add(AveragePooling3D::new([1, 2, 2])).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 1, 2, 2, 1], [1.0f32, 2.0, 8.0, 5.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [4.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Boureau, Ponce, LeCun (2010), *A theoretical analysis of feature pooling in visual recognition*,
    /// <https://icml.cc/Conferences/2010/papers/638.pdf>
    ///
    /// # Keras
    /// The mean is over the positions that lie in the image, as in Keras on TensorFlow; padding does not count.
    AveragePooling3D<3>: average_pool
}
