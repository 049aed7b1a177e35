//! Batch normalisation.

use std::panic::Location;

use ceras_graph::{Graph, GraphError, Shape, TensorType, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::spread;
use crate::constraints::ConstraintRef;
use crate::dtype_policy::DTypePolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::initializers::InitializerRef;
use crate::layers::declare::{activity_setter, layer_methods};
use crate::layers::{BuildCx, CallCx, Layer, Modes, Problem, Traced};
use crate::layers::{layer_builders, layer_entry, set_named, single};
use crate::registry::Named;
use crate::regularizers::RegularizerRef;

/// Brings each feature to mean 0 and variance 1 over the batch, then scales and shifts it by learned numbers.
///
/// `output = gamma · (input − mean) / √(variance + epsilon) + beta`. In `fit`, `mean` and `variance` (of the population, not the
/// sample) are the batch's, and the moving statistics follow: `moving = moving · momentum + batch · (1 − momentum)`. In
/// `evaluate` and `predict`, and in `fit` where the layer is frozen, they are the moving ones.
///
/// # Shapes
/// `[batch, …]`, unchanged. Weights, each of the size of `axis`: `gamma` (with `scale`), `beta` (with `center`), `moving_mean`,
/// `moving_variance`.
///
/// # Errors
/// The input has no such axis, or its dimension is unknown.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// let mut model = Sequential::new().add(Input::new([1])).add(BatchNormalization::new().epsilon(0.0)).build()?;
/// // Before any training the moving mean is 0 and the moving variance 1.
/// assert_eq!(model.predict(&Tensor::new(&[2, 1], [1.0f32, 3.0])?)?.slice::<f32>(), [1.0, 3.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # References
/// Ioffe and Szegedy (2015), *Batch normalization*, <https://arxiv.org/abs/1502.03167>
///
/// # Keras
/// `renorm` is refused. `synchronized` changes nothing on one machine. Setting `trainable` acts at the next step.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNormalization {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "crate::layers::yes")]
    trainable: bool,
    #[serde(default)]
    dtype: DTypePolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    activity_regularizer: Option<RegularizerRef>,
    #[serde(default = "minus_one", deserialize_with = "axis_from_json")]
    axis: i64,
    #[serde(default = "default_momentum")]
    momentum: f64,
    #[serde(default = "default_epsilon")]
    epsilon: f64,
    #[serde(default = "crate::layers::yes")]
    center: bool,
    #[serde(default = "crate::layers::yes")]
    scale: bool,
    #[serde(default = "InitializerRef::zeros")]
    beta_initializer: InitializerRef,
    #[serde(default = "InitializerRef::ones")]
    gamma_initializer: InitializerRef,
    #[serde(default = "InitializerRef::zeros")]
    moving_mean_initializer: InitializerRef,
    #[serde(default = "InitializerRef::ones")]
    moving_variance_initializer: InitializerRef,
    #[serde(default)]
    beta_regularizer: Option<RegularizerRef>,
    #[serde(default)]
    gamma_regularizer: Option<RegularizerRef>,
    #[serde(default)]
    beta_constraint: Option<ConstraintRef>,
    #[serde(default)]
    gamma_constraint: Option<ConstraintRef>,
    #[serde(default)]
    synchronized: bool,
    #[serde(default)]
    renorm: bool,
    #[serde(default)]
    renorm_clipping: Option<serde_json::Value>,
    #[serde(default = "default_momentum")]
    renorm_momentum: f64,
    #[serde(skip)]
    problem: Problem,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

layer_entry!(BatchNormalization);

impl BatchNormalization {
    /// A layer that normalises the last axis, with Keras' momentum 0.99 and epsilon 0.001.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> BatchNormalization {
        BatchNormalization {
            name: None,
            trainable: true,
            dtype: DTypePolicy::FLOAT32,
            activity_regularizer: None,
            axis: -1,
            momentum: default_momentum(),
            epsilon: default_epsilon(),
            center: true,
            scale: true,
            beta_initializer: InitializerRef::zeros(),
            gamma_initializer: InitializerRef::ones(),
            moving_mean_initializer: InitializerRef::zeros(),
            moving_variance_initializer: InitializerRef::ones(),
            beta_regularizer: None,
            gamma_regularizer: None,
            beta_constraint: None,
            gamma_constraint: None,
            synchronized: false,
            renorm: false,
            renorm_clipping: None,
            renorm_momentum: default_momentum(),
            problem: None,
            location: Some(Location::caller()),
        }
    }

    layer_builders!();
    activity_setter!();

    /// The axis of the features, counted from the end when negative.
    #[must_use]
    pub fn axis(mut self, axis: i64) -> BatchNormalization {
        self.axis = axis;
        self
    }

    /// How slowly the moving statistics follow, from 0 to 1.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> BatchNormalization {
        self.momentum = momentum;
        self
    }

    /// What is added to the variance.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> BatchNormalization {
        self.epsilon = epsilon;
        self
    }

    /// Whether `beta` is added.
    #[must_use]
    pub fn center(mut self, center: bool) -> BatchNormalization {
        self.center = center;
        self
    }

    /// Whether the result is multiplied by `gamma`.
    #[must_use]
    pub fn scale(mut self, scale: bool) -> BatchNormalization {
        self.scale = scale;
        self
    }

    /// How `gamma` is first filled: ones by default.
    #[must_use]
    pub fn gamma_initializer(mut self, initializer: impl Into<Named<InitializerRef>>) -> BatchNormalization {
        set_named!(self.gamma_initializer, initializer);
        self
    }

    /// How `beta` is first filled: zeros by default.
    #[must_use]
    pub fn beta_initializer(mut self, initializer: impl Into<Named<InitializerRef>>) -> BatchNormalization {
        set_named!(self.beta_initializer, initializer);
        self
    }

    fn feature_axis(&self, shape: &Shape) -> Result<usize> {
        shape.axis(self.axis).filter(|&axis| axis > 0 || shape.rank() == 1).ok_or_else(|| {
            let text = format!("BatchNormalization has axis {}, and its input has shape {shape}", self.axis);
            Error::new(ErrorKind::Shape, text)
        })
    }

    /// Mean and variance of the batch, of the elements that count.
    fn batch_statistics(
        &self,
        g: &mut Graph,
        x: Value,
        mask: Option<Value>,
        axis: usize,
    ) -> Result<(Value, Value)> {
        let rank = g.ty(x).shape.rank();
        let axes: Vec<usize> = (0..rank).filter(|&other| other != axis).collect();
        let Some(mask) = mask else {
            let mean = compose::mean(g, x, &axes, false)?;
            return Ok((mean, compose::variance(g, x, &axes, false)?));
        };
        let shape = g.ty(x).shape.clone();
        let mut weights = ops::convert(g, mask, g.ty(x).dtype)?;
        while g.ty(weights).shape.rank() < rank {
            let last = g.ty(weights).shape.rank();
            weights = compose::expand_dims(g, weights, last)?;
        }
        let weights = compose::broadcast_to(g, weights, &shape)?;
        let count = compose::sum(g, weights, &axes, false)?;
        let count = compose::add_scalar(g, count, 1e-7)?;
        let weighted = compose::multiply(g, x, weights)?;
        let total = compose::sum(g, weighted, &axes, false)?;
        let mean = compose::divide(g, total, count)?;
        let wide = spread(g, mean, &shape, &[axis])?;
        let centred = compose::subtract(g, x, wide)?;
        let squares = compose::square(g, centred)?;
        let squares = compose::multiply(g, squares, weights)?;
        let total = compose::sum(g, squares, &axes, false)?;
        Ok((mean, compose::divide(g, total, count)?))
    }

    fn follow(&self, cx: &mut CallCx<'_>, name: &str, batch: Value) -> Result<()> {
        let moving = cx.weight(name)?;
        let g = cx.graph();
        let kept = compose::multiply_scalar(g, moving, self.momentum)?;
        let new = compose::multiply_scalar(g, batch, 1.0 - self.momentum)?;
        let moving = compose::add(g, kept, new)?;
        cx.update(name, moving)
    }
}

