//! The largest element of each window of pictures.

use super::common::pooling_layer;

pooling_layer! {
    /// The largest element of each window, channel by channel.
    ///
    /// `output[b, o, c] = max(input[b, o·strides + t, c])` over the window's positions `t`.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → `[batch, height, width, channels]`, along each axis of `n` positions
    /// `⌊(n − pool_size) / strides⌋ + 1` (`valid`) or `⌈n / strides⌉` (`same`); with `channels_first` the channels are axis 1.
    ///
    /// # Errors
    /// The rank is not 4, or the window is larger than the image.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::MaxPooling2D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2, 2, 1])).add(MaxPooling2D::new(2)).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2, 2, 1], [1.0f32, 2.0, 8.0, 5.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [8.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Boureau, Ponce, LeCun (2010), *A theoretical analysis of feature pooling in visual recognition*,
    /// <https://icml.cc/Conferences/2010/papers/638.pdf>
    ///
    /// # Keras
    /// With ties the gradient goes to the first of the largest elements, as in Keras on TensorFlow.
    MaxPooling2D<2>: max_pool
}
