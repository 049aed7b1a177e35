//! A layer for every step.

use ceras_graph::{Dim, Shape, TensorType, compose, ops};

use super::part;
use super::wrapped::Wrapped;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, misfit};
use crate::layers::{BuildCx, CallCx, Identity, Layer, LayerRef, Modes, Traced, single};

/// The name that Keras' files have for the layer inside.
const LAYER: &str = "layer";

layer_struct! {
    /// Applies a layer to every step of a sequence, with the same weights.
    ///
    /// # Shapes
    /// `[batch, steps, …]` → `[batch, steps, …]`, the rest being what the layer makes of `[batch, …]`. The mask is the input's.
    ///
    /// # Errors
    /// The input has no steps, or the layer inside cannot take one.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::TimeDistributed;
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([10, 8])).add(TimeDistributed::new(Dense::new(3))).build()?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 10, 3]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// All steps are computed at once, as rows of one batch. In training a layer with statistics of the batch, such as BatchNormalization, sees
    /// one step after another, as in Keras 3; Keras 2 had it see all at once.
    TimeDistributed requires ["layer"] {
        layer: Wrapped = Wrapped(Identity::new().into()),
    }
}

impl TimeDistributed {
    /// A layer that applies this one to every step.
    #[must_use]
    #[track_caller]
    pub fn new(layer: impl Into<LayerRef>) -> TimeDistributed {
        TimeDistributed { layer: Wrapped(layer.into()), ..made() }
    }
}

impl TimeDistributed {
    /// The layer for one step after another.
    fn one_by_one(&self, cx: &mut CallCx<'_>, input: &Traced, steps: usize) -> Result<Vec<Traced>> {
        let mut outputs = Vec::with_capacity(steps);
        for step in 0..steps {
            let g = cx.graph();
            let one = part(g, input.value, 1, step, step + 1)?;
            let shape = g.ty(one).shape.without(1);
            let one = ops::reshape(g, one, shape)?;
            let output = cx.child(LAYER, &*self.layer.0, &[one.into()])?;
            let output = single("TimeDistributed", &output)?.value;
            outputs.push(compose::expand_dims(cx.graph(), output, 1)?);
        }
        let value = ops::concatenate(cx.graph(), &outputs, 1)?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}

/// The shape without the axis of steps, its rows being those of all steps.
fn folded(shape: &Shape) -> Result<Shape> {
    if shape.rank() < 3 {
        return Err(misfit(format!(
            "TimeDistributed needs an input [batch, steps, …] of rank 3 or more; its shape is {shape}"
        )));
    }
    let rows = shape.dim(0).zip(shape.dim(1)).and_then(|(batch, steps)| batch.checked_mul(steps));
    Ok(shape.without(0).with(0, rows))
}

impl Layer for TimeDistributed {
    layer_methods!();

    fn inside(&self) -> Option<(&'static str, &LayerRef)> {
        Some((LAYER, &self.layer.0))
    }

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let input = single("TimeDistributed", inputs)?;
        let one = TensorType { dtype: input.dtype, shape: folded(&input.shape)? };
        cx.child(LAYER, &*self.layer.0, &[one])
    }

    fn modes(&self, frozen: bool) -> Option<Modes> {
        self.layer.0.modes(frozen)
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("TimeDistributed", inputs)?;
        let shape = cx.shape(input.value);
        if let Some(steps) = shape.dim(1).filter(|_| cx.training() && self.layer.0.sees_batch()) {
            return self.one_by_one(cx, input, steps);
        }
        let steps = ops::reshape(cx.graph(), input.value, folded(&shape)?)?;
        let outputs = cx.child(LAYER, &*self.layer.0, &[steps.into()])?;
        let output = single("TimeDistributed", &outputs)?.value;
        let own = cx.shape(output);
        let dims: Vec<Dim> =
            [shape.dim(0), shape.dim(1)].into_iter().chain(own.dims()[1..].iter().copied()).collect();
        let value = ops::reshape(cx.graph(), output, Shape::from(dims))?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
