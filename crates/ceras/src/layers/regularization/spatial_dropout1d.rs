//! Dropout of whole channels, inputs with 1 positional axes.

use crate::layers::regularization::spatial_dropout;

spatial_dropout! {
    /// Sets a share of the channels to zero while training, each over all positions at once, and scales the others up.
    ///
    /// `output = input · keep / (1 − rate)`, where each `keep`, one for a row and a channel, is 0 with probability `rate` and else 1; in
    /// `evaluate` and `predict` the input is passed on.
    ///
    /// # Shapes
    /// `[batch, steps, channels]`, unchanged.
    ///
    /// # Errors
    /// `rate` is not from 0 to 1; the input is not of rank 3.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::SpatialDropout1D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([3, 2])).add(SpatialDropout1D::new(0.5)).build()?;
    /// let x = Tensor::zeros(DType::F32, &[1, 3, 2])?;
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
    SpatialDropout1D, 3
}
