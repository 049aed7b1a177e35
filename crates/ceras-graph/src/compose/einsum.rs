//! Einstein's summation of two operands.

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::ops::{self, DotDimensions};

/// The sum of products of two operands whose axes have labels: axes of one label run together, and labels that the
/// result does not have are summed over.
///
/// # Shapes
/// An axis of the result for each of its labels.
///
/// # Errors
/// An operand has another number of axes than labels or one label twice, a label of the result is unknown or stands
/// twice, the types differ, or two axes of one label have different dimensions.
///
/// # Examples
/// A matrix product: `ij,jk->ik`.
/// ```
/// use ceras_graph::{DType, Graph, TensorType, compose};
/// let mut g = Graph::new();
/// let a = g.input(TensorType::new(DType::F32, [2, 3]), "a");
/// let b = g.input(TensorType::new(DType::F32, [3, 4]), "b");
/// let c = compose::einsum(&mut g, (a, &['i', 'j']), (b, &['j', 'k']), &['i', 'k'])?;
/// assert_eq!(g.ty(c).to_string(), "float32 [2, 4]");
/// # Ok::<(), ceras_graph::GraphError>(())
/// ```
#[track_caller]
pub fn einsum(
    g: &mut Graph,
    a: (Value, &[char]),
    b: (Value, &[char]),
    result: &[char],
) -> Result<Value, GraphError> {
    if let Some(rule) = misfit(g, a, b, result) {
        let op = ops::DotGeneral { dimensions: DotDimensions::default(), epilogue: None };
        let location = g.location();
        return Err(g.explain(&op, &[a.0, b.0], &Rule::new(rule), Some(location)));
    }
    let (left, a) = without_lonely(g, a, b.1, result)?;
    let (right, b) = without_lonely(g, b, a.as_slice(), result)?;
    let place = |labels: &[char], label: char| labels.iter().position(|&other| other == label);
    let mut dimensions = DotDimensions::default();
    let mut order: Vec<char> = Vec::with_capacity(result.len());
    for (axis, &label) in a.iter().enumerate() {
        let Some(other) = place(&b, label) else { continue };
        if result.contains(&label) {
            dimensions.lhs_batching.push(axis);
            dimensions.rhs_batching.push(other);
            order.push(label);
        } else {
            dimensions.lhs_contracting.push(axis);
            dimensions.rhs_contracting.push(other);
        }
    }
    order.extend(a.iter().filter(|label| !b.contains(label)));
    order.extend(b.iter().filter(|label| !a.contains(label)));
    let product = ops::dot_general(g, left, right, &dimensions)?;
    let permutation: Vec<usize> = result.iter().filter_map(|&label| place(&order, label)).collect();
    if permutation.iter().copied().eq(0..order.len()) {
        return Ok(product);
    }
    ops::transpose(g, product, &permutation)
}

/// The operand summed over the axes that neither the other nor the result has, and the labels that are left.
fn without_lonely(
    g: &mut Graph,
    (value, labels): (Value, &[char]),
    other: &[char],
    result: &[char],
) -> Result<(Value, Vec<char>), GraphError> {
    let lonely = |label: &char| !other.contains(label) && !result.contains(label);
    let axes: Vec<usize> = (0..labels.len()).filter(|&axis| lonely(&labels[axis])).collect();
    let value = if axes.is_empty() { value } else { super::sum(g, value, &axes, false)? };
    Ok((value, labels.iter().copied().filter(|label| !lonely(label)).collect()))
}

/// What is wrong with the labels.
fn misfit(g: &Graph, a: (Value, &[char]), b: (Value, &[char]), result: &[char]) -> Option<String> {
    let twice = |labels: &[char]| (1..labels.len()).find(|&axis| labels[..axis].contains(&labels[axis]));
    for (operand, (value, labels)) in [a, b].into_iter().enumerate() {
        let rank = g.ty(value).shape.rank();
        if rank != labels.len() {
            return Some(format!("{{{operand}}} has {rank} axes and {} labels", labels.len()));
        }
        if let Some(axis) = twice(labels) {
            return Some(format!("{{{operand}}} has two axes of the label `{}`", labels[axis]));
        }
    }
    if let Some(axis) = twice(result) {
        return Some(format!("the result has two axes of the label `{}`", result[axis]));
    }
    let unknown = result.iter().find(|label| !a.1.contains(label) && !b.1.contains(label));
    unknown.map(|label| format!("neither {{0}} nor {{1}} has an axis of the label `{label}`"))
}
