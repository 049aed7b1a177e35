//! Layers that weigh the steps of one sequence for each step of another.

pub mod additive_attention;
pub mod attention_layer;
mod call;
pub mod multi_head_attention;

pub use additive_attention::AdditiveAttention;
pub use attention_layer::Attention;
pub use multi_head_attention::MultiHeadAttention;

use ceras_graph::{DType, Graph, GraphError, Shape, TensorType, Value, compose, ops};

use call::Flags;

use crate::error::Result;
use crate::layers::declare::misfit;
use crate::layers::regularization::{drop_out, dropping, is_on};
use crate::layers::{CallCx, Modes, Traced};

/// Query, value and key of a list of two or three inputs; the key is the value where it is not given.
fn query_value_key<'a, T>(class_name: &str, inputs: &'a [T]) -> Result<[&'a T; 3]> {
    match inputs {
        [query, value] => Ok([query, value, value]),
        [query, value, key] => Ok([query, value, key]),
        _ => Err(misfit(format!(
            "{class_name} takes a query and a value, and a key if that is another; it is given {} inputs",
            inputs.len()
        ))),
    }
}

/// Fails unless query, value and key are sequences of vectors that fit.
fn check_sequences(class_name: &str, inputs: &[TensorType]) -> Result<()> {
    let [query, value, key] = query_value_key(class_name, inputs)?.map(|ty| &ty.shape);
    for (name, shape) in [("query", query), ("value", value), ("key", key)] {
        if shape.rank() != 3 {
            return Err(misfit(format!(
                "{class_name} needs a {name} [batch, steps, features]; its shape is {shape}"
            )));
        }
    }
    let differ = |a: Option<usize>, b: Option<usize>| a.zip(b).is_some_and(|(a, b)| a != b);
    if differ(value.dim(1), key.dim(1)) {
        return Err(misfit(format!(
            "the value and the key of {class_name} must have as many steps; they have shapes {value} and {key}"
        )));
    }
    if differ(query.last(), key.last()) {
        return Err(misfit(format!(
            "the query and the key of {class_name} must have as many features; they have shapes {query} and {key}"
        )));
    }
    Ok(())
}

/// Numbers 0, 1, 2, … of steps along an axis of `[1, queries, values]`.
fn steps(
    g: &mut Graph,
    queries: Option<usize>,
    values: Option<usize>,
    axis: usize,
) -> Result<Value, GraphError> {
    ops::iota(g, TensorType { dtype: DType::I32, shape: Shape::from(vec![Some(1), queries, values]) }, axis)
}

/// Where a step of the query may look at a step of the value: not at later ones.
fn causal_mask(g: &mut Graph, queries: Option<usize>, values: Option<usize>) -> Result<Value, GraphError> {
    let row = steps(g, queries, values, 1)?;
    let column = steps(g, queries, values, 2)?;
    compose::greater_equal(g, row, column)
}

/// Both masks, or the one that there is.
fn both(g: &mut Graph, a: Option<Value>, b: Option<Value>) -> Result<Option<Value>, GraphError> {
    match (a, b) {
        (Some(a), Some(b)) => compose::logical_and(g, a, b).map(Some),
        (a, b) => Ok(a.or(b)),
    }
}

/// What attention with dropout does in `fit` and in `predict`.
fn dropout_modes(dropout: f64) -> Option<Modes> {
    let modes = dropping(dropout, "attention weights")?;
    Some(Modes { predict: "uses all of them".to_owned(), ..modes })
}

/// What Attention and AdditiveAttention do with their scores `[batch, queries, values]`: mask, softmax, dropout, and the
/// values weighed by the result; the weights too, where the call asks for them.
fn weighed(
    cx: &mut CallCx<'_>,
    scores: Value,
    [query, value]: [&Traced; 2],
    call: Flags,
    (rate, seed): (f64, Option<i64>),
) -> Result<Vec<Traced>> {
    /// What Keras takes off a score that does not count.
    const FAR: f64 = 1e9;
    let shape = cx.shape(scores);
    let g = cx.graph();
    let mut mask = match value.mask {
        Some(mask) => Some(compose::expand_dims(g, mask, 1)?),
        None => None,
    };
    if call.causal {
        let causal = causal_mask(g, shape.dim(1), shape.dim(2))?;
        mask = both(g, mask, Some(causal))?;
    }
    let mut scores = scores;
    if let Some(mask) = mask {
        let far = compose::subtract_scalar(g, scores, FAR)?;
        scores = compose::select(g, mask, scores, far)?;
    }
    let weights = compose::softmax(g, scores, 2)?;
    let dropped = if is_on(cx, rate) {
        let shape = cx.shape(weights);
        drop_out(cx, weights, rate, shape, seed)?
    } else {
        weights
    };
    let dtype = cx.ty(dropped).dtype;
    let values = cx.as_float(value.value, dtype, "value")?;
    let g = cx.graph();
    let mut output = compose::matmul(g, dropped, values)?;
    if let Some(mask) = query.mask {
        let mask = compose::expand_dims(g, mask, 2)?;
        let zero = compose::scalar(g, 0.0, dtype)?;
        output = compose::select(g, mask, output, zero)?;
    }
    let mut outputs = vec![Traced { value: output, mask: query.mask }];
    if call.scores {
        outputs.push(dropped.into());
    }
    Ok(outputs)
}
