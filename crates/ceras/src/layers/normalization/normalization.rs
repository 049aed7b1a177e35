//! The layer that standardises its inputs.

use std::panic::Location;

use ceras_graph::{DType, Shape, Tensor, TensorType, compose, ops};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use super::spread;
use crate::dtype_policy::DTypePolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::initializers::InitializerRef;
use crate::layers::declare::{activity_setter, layer_methods};
use crate::layers::{BuildCx, CallCx, Layer, Numbers, Problem, Traced, layer_builders, layer_entry, single};
use crate::regularizers::RegularizerRef;

/// Keras' `backend.epsilon()`: no standard deviation counts as less than this.
const EPSILON: f64 = 1e-7;

/// Standardises its inputs with statistics that are learned from data by [`Normalization::adapt`], not by training.
///
/// `output = (input − mean) / max(√variance, 1e-7)`, or the inverse of that with `invert`.
///
/// # Shapes
/// `[batch, …]`, unchanged. `mean` and `variance` have the dimensions of `axis`; an empty `axis` makes them scalars.
/// Weights: `mean`, `variance`, `count`, none of them trained; none at all when both statistics were given.
///
/// # Errors
/// An axis that the input does not have, or whose dimension is unknown; statistics of the wrong size.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// let x = Tensor::new(&[2, 1], [1.0f32, 3.0])?;
/// let mut model = Sequential::new().add(Input::new([1])).add(Normalization::new().adapt(&x)?).build()?;
/// assert_eq!(model.predict(&x)?.slice::<f32>(), [-1.0, 1.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// `adapt` returns a layer that carries the statistics; it does not change the layer. A layer that was neither adapted nor
/// given statistics passes its input on, as in Keras.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalization {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "crate::layers::yes")]
    trainable: bool,
    #[serde(default)]
    dtype: DTypePolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    activity_regularizer: Option<RegularizerRef>,
    #[serde(default = "last_axis", deserialize_with = "axes_from_json")]
    axis: Vec<i64>,
    #[serde(default)]
    invert: bool,
    #[serde(default)]
    mean: Option<Numbers>,
    #[serde(default)]
    variance: Option<Numbers>,
    #[serde(skip)]
    adapted: Option<Statistics>,
    #[serde(skip)]
    problem: Problem,
    #[serde(skip)]
    location: Option<&'static Location<'static>>,
}

/// Learned statistics.
#[derive(Clone, Debug)]
struct Statistics {
    mean: Tensor,
    variance: Tensor,
    count: i64,
}

layer_entry!(Normalization);

impl Normalization {
    /// A layer with one mean and one variance for each index of the last axis.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> Normalization {
        Normalization {
            name: None,
            trainable: true,
            dtype: DTypePolicy::FLOAT32,
            activity_regularizer: None,
            axis: last_axis(),
            invert: false,
            mean: None,
            variance: None,
            adapted: None,
            problem: None,
            location: Some(Location::caller()),
        }
    }

    layer_builders!();
    activity_setter!();

    /// The axes that have statistics of their own, negative ones counted from the end; none: one mean for everything.
    #[must_use]
    pub fn axis(mut self, axis: &[i64]) -> Normalization {
        self.axis = axis.to_vec();
        self
    }

    /// Undoes the normalisation instead.
    #[must_use]
    pub fn invert(mut self, invert: bool) -> Normalization {
        self.invert = invert;
        self
    }

    /// Statistics to use instead of learned ones.
    #[must_use]
    pub fn statistics(mut self, mean: &[f64], variance: &[f64]) -> Normalization {
        self.mean = Some(Numbers::from(mean));
        self.variance = Some(Numbers::from(variance));
        self
    }

    /// The layer with the mean and the variance of this data. The first axis is the batch.
    ///
    /// Means and variances are summed in `f64` in the order of the rows.
    ///
    /// # Errors
    /// There are no rows, or there is no such axis.
    pub fn adapt(&self, data: &Tensor) -> Result<Normalization> {
        if data.is_empty() {
            let text = format!("`adapt` needs data; its argument has shape {}", data.shape());
            return Err(Error::new(ErrorKind::Data, text));
        }
        let axes = self.kept_axes(&data.shape())?;
        let kept: Vec<usize> = axes.iter().map(|&axis| data.dims()[axis]).collect();
        let groups: usize = kept.iter().product();
        let values = data.to_f64();
        let group_of = |index: usize| group_index(index, data.dims(), &axes);
        let count = (values.len() / groups) as f64;
        let mut mean = vec![0.0f64; groups];
        values.iter().enumerate().for_each(|(index, value)| mean[group_of(index)] += value / count);
        let mut variance = vec![0.0f64; groups];
        for (index, value) in values.iter().enumerate() {
            let group = group_of(index);
            variance[group] += (value - mean[group]).powi(2) / count;
        }
        let tensor =
            |numbers: &[f64]| -> Result<Tensor> { Ok(Tensor::new(&kept, numbers)?.cast(self.dtype.dtype())) };
        let adapted =
            Statistics { mean: tensor(&mean)?, variance: tensor(&variance)?, count: data.dims()[0] as i64 };
        Ok(Normalization { adapted: Some(adapted), ..self.clone() })
    }

    /// The axes that keep their statistics, sorted.
    fn kept_axes(&self, shape: &Shape) -> Result<Vec<usize>> {
        let mut axes = Vec::with_capacity(self.axis.len());
        for &axis in &self.axis {
            let Some(index) = shape.axis(axis) else {
                let text = format!("Normalization has axis {axis}, and its input has shape {shape}");
                return Err(Error::new(ErrorKind::Shape, text));
            };
            axes.push(index);
        }
        axes.sort_unstable();
        Ok(axes)
    }

    fn kept_dims(&self, shape: &Shape) -> Result<Vec<usize>> {
        let dims =
            self.kept_axes(shape)?.into_iter().map(|axis| shape.dim(axis)).collect::<Option<Vec<usize>>>();
        dims.ok_or_else(|| {
            let text = format!(
                "Normalization needs to know the dimensions of its axes; its input has shape {shape}"
            );
            Error::new(ErrorKind::Shape, text)
        })
    }

    /// A given statistic as a tensor of the kept dimensions.
    fn given(&self, name: &str, numbers: &Numbers, dims: &[usize]) -> Result<Tensor> {
        let elements: usize = dims.iter().product();
        let numbers = numbers.values().unwrap_or_default();
        let numbers = if numbers.len() == 1 { vec![numbers[0]; elements] } else { numbers };
        let count = numbers.len();
        let tensor = Tensor::new(dims, numbers).map_err(|_| {
            Error::new(
                ErrorKind::Shape,
                format!("`{name}` has {count} numbers; the input asks for {elements}"),
            )
        })?;
        Ok(tensor.cast(self.dtype.dtype()))
    }
}

