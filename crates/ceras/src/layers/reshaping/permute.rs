//! The layer that puts axes into another order.

use ceras_graph::{TensorType, ops};

use crate::error::Result;
use crate::layers::declare::{check_rank, layer_methods, layer_struct, unusable};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};

layer_struct! {
    /// Puts the axes of each row into another order.
    ///
    /// # Shapes
    /// `[batch, …]` of rank `dims.len() + 1`; axis `i` of the output is axis `dims[i - 1]` of the input, both counted from
    /// 1. A mask is not passed on.
    ///
    /// # Errors
    /// `dims` does not name each of 1, 2, … once; the input has another rank.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Permute;
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([10, 64])).add(Permute::new(&[2, 1])).build()?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 64, 10]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same.
    Permute requires ["dims"] {
        dims: Vec<usize> = Vec::new(),
    }
}

impl Permute {
    /// A layer that puts axes into this order, counted from 1: the batch stays.
    #[must_use]
    #[track_caller]
    pub fn new(dims: &[usize]) -> Permute {
        Permute { dims: dims.to_vec(), ..made() }
    }
}

impl Layer for Permute {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let mut sorted = self.dims.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(1..=self.dims.len()) {
            return Err(unusable(format!(
                "`dims` must name each of 1 to {} once; it is {:?}",
                self.dims.len(),
                self.dims
            )));
        }
        check_rank("Permute", &single("Permute", inputs)?.shape, self.dims.len() + 1)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let axes: Vec<usize> = std::iter::once(0).chain(self.dims.iter().copied()).collect();
        Ok(vec![ops::transpose(cx.graph(), single("Permute", inputs)?.value, &axes)?.into()])
    }
}
