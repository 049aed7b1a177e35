//! The rectified linear unit with learned slopes.

use ceras_graph::{Shape, TensorType, compose, ops};

use crate::constraints::ConstraintRef;
use crate::error::Result;
use crate::initializers::InitializerRef;
use crate::layers::declare::{known_dims, layer_methods, layer_struct, misfit, named_setters};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};
use crate::regularizers::RegularizerRef;

layer_struct! {
    /// The rectified linear unit with learned slopes: `input` where it is positive, `alpha · input` elsewhere.
    ///
    /// # Shapes
    /// `[batch, …]`, unchanged. Weight: `alpha`, the shape of a row with 1 in place of each of `shared_axes`, which count from 1.
    ///
    /// # Errors
    /// A dimension besides the batch that is not shared is unknown; the input has no such axis.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::PReLU;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(PReLU::new()).build()?;
    /// model.set_weights(&[Tensor::new(&[2], [0.5f32, 0.25])?])?;
    /// let y = model.predict(&Tensor::new(&[1, 2], [-1.0f32, -1.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [-0.5, -0.25]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// He, Zhang, Ren, Sun (2015), *Delving deep into rectifiers*, <https://arxiv.org/abs/1502.01852>
    ///
    /// # Keras
    /// The same.
    PReLU requires [] {
        alpha_initializer: InitializerRef = InitializerRef::zeros(),
        alpha_regularizer: Option<RegularizerRef> = None,
        alpha_constraint: Option<ConstraintRef> = None,
        shared_axes: Option<Vec<i64>> = None,
    }
}

impl PReLU {
    /// A layer with a slope for each element of a row.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> PReLU {
        made()
    }

    named_setters! {
        /// How the slopes are first filled: zeros by default.
        alpha_initializer: InitializerRef;
        /// What the slopes' size adds to the loss.
        alpha_regularizer: RegularizerRef;
        /// What is done to the slopes after each step.
        alpha_constraint: ConstraintRef;
    }

    /// The axes along which one slope holds, counted from 1: the batch stays out.
    #[must_use]
    pub fn shared_axes(mut self, shared_axes: &[i64]) -> PReLU {
        self.shared_axes = Some(shared_axes.to_vec());
        self
    }

    /// The shape of the slopes.
    fn slopes(&self, shape: &Shape) -> Result<Vec<usize>> {
        let mut wide = shape.clone();
        for &axis in self.shared_axes.iter().flatten() {
            let Some(axis) = shape.axis(axis).filter(|axis| *axis > 0) else {
                return Err(misfit(format!("PReLU shares axis {axis}, and its input has shape {shape}")));
            };
            wide = wide.with(axis, Some(1));
        }
        known_dims("PReLU", &wide, &(1..wide.rank()).collect::<Vec<usize>>())
    }
}

impl Layer for PReLU {
    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let dims = self.slopes(&single("PReLU", inputs)?.shape)?;
        cx.weight("alpha", self.dtype.dtype(), &dims, &self.alpha_initializer)
            .regularizer(&self.alpha_regularizer)
            .constraint(&self.alpha_constraint);
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("PReLU", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let alpha = cx.weight("alpha")?;
        let g = cx.graph();
        let above = compose::relu(g, x)?;
        let below = ops::negate(g, x)?;
        let below = compose::relu(g, below)?;
        let below = compose::multiply(g, below, alpha)?;
        Ok(vec![Traced { value: compose::subtract(g, above, below)?, mask: input.mask }])
    }
}
