//! Products of the rows of two inputs.

use ceras_graph::ops::{self, DotDimensions};
use ceras_graph::{Shape, TensorType};

use super::no_merge;
use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, misfit, setters, unusable};
use crate::layers::normalization::unit_length;
use crate::layers::{Axes, BuildCx, CallCx, Layer, Traced};

/// Keras' limit: no vector counts as shorter when it is brought to length 1.
const EPSILON: f64 = 1e-7;

layer_struct! {
    /// The products of each row of the first input with the same row of the second, summed over one axis of each.
    ///
    /// # Shapes
    /// `[batch, …]` twice, where the axes of `axes` have one dimension; the output has the batch, the first input's other axes, then
    /// the second's, and is `[batch, 1]` where nothing else is left. A mask is not passed on.
    ///
    /// # Errors
    /// There are not two inputs, they have no such axes, the axes' dimensions differ, or one of them is the batch.
    ///
    /// # Examples
    /// The cosine of the angle between two vectors:
    /// ```
    /// use ceras::layers::Dot;
    /// use ceras::prelude::*;
    /// let (a, b) = (Input::new([2]).tensor(), Input::new([2]).tensor());
    /// let y = Dot::new(1).normalize(true).apply_all(&[&a, &b])?;
    /// let mut model = Model::new(&[a, b], &[y])?;
    /// let (a, b) = (Tensor::new(&[1, 2], [2.0f32, 0.0])?, Tensor::new(&[1, 2], [3.0f32, 4.0])?);
    /// assert!((model.predict([&a, &b])?.slice::<f32>()[0] - 0.6).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same; the gradient of a vector of zeros is a number with `normalize` too, Keras' is NaN.
    Dot requires ["axes"] {
        axes: Axes = Axes::One(-1),
        normalize: bool = false,
    }
}

impl Dot {
    /// A layer that sums over this axis of both inputs, or over an axis of each. The batch is axis 0.
    #[must_use]
    #[track_caller]
    pub fn new(axes: impl Into<Axes>) -> Dot {
        Dot { axes: axes.into(), ..made() }
    }

    setters! {
        /// Whether the vectors along the axes are brought to length 1 first.
        normalize: bool;
    }

    /// The axis of each input.
    fn axes_of(&self, shapes: [&Shape; 2]) -> Result<[usize; 2]> {
        let given = match self.axes.given() {
            [one] if matches!(self.axes, Axes::One(_)) => [*one, *one],
            [first, second] => [*first, *second],
            other => return Err(unusable(format!("`axes` must be one axis or two; it is {other:?}"))),
        };
        let mut axes = [0; 2];
        for (number, axis) in axes.iter_mut().enumerate() {
            let shape = shapes[number];
            *axis = shape.axis(given[number]).ok_or_else(|| {
                misfit(format!("Dot has axis {}, and input {number} has shape {shape}", given[number]))
            })?;
        }
        Ok(axes)
    }
}

impl Layer for Dot {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let [a, b] = inputs else {
            return Err(misfit(format!("Dot needs two inputs; it is given {}", inputs.len())));
        };
        if a.shape.rank() < 2 || b.shape.rank() < 2 {
            return Err(no_merge("Dot needs inputs of rank 2 or more".to_owned(), inputs));
        }
        let axes = self.axes_of([&a.shape, &b.shape])?;
        if axes.contains(&0) {
            return Err(unusable("Dot cannot sum over axis 0, the batch"));
        }
        let dims = [a.shape.dim(axes[0]), b.shape.dim(axes[1])];
        if let [Some(first), Some(second)] = dims
            && first != second
        {
            let rule = format!(
                "Dot needs one dimension along axis {} of input 0 and axis {} of input 1",
                axes[0], axes[1]
            );
            return Err(no_merge(format!("{rule}; they are {first} and {second}"), inputs));
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let [a, b] = inputs else {
            return Err(misfit(format!("Dot needs two inputs; it is given {}", inputs.len())));
        };
        let mut a = cx.as_float(a.value, self.dtype.dtype(), "input 0")?;
        let mut b = cx.as_float(b.value, self.dtype.dtype(), "input 1")?;
        let [left, right] = self.axes_of([&cx.shape(a), &cx.shape(b)])?;
        let g = cx.graph();
        if self.normalize {
            a = unit_length(g, a, &[left], EPSILON)?;
            b = unit_length(g, b, &[right], EPSILON)?;
        }
        let dimensions = DotDimensions {
            lhs_batching: vec![0],
            rhs_batching: vec![0],
            lhs_contracting: vec![left],
            rhs_contracting: vec![right],
        };
        let product = ops::dot_general(g, a, b, &dimensions)?;
        let shape = g.ty(product).shape.clone();
        let value = match shape.rank() {
            1 => ops::reshape(g, product, Shape::from([shape.dim(0), Some(1)]))?,
            _ => product,
        };
        Ok(vec![value.into()])
    }
}
