//! The layer that flattens.

use ceras_graph::{Dim, Shape, TensorType, ops};

use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, setters};
use crate::layers::{BuildCx, CallCx, DataFormat, Layer, Traced, single};

layer_struct! {
    /// Flattens each row of the batch.
    ///
    /// # Shapes
    /// `[batch, …]` → `[batch, product of the rest]`; `[batch]` → `[batch, 1]`.
    ///
    /// # Errors
    /// None of its own.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2, 2])).add(Flatten::new()).build()?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 4]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// With `data_format` "channels_first" the channels are moved last before flattening, as in Keras.
    Flatten requires [] {
        data_format: DataFormat = DataFormat::ChannelsLast,
    }
}

impl Flatten {
    /// A layer that flattens.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> Flatten {
        made()
    }

    setters! {
        /// Where the channels stand in the input.
        data_format: DataFormat;
    }
}

impl Layer for Flatten {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        single("Flatten", inputs)?;
        self.problem.clone().map_or(Ok(()), Err)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let mut value = single("Flatten", inputs)?.value;
        let shape = cx.shape(value);
        let rank = shape.rank();
        if self.data_format == DataFormat::ChannelsFirst && rank > 2 {
            let axes: Vec<usize> = std::iter::once(0).chain(2..rank).chain([1]).collect();
            value = ops::transpose(cx.graph(), value, &axes)?;
        }
        let batch = shape.dims().first().copied().flatten();
        let rest: Dim =
            shape.dims().iter().skip(1).try_fold(1usize, |product, dim| product.checked_mul((*dim)?));
        let flat = ops::reshape(cx.graph(), value, Shape::from([batch, rest]))?;
        Ok(vec![flat.into()])
    }
}
