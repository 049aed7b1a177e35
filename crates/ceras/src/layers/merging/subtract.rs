//! The difference of two inputs.

use ceras_graph::compose;

use crate::layers::declare::misfit;
use crate::layers::merging::{check_elementwise, fold, merge_layer};

merge_layer! {
    /// The first input less the second.
    ///
    /// # Shapes
    /// Batches of one size; the other axes broadcast, aligned at the last. The output has the common shape. A step counts where it counts in one input; where one has no mask there is none.
    ///
    /// # Errors
    /// There are not two inputs, or they do not broadcast.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Subtract;
    /// use ceras::prelude::*;
    /// let (a, b) = (Input::new([2]).tensor(), Input::new([2]).tensor());
    /// let y = Subtract::new().apply_all(&[&a, &b])?;
    /// let mut model = Model::new(&[a, b], &[y])?;
    /// let (a, b) = (Tensor::new(&[1, 2], [1.0f32, 2.0])?, Tensor::new(&[1, 2], [3.0f32, 0.5])?);
    /// assert_eq!(model.predict([&a, &b])?.slice::<f32>(), [-2.0, 1.5]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Inputs of one integer type stay integers; of several types, all become the layer's.
    Subtract,
    |class_name, inputs| match inputs {
        [_, _] => check_elementwise(class_name, inputs),
        _ => Err(misfit(format!("{class_name} needs two inputs; it is given {}", inputs.len()))),
    },
    |cx, inputs, dtype| fold(cx, inputs, dtype, compose::subtract)
}
