//! The sum of inputs.

use ceras_graph::compose;

use crate::layers::merging::{check_elementwise, fold, merge_layer};

merge_layer! {
    /// The sum of its inputs.
    ///
    /// # Shapes
    /// Batches of one size; the other axes broadcast, aligned at the last. The output has the common shape. A step counts where it counts in one input; where one has no mask there is none.
    ///
    /// # Errors
    /// The inputs do not broadcast, or there are none.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Add;
    /// use ceras::prelude::*;
    /// let (a, b) = (Input::new([2]).tensor(), Input::new([2]).tensor());
    /// let y = Add::new().apply_all(&[&a, &b])?;
    /// let mut model = Model::new(&[a, b], &[y])?;
    /// let (a, b) = (Tensor::new(&[1, 2], [1.0f32, 2.0])?, Tensor::new(&[1, 2], [3.0f32, 0.5])?);
    /// assert_eq!(model.predict([&a, &b])?.slice::<f32>(), [4.0, 2.5]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Inputs of one integer type stay integers; of several types, all become the layer's.
    Add,
    check_elementwise,
    |cx, inputs, dtype| fold(cx, inputs, dtype, compose::add)
}
