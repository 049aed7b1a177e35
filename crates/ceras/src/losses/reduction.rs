//! How one number is made of the losses of the samples.

use ceras_graph::{DType, Graph, GraphError, Value, compose, ops};
use serde::{Deserialize, Deserializer, Serialize};

use crate::activations::rules;

/// How one number is made of the losses of the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// The weighted sum divided by the number of samples (and of steps or pixels, when each has a loss).
    #[default]
    SumOverBatchSize,
    /// The weighted sum.
    Sum,
    /// The same as [`Reduction::SumOverBatchSize`].
    Mean,
    /// The weighted sum divided by the sum of the weights.
    MeanWithSampleWeight,
    /// The weighted losses themselves.
    None,
}

impl<'de> Deserialize<'de> for Reduction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Reduction, D::Error> {
        let word = Option::<String>::deserialize(deserializer)?;
        Ok(match word.as_deref() {
            // Keras 2 wrote `auto` where nothing was said.
            Some("sum_over_batch_size" | "auto") => Reduction::SumOverBatchSize,
            Some("sum") => Reduction::Sum,
            Some("mean") => Reduction::Mean,
            Some("mean_with_sample_weight") => Reduction::MeanWithSampleWeight,
            Some("none") | None => Reduction::None,
            Some(word) => {
                let known = "sum_over_batch_size, sum, mean, mean_with_sample_weight, none";
                return Err(serde::de::Error::custom(format!(
                    "there is no reduction `{word}`; there are: {known}"
                )));
            }
        })
    }
}

/// Emits one number of the losses of the samples, with sample weights and a mask (`bool`), as Keras does.
///
/// A mask with n places of which m count weighs those n / m under the mean reductions, so that the result is the mean
/// over what counts.
///
/// # Errors
/// Weights or mask do not fit the losses.
///
/// # Keras
/// Weights of fewer axes than the losses belong to their first axes; NumPy's rule, which Keras follows, would take
/// weights of samples for weights of steps where there are as many of both.
pub fn reduce(
    g: &mut Graph,
    per_sample: Value,
    sample_weight: Option<Value>,
    mask: Option<Value>,
    reduction: Reduction,
) -> Result<Value, GraphError> {
    let dtype = g.ty(per_sample).dtype;
    let weight = sample_weight.map(|weight| convert(g, weight, dtype)).transpose()?;
    let mean = matches!(reduction, Reduction::SumOverBatchSize | Reduction::Mean);
    let weight = apply_mask(g, weight, mask, dtype, mean)?;
    let mut values = per_sample;
    let mut aligned = None;
    if let Some(weight) = weight {
        let (left, right) = align(g, "sample_weight", per_sample, weight)?;
        values = compose::multiply(g, left, right)?;
        aligned = Some(right);
    }
    if reduction == Reduction::None || g.ty(values).shape.rank() == 0 {
        return Ok(values);
    }
    let sum = total(g, values)?;
    match (reduction, aligned) {
        (Reduction::Sum, _) => Ok(sum),
        (Reduction::MeanWithSampleWeight, Some(weight)) => {
            let weights = total(g, weight)?;
            divide_no_nan(g, sum, weights)
        }
        _ => {
            let count = g.ty(values).shape.elements().ok_or_else(|| {
                rules::broken(
                    g,
                    "loss",
                    "a mean needs all axes of the losses to be known",
                    &[("losses", values)],
                )
            })?;
            compose::divide_scalar(g, sum, count.max(1) as f64)
        }
    }
}

/// Emits sample weights that a mask has gone into; with `mean`, what counts is weighed up for what does not.
fn apply_mask(
    g: &mut Graph,
    weight: Option<Value>,
    mask: Option<Value>,
    dtype: DType,
    mean: bool,
) -> Result<Option<Value>, GraphError> {
    let Some(mask) = mask else { return Ok(weight) };
    let mask = convert(g, mask, DType::Bool)?;
    let mut float = ops::convert(g, mask, dtype)?;
    if mean {
        let places = g.ty(mask).shape.elements().ok_or_else(|| {
            rules::broken(g, "loss", "a mean needs all axes of the mask to be known", &[("mask", mask)])
        })?;
        let valid = total(g, float)?;
        let places = compose::scalar(g, places as f64, dtype)?;
        let ratio = divide_no_nan(g, places, valid)?;
        float = compose::multiply(g, float, ratio)?;
    }
    match weight {
        None => Ok(Some(float)),
        Some(weight) => {
            let (float, weight) = align(g, "sample_weight", float, weight)?;
            Ok(Some(compose::multiply(g, weight, float)?))
        }
    }
}

