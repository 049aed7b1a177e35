//! Dropout of whole channels, inputs with 2 positional axes.

use crate::layers::DataFormat;
use crate::layers::regularization::spatial_dropout;

spatial_dropout! {
    /// Sets a share of the channels to zero while training, each over all positions at once, and scales the others up.
    ///
    /// `output = input · keep / (1 − rate)`, where each `keep`, one for a row and a channel, is 0 with probability `rate` and else 1; in
    /// `evaluate` and `predict` the input is passed on.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]`, or `[batch, channels, height, width]` with `data_format` "channels_first", unchanged.
    ///
    /// # Errors
    /// `rate` is not from 0 to 1; the input is not of rank 4.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::SpatialDropout2D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([3, 3, 2])).add(SpatialDropout2D::new(0.5)).build()?;
    /// let x = Tensor::zeros(DType::F32, &[1, 3, 3, 2])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Tompson, Goroshin, Jain, LeCun, Bregler (2014), *Efficient object localization using convolutional networks*,
    /// <https://arxiv.org/abs/1411.4280>
    ///
    /// # Keras
    /// The stream of random numbers is ours, as in [`Dropout`](crate::layers::Dropout).
    SpatialDropout2D, 4, data_format: DataFormat
}
