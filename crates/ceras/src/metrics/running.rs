//! Running means.

use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, compose, ops};
use serde::{Deserialize, Serialize};

use crate::activations::rules;
use crate::losses::{squeeze_or_expand_to_same_rank, total};

/// The type that a metric says it computes in; it is kept as it was written, and single precision is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MetricDType(serde_json::Value);

impl Default for MetricDType {
    fn default() -> MetricDType {
        MetricDType("float32".into())
    }
}

/// The state of a running mean: a total and a count.
pub fn mean_state() -> Vec<(String, TensorType, f64)> {
    ["total", "count"].map(|name| (name.to_owned(), TensorType::scalar(DType::F32), 0.0)).to_vec()
}

/// The result of a running mean: 0 before the first sample.
pub fn mean_result(state: &[Tensor]) -> f64 {
    let number =
        |index: usize| state.get(index).map_or(0.0, |tensor| tensor.to_f32().first().copied().unwrap_or(0.0));
    let (total, count): (f32, f32) = (number(0), number(1));
    if count == 0.0 { 0.0 } else { f64::from(total / count) }
}

/// Emits a running mean after a batch of values, each weighing 1 or its weight. Values of one sample count as one: their
/// mean.
///
/// # Errors
/// The weights do not fit the values, or the number of samples is unknown.
pub fn update_mean(
    g: &mut Graph,
    state: &[Value],
    values: Value,
    weight: Option<Value>,
) -> Result<Vec<Value>, GraphError> {
    let (values, weight) = by_sample(g, values, weight, compose::mean)?;
    let sum = total(g, values)?;
    let samples = match (weight, g.ty(values).shape.rank()) {
        (Some(weight), _) => total(g, weight)?,
        (None, 0) => compose::scalar(g, 1.0, DType::F32)?,
        (None, _) => {
            let count = rules::known_dim(g, "metric", values, 0)?;
            compose::scalar(g, count as f64, DType::F32)?
        }
    };
    Ok(vec![ops::add(g, state[0], sum)?, ops::add(g, state[1], samples)?])
}

/// What brings several numbers of a sample to one.
type Reduce = fn(&mut Graph, Value, &[usize], bool) -> Result<Value, GraphError>;

/// One value for each sample in single precision, times its weight; and the weights, one for each sample.
pub(super) fn by_sample(
    g: &mut Graph,
    values: Value,
    weight: Option<Value>,
    reduce: Reduce,
) -> Result<(Value, Option<Value>), GraphError> {
    let mut values = single(g, values)?;
    let mut samples = None;
    if let Some(weight) = weight {
        let weight = single(g, weight)?;
        let (left, right) = squeeze_or_expand_to_same_rank(g, values, weight)?;
        values = over(g, left, g.ty(right).shape.rank(), reduce)?;
        let shape = g.ty(values).shape.clone();
        if g.ty(right).shape.rank() > shape.rank() {
            let operands = [("values", values), ("sample_weight", right)];
            return Err(rules::broken(g, "metric", "the weights do not fit the values", &operands));
        }
        let weight = compose::broadcast_to(g, right, &shape)?;
        values = ops::multiply(g, values, weight)?;
        samples = Some(over(g, weight, 1, reduce)?);
    }
    Ok((over(g, values, 1, reduce)?, samples))
}

/// Reduces the axes from `rank` on.
fn over(g: &mut Graph, x: Value, rank: usize, reduce: Reduce) -> Result<Value, GraphError> {
    let axes: Vec<usize> = (rank..g.ty(x).shape.rank()).collect();
    if axes.is_empty() { Ok(x) } else { reduce(g, x, &axes, false) }
}

/// A value in single precision.
pub(super) fn single(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    if g.ty(x).dtype == DType::F32 { Ok(x) } else { ops::convert(g, x, DType::F32) }
}

/// Whether two values of one shape are equal, as numbers.
pub(super) fn equal(g: &mut Graph, a: Value, b: Value) -> Result<Value, GraphError> {
    let same = compose::equal(g, a, b)?;
    ops::convert(g, same, DType::F32)
}
