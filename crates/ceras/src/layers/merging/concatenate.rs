//! Inputs one after another.

use ceras_graph::{Shape, TensorType, Value, compose, ops};

use super::{all_count, in_one_type, no_merge, with_rank};
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, misfit, setters};
use crate::layers::{BuildCx, CallCx, Layer, Traced};

layer_struct! {
    /// Puts its inputs one after another along an axis.
    ///
    /// Where nothing else reads them, the inputs are computed right in their places of the output.
    ///
    /// # Shapes
    /// Equal besides `axis`, along which the output has the sum of the inputs' dimensions. Masks are put together likewise; along the
    /// last axis a step counts where it counts in one input. An input without a mask counts everywhere.
    ///
    /// # Errors
    /// The shapes differ along another axis, or have no such axis; there is no input.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Concatenate;
    /// use ceras::prelude::*;
    /// let (a, b) = (Input::new([2]).tensor(), Input::new([1]).tensor());
    /// let y = Concatenate::new().apply_all(&[&a, &b])?;
    /// let mut model = Model::new(&[a, b], &[y])?;
    /// let (a, b) = (Tensor::new(&[1, 2], [1.0f32, 2.0])?, Tensor::new(&[1, 1], [3.0f32])?);
    /// assert_eq!(model.predict([&a, &b])?.slice::<f32>(), [1.0, 2.0, 3.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same.
    Concatenate requires [] {
        axis: i64 = -1,
    }
}

impl Concatenate {
    /// A layer that works along the last axis.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> Concatenate {
        made()
    }

    setters! {
        /// The axis, counted from the end when negative.
        axis: i64;
    }

    fn axis_of(&self, shape: &Shape) -> Result<usize> {
        shape.axis(self.axis).ok_or_else(|| {
            misfit(format!("Concatenate has axis {}, and an input has shape {shape}", self.axis))
        })
    }

    /// The mask of the output.
    fn mask(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Option<Value>> {
        if inputs.iter().all(|input| input.mask.is_none()) {
            return Ok(None);
        }
        let axis = self.axis_of(&cx.shape(inputs[0].value))?;
        let g = cx.graph();
        let mut masks: Vec<Value> = Vec::with_capacity(inputs.len());
        for input in inputs {
            let shape = g.ty(input.value).shape.clone();
            let steps = shape.without(shape.rank() - 1);
            let mask = match input.mask {
                Some(mask) => with_rank(g, mask, steps.rank())?,
                None => all_count(g, steps.clone())?,
            };
            masks.push(compose::broadcast_to(g, mask, &steps)?);
        }
        let rank = g.ty(inputs[0].value).shape.rank();
        if axis + 1 < rank {
            return Ok(Some(ops::concatenate(g, &masks, axis)?));
        }
        let mut either = masks[0];
        for mask in &masks[1..] {
            either = compose::logical_or(g, either, *mask)?;
        }
        Ok(Some(either))
    }
}

impl Layer for Concatenate {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let Some(first) = inputs.first() else {
            return Err(misfit("Concatenate needs at least one input; it is given none"));
        };
        let axis = self.axis_of(&first.shape)?;
        for (number, input) in inputs.iter().enumerate() {
            let same_rank = input.shape.rank() == first.shape.rank();
            if !same_rank || !input.shape.without(axis).is_compatible(&first.shape.without(axis)) {
                let rule = format!("the inputs of Concatenate must have equal shapes besides axis {axis}");
                return Err(no_merge(format!("{rule}; input {number} differs from input 0"), inputs));
            }
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let Some(first) = inputs.first() else {
            return Err(misfit("Concatenate needs at least one input; it is given none"));
        };
        let axis = self.axis_of(&cx.shape(first.value))?;
        let values: Vec<Value> =
            in_one_type(cx, inputs, self.dtype.dtype())?.iter().map(|input| input.value).collect();
        let value = ops::concatenate(cx.graph(), &values, axis)?;
        Ok(vec![Traced { value, mask: self.mask(cx, inputs)? }])
    }
}
