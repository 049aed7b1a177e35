//! The mean of inputs.

use ceras_graph::compose;

use crate::layers::Traced;
use crate::layers::merging::{check_elementwise, fold, merge_layer};

merge_layer! {
    /// The arithmetic mean of its inputs, element by element.
    ///
    /// # Shapes
    /// Batches of one size; the other axes broadcast, aligned at the last. The output has the common shape. A step counts where it counts in one input; where one has no mask there is none.
    ///
    /// # Errors
    /// The inputs do not broadcast, or there are none.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Average;
    /// use ceras::prelude::*;
    /// let (a, b) = (Input::new([2]).tensor(), Input::new([2]).tensor());
    /// let y = Average::new().apply_all(&[&a, &b])?;
    /// let mut model = Model::new(&[a, b], &[y])?;
    /// let (a, b) = (Tensor::new(&[1, 2], [1.0f32, 2.0])?, Tensor::new(&[1, 2], [3.0f32, 0.5])?);
    /// assert_eq!(model.predict([&a, &b])?.slice::<f32>(), [2.0, 1.25]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same.
    Average,
    check_elementwise,
    |cx, inputs, dtype| {
        let sum = fold(cx, inputs, dtype, compose::add)?;
        let value = cx.as_float(sum.value, dtype, "sum")?;
        let value = compose::divide_scalar(cx.graph(), value, inputs.len() as f64)?;
        Ok(Traced { value, mask: sum.mask })
    }
}
