//! The largest of inputs.

use ceras_graph::compose;

use crate::layers::merging::{check_elementwise, fold_counting, merge_layer};

merge_layer! {
    /// The largest of its inputs, element by element; of equal ones the first has the gradient.
    ///
    /// # Shapes
    /// Batches of one size; the other axes broadcast, aligned at the last. The output has the common shape. A step counts where it counts in one input; where one has no mask there is none.
    ///
    /// # Errors
    /// The inputs do not broadcast, or there are none.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Maximum;
    /// use ceras::prelude::*;
    /// let (a, b) = (Input::new([2]).tensor(), Input::new([2]).tensor());
    /// let y = Maximum::new().apply_all(&[&a, &b])?;
    /// let mut model = Model::new(&[a, b], &[y])?;
    /// let (a, b) = (Tensor::new(&[1, 2], [1.0f32, 2.0])?, Tensor::new(&[1, 2], [3.0f32, 0.5])?);
    /// assert_eq!(model.predict([&a, &b])?.slice::<f32>(), [3.0, 2.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// A step that does not count in one input gives way to the other's, as in Keras; with inputs of several ranks it does not.
    Maximum,
    check_elementwise,
    |cx, inputs, dtype| fold_counting(cx, inputs, dtype, compose::maximum)
}
