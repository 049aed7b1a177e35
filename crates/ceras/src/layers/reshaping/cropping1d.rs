//! Sequences without their edges.

use super::margins::{crop, margin_layer};
use crate::layers::DataFormat;

margin_layer! {
    /// The input without some positions at the sides of the axis.
    ///
    /// # Shapes
    /// `[batch, steps, channels]` → the same with `cropping` fewer positions.
    ///
    /// # Errors
    /// The rank is not 3, or nothing would be left.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Cropping1D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2, 1])).add(Cropping1D::new([1, 0])).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2, 1], [3.0f32, 4.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [4.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Nothing differs.
    Cropping1D<1> { cropping: "crate::layers::spatial::Margins::ones" }
    |layer, g, x| crop("Cropping1D", g, x, &layer.cropping.0, DataFormat::ChannelsLast)
}