/// Keras' `squeeze_or_expand_to_same_rank`: where ranks differ by one and the longer shape ends in 1, that axis is
/// removed, or added to the shorter one when that has rank 1.
///
/// # Errors
/// An op that could not be emitted.
pub fn squeeze_or_expand_to_same_rank(
    g: &mut Graph,
    x1: Value,
    x2: Value,
) -> Result<(Value, Value), GraphError> {
    same_rank(g, x1, x2, true)
}

/// As [`squeeze_or_expand_to_same_rank`]; without `expand`, the longer one always loses the axis.
fn same_rank(g: &mut Graph, x1: Value, x2: Value, expand: bool) -> Result<(Value, Value), GraphError> {
    let (rank1, rank2) = (g.ty(x1).shape.rank(), g.ty(x2).shape.rank());
    if rank1 == rank2 + 1 && g.ty(x1).shape.last() == Some(1) {
        return Ok(if rank2 == 1 && expand {
            (x1, compose::expand_dims(g, x2, rank2)?)
        } else {
            (compose::squeeze(g, x1, &[rank1 - 1])?, x2)
        });
    }
    if rank2 == rank1 + 1 && g.ty(x2).shape.last() == Some(1) {
        return Ok(if rank1 == 1 && expand {
            (compose::expand_dims(g, x1, rank1)?, x2)
        } else {
            (x1, compose::squeeze(g, x2, &[rank2 - 1])?)
        });
    }
    Ok((x1, x2))
}

/// Two values brought to one rank: as Keras does where ranks differ by an axis of 1, then with axes of 1 after those of
/// the shorter one. Their dimensions are then equal, or 1 in `right`.
pub(crate) fn align(
    g: &mut Graph,
    word: &'static str,
    left: Value,
    right: Value,
) -> Result<(Value, Value), GraphError> {
    let (left, mut right) = squeeze_or_expand_to_same_rank(g, left, right)?;
    let rank = g.ty(left).shape.rank();
    if rank == 0 {
        // One loss for the whole batch, as of targets and predictions of rank 1, takes every weight.
        return Ok((left, right));
    }
    while g.ty(right).shape.rank() < rank {
        let last = g.ty(right).shape.rank();
        right = compose::expand_dims(g, right, last)?;
    }
    let (shape, other) = (&g.ty(left).shape, &g.ty(right).shape);
    let fits =
        |(a, b): (&Option<usize>, &Option<usize>)| a.is_none() || b.is_none() || a == b || *b == Some(1);
    if shape.rank() != other.rank() || !shape.dims().iter().zip(other.dims()).all(fits) {
        let rule =
            format!("{other} does not fit {shape}: each sample (or each of its steps) takes one number");
        return Err(rules::broken(g, word, rule, &[("losses", left), (word, right)]));
    }
    Ok((left, right))
}

/// A value in another type; nothing when it has that type.
pub(crate) fn convert(g: &mut Graph, x: Value, dtype: DType) -> Result<Value, GraphError> {
    if g.ty(x).dtype == dtype { Ok(x) } else { ops::convert(g, x, dtype) }
}

/// The sum over all axes.
pub(crate) fn total(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let axes: Vec<usize> = (0..g.ty(x).shape.rank()).collect();
    if axes.is_empty() { Ok(x) } else { compose::sum(g, x, &axes, false) }
}

/// `a / b`, and 0 where `b` is 0.
fn divide_no_nan(g: &mut Graph, a: Value, b: Value) -> Result<Value, GraphError> {
    let dtype = g.ty(b).dtype;
    let (zero, one) = (compose::scalar(g, 0.0, dtype)?, compose::scalar(g, 1.0, dtype)?);
    let nothing = compose::equal(g, b, zero)?;
    let safe = compose::select(g, nothing, one, b)?;
    let ratio = compose::divide(g, a, safe)?;
    compose::select(g, nothing, zero, ratio)
}
