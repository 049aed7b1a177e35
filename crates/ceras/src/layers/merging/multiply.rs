//! The product of inputs.

use crate::layers::merging::{check_elementwise, merge_layer, product};

merge_layer! {
    /// The product of its inputs, element by element.
    ///
    /// # Shapes
    /// Batches of one size; the other axes broadcast, aligned at the last. The output has the common shape. A step counts where it counts in one input; where one has no mask there is none.
    ///
    /// # Errors
    /// The inputs do not broadcast, or there are none.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Multiply;
    /// use ceras::prelude::*;
    /// let (a, b) = (Input::new([2]).tensor(), Input::new([2]).tensor());
    /// let y = Multiply::new().apply_all(&[&a, &b])?;
    /// let mut model = Model::new(&[a, b], &[y])?;
    /// let (a, b) = (Tensor::new(&[1, 2], [1.0f32, 2.0])?, Tensor::new(&[1, 2], [3.0f32, 0.5])?);
    /// assert_eq!(model.predict([&a, &b])?.slice::<f32>(), [3.0, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// A step that does not count in one input counts as 1, one that counts in none is 0, as in Keras; with inputs of several ranks masks change
    /// no numbers. Inputs of one integer type stay integers; of several types, all become the layer's.
    Multiply,
    check_elementwise,
    product
}
