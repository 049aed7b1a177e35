//! Layer normalisation.

use ceras_graph::{TensorType, compose, ops};

use super::{spread, standardised};
use crate::constraints::ConstraintRef;
use crate::error::Result;
use crate::initializers::InitializerRef;
use crate::layers::declare::{known_dims, layer_methods, layer_struct, named_setters, setters};
use crate::layers::{Axes, BuildCx, CallCx, Layer, Traced, single};
use crate::regularizers::RegularizerRef;

layer_struct! {
    /// Brings each row to mean 0 and variance 1, then scales and shifts it by learned numbers.
    ///
    /// `output = gamma · (input − mean) / √(variance + epsilon) + beta`, mean and variance (of the population) over `axis`, for each
    /// row alone.
    ///
    /// # Shapes
    /// `[batch, …]`, unchanged. Weights, of the dimensions of `axis`: `gamma` (with `scale`), `beta` (with `center`).
    ///
    /// # Errors
    /// The input has no such axis, or its dimension is unknown.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::LayerNormalization;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([2])).add(LayerNormalization::new().epsilon(0.0)).build()?;
    /// assert_eq!(model.predict(&Tensor::new(&[1, 2], [1.0f32, 3.0])?)?.slice::<f32>(), [-1.0, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Ba, Kiros, Hinton (2016), *Layer normalization*, <https://arxiv.org/abs/1607.06450>
    ///
    /// # Keras
    /// The same, also where `axis` is a list that mixes negative axes with others: Keras sorts the list as it is, and the weights' axes stand
    /// in that order. `rms_scaling`, which Keras gave up, is `gamma · input / √(variance + epsilon)`.
    LayerNormalization requires [] {
        axis: Axes = Axes::Many(vec![-1]),
        epsilon: f64 = 1e-3,
        center: bool = true,
        scale: bool = true,
        rms_scaling: bool = false,
        beta_initializer: InitializerRef = InitializerRef::zeros(),
        gamma_initializer: InitializerRef = InitializerRef::ones(),
        beta_regularizer: Option<RegularizerRef> = None,
        gamma_regularizer: Option<RegularizerRef> = None,
        beta_constraint: Option<ConstraintRef> = None,
        gamma_constraint: Option<ConstraintRef> = None,
    }
}

impl LayerNormalization {
    /// A layer that works along the last axis, with Keras' epsilon 0.001.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> LayerNormalization {
        made()
    }

    /// The axis to take mean and variance over, or several.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Axes>) -> LayerNormalization {
        self.axis = axis.into();
        self
    }

    setters! {
        /// What is added to the variance.
        epsilon: f64;
        /// Whether `beta` is added.
        center: bool;
        /// Whether the result is multiplied by `gamma`.
        scale: bool;
    }

    named_setters! {
        /// How `beta` is first filled: zeros by default.
        beta_initializer: InitializerRef;
        /// How `gamma` is first filled: ones by default.
        gamma_initializer: InitializerRef;
        /// What the size of `beta` adds to the loss.
        beta_regularizer: RegularizerRef;
        /// What the size of `gamma` adds to the loss.
        gamma_regularizer: RegularizerRef;
        /// What is done to `beta` after each step.
        beta_constraint: ConstraintRef;
        /// What is done to `gamma` after each step.
        gamma_constraint: ConstraintRef;
    }

    fn has_gamma(&self) -> bool {
        self.scale || self.rms_scaling
    }

    fn has_beta(&self) -> bool {
        self.center && !self.rms_scaling
    }
}

impl Layer for LayerNormalization {
    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let shape = &single("LayerNormalization", inputs)?.shape;
        let axes = self.axis.sorted("LayerNormalization", shape)?;
        let dims = known_dims("LayerNormalization", shape, &axes)?;
        if self.has_gamma() {
            cx.weight("gamma", self.dtype.dtype(), &dims, &self.gamma_initializer)
                .regularizer(&self.gamma_regularizer)
                .constraint(&self.gamma_constraint);
        }
        if self.has_beta() {
            cx.weight("beta", self.dtype.dtype(), &dims, &self.beta_initializer)
                .regularizer(&self.beta_regularizer)
                .constraint(&self.beta_constraint);
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("LayerNormalization", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let shape = cx.shape(x);
        let axes = self.axis.sorted("LayerNormalization", &shape)?;
        let gamma = if self.has_gamma() { Some(cx.weight("gamma")?) } else { None };
        let beta = if self.has_beta() { Some(cx.weight("beta")?) } else { None };
        let g = cx.graph();
        let mut value = if self.rms_scaling {
            let variance = compose::variance(g, x, &axes, true)?;
            let variance = compose::add_scalar(g, variance, self.epsilon)?;
            let factor = ops::rsqrt(g, variance)?;
            compose::multiply(g, x, factor)?
        } else {
            standardised(g, x, &axes, self.epsilon)?
        };
        if let Some(gamma) = gamma {
            let gamma = spread(g, gamma, &shape, &axes)?;
            value = compose::multiply(g, value, gamma)?;
        }
        if let Some(beta) = beta {
            let beta = spread(g, beta, &shape, &axes)?;
            value = compose::add(g, value, beta)?;
        }
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
