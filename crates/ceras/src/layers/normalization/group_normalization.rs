//! Group normalisation.

use ceras_graph::{Dim, Shape, TensorType, compose, ops};

use super::{spread, standardised};
use crate::constraints::ConstraintRef;
use crate::error::Result;
use crate::initializers::InitializerRef;
use crate::layers::declare::{layer_methods, layer_struct, misfit, named_setters, setters, unusable};
use crate::layers::{BuildCx, CallCx, Layer, Traced, single};
use crate::regularizers::RegularizerRef;

layer_struct! {
    /// Brings groups of channels to mean 0 and variance 1 in each row, then scales and shifts each channel by learned numbers.
    ///
    /// `output = gamma · (input − mean) / √(variance + epsilon) + beta`, mean and variance (of the population) over all positions and the
    /// channels of one group, for each row alone. `groups` 1 is layer normalisation over the whole row, -1 a group for each channel.
    ///
    /// # Shapes
    /// `[batch, …]`, unchanged. Weights, of the dimension of `axis`: `gamma` (with `scale`), `beta` (with `center`).
    ///
    /// # Errors
    /// The input has no such axis, its dimension is unknown, or not a multiple of `groups`.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::GroupNormalization;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([4])).add(GroupNormalization::new(2).epsilon(0.0)).build()?;
    /// let y = model.predict(&Tensor::new(&[1, 4], [1.0f32, 3.0, 0.0, 8.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [-1.0, 1.0, -1.0, 1.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Wu and He (2018), *Group normalization*, <https://arxiv.org/abs/1803.08494>
    ///
    /// # Keras
    /// The same; `groups` -1 stays -1 in the config.
    GroupNormalization requires [] {
        groups: i64 = 32,
        axis: i64 = -1,
        epsilon: f64 = 1e-3,
        center: bool = true,
        scale: bool = true,
        beta_initializer: InitializerRef = InitializerRef::zeros(),
        gamma_initializer: InitializerRef = InitializerRef::ones(),
        beta_regularizer: Option<RegularizerRef> = None,
        gamma_regularizer: Option<RegularizerRef> = None,
        beta_constraint: Option<ConstraintRef> = None,
        gamma_constraint: Option<ConstraintRef> = None,
    }
}

/// The channels of an input.
struct Channels {
    axis: usize,
    count: usize,
    groups: usize,
}

impl GroupNormalization {
    /// A layer with so many groups of the last axis (Keras' default is 32), or a group for each channel with -1.
    #[must_use]
    #[track_caller]
    pub fn new(groups: i64) -> GroupNormalization {
        GroupNormalization { groups, ..made() }
    }

    setters! {
        /// The axis of the channels, counted from the end when negative.
        axis: i64;
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

    fn channels(&self, shape: &Shape) -> Result<Channels> {
        let Some(axis) = shape.axis(self.axis).filter(|axis| *axis > 0) else {
            return Err(misfit(format!(
                "GroupNormalization has axis {}, and its input has shape {shape}",
                self.axis
            )));
        };
        let Some(count) = shape.dim(axis) else {
            return Err(misfit(format!(
                "GroupNormalization needs to know axis {axis} of its input; its shape is {shape}"
            )));
        };
        let groups = match self.groups {
            -1 => count,
            groups => usize::try_from(groups).unwrap_or(0),
        };
        if groups == 0 && self.groups != -1 {
            return Err(unusable(format!("`groups` must be 1 or more, or -1; it is {}", self.groups)));
        }
        if groups == 0 || count == 0 || count % groups != 0 {
            return Err(misfit(format!("{count} channels do not make {groups} groups of one size")));
        }
        Ok(Channels { axis, count, groups })
    }
}

impl Layer for GroupNormalization {
    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let channels = self.channels(&single("GroupNormalization", inputs)?.shape)?;
        if self.scale {
            cx.weight("gamma", self.dtype.dtype(), &[channels.count], &self.gamma_initializer)
                .regularizer(&self.gamma_regularizer)
                .constraint(&self.gamma_constraint);
        }
        if self.center {
            cx.weight("beta", self.dtype.dtype(), &[channels.count], &self.beta_initializer)
                .regularizer(&self.beta_regularizer)
                .constraint(&self.beta_constraint);
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("GroupNormalization", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let shape = cx.shape(x);
        let Channels { axis, count, groups } = self.channels(&shape)?;
        let gamma = if self.scale { Some(cx.weight("gamma")?) } else { None };
        let beta = if self.center { Some(cx.weight("beta")?) } else { None };
        let g = cx.graph();
        let mut dims: Vec<Dim> = shape.dims().to_vec();
        dims.splice(axis..=axis, [Some(groups), Some(count / groups)]);
        let reduced: Vec<usize> = (1..dims.len()).filter(|other| *other != axis).collect();
        let grouped = ops::reshape(g, x, Shape::from(dims))?;
        let grouped = standardised(g, grouped, &reduced, self.epsilon)?;
        let mut value = ops::reshape(g, grouped, shape.clone())?;
        if let Some(gamma) = gamma {
            let gamma = spread(g, gamma, &shape, &[axis])?;
            value = compose::multiply(g, value, gamma)?;
        }
        if let Some(beta) = beta {
            let beta = spread(g, beta, &shape, &[axis])?;
            value = compose::add(g, value, beta)?;
        }
        Ok(vec![Traced { value, mask: input.mask }])
    }
}
