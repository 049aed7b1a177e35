//! Volumes without their edges.

use super::margins::{crop, margin_layer};

margin_layer! {
    /// The input without some positions at the sides of each axis.
    ///
    /// # Shapes
    /// `[batch, depth, height, width, channels]` → the same with `cropping` fewer positions; with `channels_first` the channels are axis 1.
    ///
    /// # Errors
    /// The rank is not 5, or nothing would be left.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Cropping3D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([1, 1, 2, 1])).add(Cropping3D::new([[0, 0], [0, 0], [1, 0]])).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 1, 1, 2, 1], [3.0f32, 4.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [4.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Nothing differs.
    Cropping3D<3> { cropping: "crate::layers::spatial::Margins::ones" data_format }
    |layer, g, x| crop("Cropping3D", g, x, &layer.cropping.0, layer.data_format)
}
