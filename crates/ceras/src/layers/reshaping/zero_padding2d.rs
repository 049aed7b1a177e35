//! Zeros around pictures.

use super::margins::{margin_layer, zero_pad};

margin_layer! {
    /// Zeros before and after the positions of each axis.
    ///
    /// # Shapes
    /// `[batch, height, width, channels]` → the same with `padding` more positions; with `channels_first` the channels are axis 1.
    ///
    /// # Errors
    /// The rank is not 4.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::ZeroPadding2D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([1, 2, 1])).add(ZeroPadding2D::new([[0, 0], [1, 0]])).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 1, 2, 1], [3.0f32, 4.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [0.0, 3.0, 4.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Nothing differs.
    ZeroPadding2D<2> { padding: "crate::layers::spatial::Margins::ones" data_format }
    |layer, g, x| zero_pad(g, x, &layer.padding.0, layer.data_format)
}