impl Layer for BatchNormalization {
    fn sees_batch(&self) -> bool {
        true
    }

    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        if self.renorm {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "BatchNormalization with `renorm` is not supported",
            ));
        }
        let shape = &single("BatchNormalization", inputs)?.shape;
        let Some(features) = shape.dim(self.feature_axis(shape)?) else {
            let text = format!(
                "BatchNormalization needs to know axis {} of its input; its shape is {shape}",
                self.axis
            );
            return Err(Error::new(ErrorKind::Shape, text));
        };
        let dtype = self.dtype.dtype();
        if self.scale {
            cx.weight("gamma", dtype, &[features], &self.gamma_initializer)
                .regularizer(&self.gamma_regularizer)
                .constraint(&self.gamma_constraint);
        }
        if self.center {
            cx.weight("beta", dtype, &[features], &self.beta_initializer)
                .regularizer(&self.beta_regularizer)
                .constraint(&self.beta_constraint);
        }
        cx.weight("moving_mean", dtype, &[features], &self.moving_mean_initializer).non_trainable();
        cx.weight("moving_variance", dtype, &[features], &self.moving_variance_initializer).non_trainable();
        Ok(())
    }

    fn modes(&self, frozen: bool) -> Option<Modes> {
        let gathered = "normalizes by the statistics that it has gathered";
        Some(if frozen {
            let fit = format!("{gathered}, and leaves all its weights as they are: the layer is frozen");
            Modes { fit, predict: "computes the same".to_owned() }
        } else {
            let fit = format!(
                "normalizes by the mean and variance of the batch, which move its statistics (momentum {})",
                self.momentum
            );
            Modes { fit, predict: gathered.to_owned() }
        })
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("BatchNormalization", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let shape = cx.shape(x);
        let axis = self.feature_axis(&shape)?;
        let (mean, variance) = if cx.training() && !cx.frozen() {
            let (mean, variance) = self.batch_statistics(cx.graph(), x, input.mask, axis)?;
            self.follow(cx, "moving_mean", mean)?;
            self.follow(cx, "moving_variance", variance)?;
            (mean, variance)
        } else {
            (cx.weight("moving_mean")?, cx.weight("moving_variance")?)
        };
        let gamma = if self.scale { Some(cx.weight("gamma")?) } else { None };
        let beta = if self.center { Some(cx.weight("beta")?) } else { None };
        let affine = Affine { mean, variance, gamma, beta, epsilon: self.epsilon };
        let value = affine.apply(cx.graph(), x, &shape, axis)?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}

/// The normalisation as one multiplication and one addition for each element.
struct Affine {
    mean: Value,
    variance: Value,
    gamma: Option<Value>,
    beta: Option<Value>,
    epsilon: f64,
}

impl Affine {
    fn apply(&self, g: &mut Graph, x: Value, shape: &Shape, axis: usize) -> Result<Value, GraphError> {
        let variance = compose::add_scalar(g, self.variance, self.epsilon)?;
        let mut factor = ops::rsqrt(g, variance)?;
        if let Some(gamma) = self.gamma {
            factor = ops::multiply(g, factor, gamma)?;
        }
        let shift = ops::multiply(g, self.mean, factor)?;
        let mut shift = ops::negate(g, shift)?;
        if let Some(beta) = self.beta {
            shift = ops::add(g, shift, beta)?;
        }
        let factor = spread(g, factor, shape, &[axis])?;
        let shift = spread(g, shift, shape, &[axis])?;
        let scaled = compose::multiply(g, x, factor)?;
        compose::add(g, scaled, shift)
    }
}

fn minus_one() -> i64 {
    -1
}

fn default_momentum() -> f64 {
    0.99
}

fn default_epsilon() -> f64 {
    0.001
}

/// Keras writes an axis as a number; files of Keras 2 as a list of one.
fn axis_from_json<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let item = value.as_array().filter(|items| items.len() == 1).map_or(&value, |items| &items[0]);
    item.as_i64().ok_or_else(|| serde::de::Error::custom("`axis` must be one integer"))
}
