//! What many ops' shape rules have in common.

use ceras_kernels::DType;
use ceras_kernels::elementwise::Function;

use crate::error::Rule;
use crate::op::Attribute;
use crate::types::{Dim, Shape, TensorType};

/// That there are so many operands.
pub(crate) fn count(inputs: &[&TensorType], expected: usize) -> Result<(), Rule> {
    if inputs.len() == expected {
        return Ok(());
    }
    let s = if expected == 1 { "" } else { "s" };
    Err(Rule::new(format!("takes {expected} operand{s}, not {}", inputs.len())))
}

/// That an axis exists.
pub(crate) fn axis_exists(what: &str, axis: usize, rank: usize) -> Result<(), Rule> {
    if axis < rank {
        return Ok(());
    }
    Err(Rule::new(format!("{what} has no axis {axis}; its rank is {rank}")))
}

/// That axes exist and are named once each.
pub(crate) fn distinct_axes(what: &str, axes: &[usize], rank: usize) -> Result<(), Rule> {
    for (index, axis) in axes.iter().enumerate() {
        axis_exists(what, *axis, rank)?;
        if axes[..index].contains(axis) {
            return Err(Rule::new(format!("axis {axis} of {what} is named twice")));
        }
    }
    Ok(())
}

/// An axis in words: `the first axis`.
pub(crate) fn axis_words(axis: usize, rank: usize) -> String {
    match axis {
        0 if rank == 1 => "the only axis".into(),
        0 => "the first axis".into(),
        _ if axis + 1 == rank => "the last axis".into(),
        _ => format!("axis {axis}"),
    }
}

/// What is known of a dimension from two sides; `None` when they contradict each other.
pub(crate) fn merge_dim(a: Dim, b: Dim) -> Option<Dim> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => None,
        (Some(a), _) => Some(Some(a)),
        (None, b) => Some(b),
    }
}

/// What is known of a shape from two sides.
pub(crate) fn merge(a: &Shape, b: &Shape) -> Option<Shape> {
    if a.rank() != b.rank() {
        return None;
    }
    a.dims()
        .iter()
        .zip(b.dims())
        .map(|(a, b)| merge_dim(*a, *b))
        .collect::<Option<Vec<Dim>>>()
        .map(Shape::from)
}

/// The one shape of all operands.
pub(crate) fn same_shape(inputs: &[&TensorType]) -> Result<Shape, Rule> {
    let mut shape = inputs[0].shape.clone();
    for (index, input) in inputs.iter().enumerate().skip(1) {
        shape = merge(&shape, &input.shape).ok_or_else(|| {
            Rule::new(format!(
                "{{0}} and {{{index}}} must have one shape; they have {shape} and {}",
                input.shape
            ))
        })?;
    }
    Ok(shape)
}

/// The result of an elementwise function for operands of these types.
pub(crate) fn result_dtype(function: &Function, inputs: &[&TensorType]) -> Result<DType, Rule> {
    let dtypes: Vec<DType> = inputs.iter().map(|ty| ty.dtype).collect();
    if let Some(result) = function.result(&dtypes) {
        return Ok(result);
    }
    let odd = dtypes.iter().position(|dtype| *dtype != dtypes[0]);
    Err(match (dtypes.len(), odd) {
        (1, _) => Rule::new(format!("{{0}} cannot be {}", dtypes[0])),
        (2, Some(_)) => {
            Rule::new(format!("{{0}} and {{1}} must have one type; they are {} and {}", dtypes[0], dtypes[1]))
        }
        (2, None) => Rule::new(format!("{{0}} and {{1}} cannot be {}", dtypes[0])),
        _ => {
            let names: Vec<&str> = dtypes.iter().map(|dtype| dtype.name()).collect();
            Rule::new(format!("does not take operands of {}", names.join(", ")))
        }
    })
}

/// An elementwise result: one shape for all.
pub(crate) fn elementwise(function: &Function, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
    count(inputs, function.arity)?;
    let dtype = result_dtype(function, inputs)?;
    Ok(vec![TensorType { dtype, shape: same_shape(inputs)? }])
}

/// Axes as an attribute.
pub(crate) fn ints(axes: &[usize]) -> Attribute {
    Attribute::Ints(axes.iter().map(|&axis| axis as i64).collect())
}
