//! The layer that gives each row another shape.

use ceras_graph::{Dim, Shape, TensorType, ops};

use crate::error::Result;
use crate::layers::declare::{layer_methods, layer_struct, misfit, unusable};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};

layer_struct! {
    /// Gives each row of the batch another shape; the elements stay in their order.
    ///
    /// # Shapes
    /// `[batch, …]` → `[batch, *target_shape]`. One entry of `target_shape` may be -1: it is what is left of the row's
    /// elements. A mask is not passed on.
    ///
    /// # Errors
    /// The row does not have as many elements, two entries are -1, or one is less.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::Reshape;
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([6])).add(Reshape::new(&[-1, 2])).build()?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 3, 2]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The same.
    Reshape requires ["target_shape"] {
        target_shape: Vec<i64> = Vec::new(),
    }
}

impl Reshape {
    /// A layer that gives rows this shape, the batch left out.
    #[must_use]
    #[track_caller]
    pub fn new(target_shape: &[i64]) -> Reshape {
        Reshape { target_shape: target_shape.to_vec(), ..made() }
    }

    /// The shape of the output for one of the input.
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let target = &self.target_shape;
        if target.iter().any(|dim| *dim < -1) || target.iter().filter(|dim| **dim == -1).count() > 1 {
            return Err(unusable(format!(
                "`target_shape` may hold one -1 and no other negative number; it is {target:?}"
            )));
        }
        let Some(&batch) = input.dims().first() else {
            return Err(misfit("Reshape needs an input with a batch axis; it is a scalar"));
        };
        let wanted = |dim: &i64| usize::try_from(*dim).ok();
        let known: Option<usize> =
            target.iter().filter_map(wanted).try_fold(1usize, |product, dim| product.checked_mul(dim));
        let elements = Shape::from(input.dims()[1..].to_vec()).elements();
        let mut rest: Dim = None;
        if let Some(elements) = elements {
            let fits = match known {
                Some(known) if target.contains(&-1) => known != 0 && elements % known == 0,
                known => known == Some(elements),
            };
            if !fits {
                let text = format!("a row of {elements} elements does not fit `target_shape` {target:?}");
                return Err(misfit(text + &format!("; the input has shape {input}")));
            }
            rest = known.and_then(|known| elements.checked_div(known));
        }
        let dims = target.iter().map(|dim| wanted(dim).or(rest));
        Ok(Shape::from(std::iter::once(batch).chain(dims).collect::<Vec<Dim>>()))
    }
}

impl Layer for Reshape {
    layer_methods!();

    fn build(&self, _: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        self.output_shape(&single("Reshape", inputs)?.shape).map(|_| ())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let x = single("Reshape", inputs)?.value;
        let shape = self.output_shape(&cx.shape(x))?;
        Ok(vec![ops::reshape(cx.graph(), x, shape)?.into()])
    }
}
