//! The layer that marks steps which do not count.

use ceras_graph::ops::Reduction;
use ceras_graph::{TensorType, compose, ops};

use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, Layer, Numbers, Traced, known_last, single};

layer_struct! {
    /// Marks the steps of a sequence whose features all are `mask_value` as not there.
    ///
    /// The mask goes with the output: layers that know of masks pass such steps over or pass the mask on, losses and
    /// metrics leave them out. The features of a marked step become 0.
    ///
    /// # Shapes
    /// `[batch, …, features]`, unchanged; the mask is `[batch, …]`, true where a step counts.
    ///
    /// # Errors
    /// The input has no axis besides the batch.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Masking;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2, 2])).add(Masking::new().mask_value(-1.0)).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 2, 2], [-1.0f32, 2.0, -1.0, -1.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [-1.0, 2.0, 0.0, 0.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same.
    Masking requires [] {
        mask_value: Numbers = Numbers::from(0.0),
    }
}

impl Masking {
    /// A layer that marks steps of zeros.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> Masking {
        made()
    }

    /// The value of all features of a step that does not count.
    #[must_use]
    pub fn mask_value(mut self, mask_value: impl Into<Numbers>) -> Masking {
        self.mask_value = mask_value.into();
        self
    }
}

impl Layer for Masking {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        known_last("Masking", &single("Masking", inputs)?.shape, 2).map(|_| ())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let x = cx.as_float(single("Masking", inputs)?.value, self.dtype.dtype(), "inputs")?;
        let value = self.mask_value.tensor()?.cast(self.dtype.dtype());
        let zero = cx.scalar_like(0.0, x)?;
        let g = cx.graph();
        let last = g.ty(x).shape.rank() - 1;
        let value = ops::constant(g, value)?;
        let counts = compose::not_equal(g, x, value)?;
        let mask = ops::reduce(g, counts, Reduction::Or, &[last])?;
        let wide = compose::expand_dims(g, mask, last)?;
        let kept = compose::select(g, wide, x, zero)?;
        Ok(vec![Traced { value: kept, mask: Some(mask) }])
    }
}