impl Layer for Normalization {
    layer_methods!();

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        let dims = self.kept_dims(&single("Normalization", inputs)?.shape)?;
        if self.mean.is_some() != self.variance.is_some() {
            return Err(Error::new(ErrorKind::Usage, "give both `mean` and `variance`, or neither"));
        }
        if self.mean.is_some() {
            return Ok(());
        }
        let fitting = |tensor: &Tensor| -> Result<Tensor> {
            if tensor.dims() == dims.as_slice() {
                return Ok(tensor.clone());
            }
            let (adapted, wanted) = (tensor.shape(), Shape::known(&dims));
            let text = format!(
                "the data that the layer was adapted to has statistics of shape {adapted}, the input {wanted}"
            );
            Err(Error::new(ErrorKind::Shape, text))
        };
        let adapted = self.adapted.as_ref();
        let mean = adapted.map(|statistics| fitting(&statistics.mean)).transpose()?;
        let variance = adapted.map(|statistics| fitting(&statistics.variance)).transpose()?;
        let (zeros, ones) = (InitializerRef::zeros(), InitializerRef::ones());
        let dtype = self.dtype.dtype();
        cx.weight("mean", dtype, &dims, &zeros).non_trainable().value(mean);
        cx.weight("variance", dtype, &dims, &ones).non_trainable().value(variance);
        let count = adapted.map(|statistics| Tensor::scalar(statistics.count));
        cx.weight("count", DType::I64, &[], &zeros).non_trainable().value(count);
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = single("Normalization", inputs)?;
        let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
        let shape = cx.shape(x);
        let axes = self.kept_axes(&shape)?;
        let (mean, variance) = match (&self.mean, &self.variance) {
            (Some(mean), Some(variance)) => {
                let dims = self.kept_dims(&shape)?;
                let mean = ops::constant(cx.graph(), self.given("mean", mean, &dims)?)?;
                (mean, ops::constant(cx.graph(), self.given("variance", variance, &dims)?)?)
            }
            _ => (cx.weight("mean")?, cx.weight("variance")?),
        };
        let g = cx.graph();
        let mean = spread(g, mean, &shape, &axes)?;
        let variance = spread(g, variance, &shape, &axes)?;
        let deviation = ops::sqrt(g, variance)?;
        let deviation = compose::maximum_scalar(g, deviation, EPSILON)?;
        let value = if self.invert {
            let scaled = compose::multiply(g, x, deviation)?;
            compose::add(g, mean, scaled)?
        } else {
            let centred = compose::subtract(g, x, mean)?;
            compose::divide(g, centred, deviation)?
        };
        Ok(vec![Traced { value, mask: input.mask }])
    }
}

/// Which statistics the element of a row-major index belongs to.
fn group_index(index: usize, dims: &[usize], kept: &[usize]) -> usize {
    let (mut group, mut scale, mut rest) = (0, 1, index);
    for axis in (0..dims.len()).rev() {
        let position = rest % dims[axis];
        rest /= dims[axis];
        if kept.contains(&axis) {
            group += position * scale;
            scale *= dims[axis];
        }
    }
    group
}

fn last_axis() -> Vec<i64> {
    vec![-1]
}

/// Keras writes an axis as a number, a list, or null for none.
fn axes_from_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i64>, D::Error> {
    let axes = match Json::deserialize(deserializer)? {
        Json::Null => Some(Vec::new()),
        Json::Array(items) => items.iter().map(Json::as_i64).collect(),
        item => item.as_i64().map(|axis| vec![axis]),
    };
    axes.ok_or_else(|| serde::de::Error::custom("`axis` must be an integer or a list of integers"))
}
