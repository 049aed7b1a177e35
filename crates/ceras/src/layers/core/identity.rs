//! The layer that changes nothing.

use ceras_graph::TensorType;

use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct};
use crate::layers::{BuildCx, CallCx, Layer, Traced};

layer_struct! {
    /// Passes its inputs on, whatever they are.
    ///
    /// # Shapes
    /// Any; the output has the input's, and its mask.
    ///
    /// # Errors
    /// None of its own.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Identity;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(Identity::new()).build()?;
    /// let x = Tensor::new(&[1, 2], [1.0f32, 2.0])?;
    /// assert_eq!(model.predict(&x)?, x);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same.
    Identity requires [] {}
}

impl Identity {
    /// A layer that changes nothing.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> Identity {
        made()
    }
}

impl Layer for Identity {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, _: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)
    }

    fn call(&self, _: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        Ok(inputs.to_vec())
    }
}
