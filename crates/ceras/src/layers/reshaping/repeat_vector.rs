//! The layer that repeats a vector.

use ceras_graph::{Shape, TensorType, compose};

use crate::error::Result;
use crate::layers::declare::{check_rank, layer_methods, layer_struct, unusable};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};

layer_struct! {
    /// Repeats each row `n` times, as steps of a sequence.
    ///
    /// # Shapes
    /// `[batch, features]` → `[batch, n, features]`. A mask is not passed on.
    ///
    /// # Errors
    /// `n` is 0; the input is not of rank 2.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::RepeatVector;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(RepeatVector::new(2)).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2], [1.0f32, 2.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [1.0, 2.0, 1.0, 2.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same.
    RepeatVector requires ["n"] {
        n: usize = 1,
    }
}

impl RepeatVector {
    /// A layer that repeats its input so many times.
    #[must_use]
    #[track_caller]
    pub fn new(n: usize) -> RepeatVector {
        RepeatVector { n, ..made() }
    }
}

impl Layer for RepeatVector {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        if self.n == 0 {
            return Err(unusable("`n` must be 1 or more; it is 0"));
        }
        check_rank("RepeatVector", &single("RepeatVector", inputs)?.shape, 2)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let x = single("RepeatVector", inputs)?.value;
        let shape = cx.shape(x);
        let wide = Shape::from([shape.dim(0), Some(self.n), shape.dim(1)]);
        let row = compose::expand_dims(cx.graph(), x, 1)?;
        Ok(vec![compose::broadcast_to(cx.graph(), row, &wide)?.into()])
    }
}
