//! NumPy's broadcasting.

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::Op;
use crate::ops::{self, Direction};
use crate::types::{Dim, Shape};

/// The shape that two broadcast to: aligned at their last axes, equal dimensions stay, 1 gives way to the other, an
/// unknown one to a known one that is not 1.
pub(crate) fn common_shape(a: &Shape, b: &Shape) -> Option<Shape> {
    let rank = a.rank().max(b.rank());
    let dim = |shape: &Shape, axis: usize| -> Dim {
        match (axis + shape.rank()).checked_sub(rank) {
            Some(own) => shape.dim(own),
            None => Some(1),
        }
    };
    let dims: Option<Vec<Dim>> = (0..rank)
        .map(|axis| match (dim(a, axis), dim(b, axis)) {
            (a, b) if a == b => Some(a),
            (Some(1), other) | (other, Some(1)) => Some(other),
            (None, known) | (known, None) => Some(known),
            _ => None,
        })
        .collect();
    dims.map(Shape::from)
}

/// Repeats a value to a shape by NumPy's rule; the value itself when it has that shape.
///
/// # Errors
/// An axis is neither 1 nor that of the shape.
///
/// # Examples
/// ```
/// use ceras_graph::{DType, Graph, Shape, TensorType, compose};
/// let mut g = Graph::new();
/// let bias = g.input(TensorType::new(DType::F32, [3]), "bias");
/// let wide = compose::broadcast_to(&mut g, bias, &Shape::from([Some(2), Some(3)])).unwrap();
/// assert_eq!(g.ty(wide).shape, Shape::known(&[2, 3]));
/// ```
#[track_caller]
pub fn broadcast_to(g: &mut Graph, x: Value, shape: &Shape) -> Result<Value, GraphError> {
    let own = g.ty(x).shape.rank();
    if g.ty(x).shape == *shape {
        return Ok(x);
    }
    let axes: Vec<usize> = (shape.rank().saturating_sub(own)..shape.rank()).collect();
    ops::broadcast_in_dim(g, x, shape.clone(), &axes)
}

/// Two values broadcast to their common shape.
#[track_caller]
fn together(g: &mut Graph, op: &dyn Op, a: Value, b: Value) -> Result<(Value, Value), GraphError> {
    let (left, right) = (g.ty(a).shape.clone(), g.ty(b).shape.clone());
    if left == right {
        return Ok((a, b));
    }
    let Some(shape) = common_shape(&left, &right) else {
        let rule =
            Rule::new(format!("{{0}} and {{1}} do not broadcast to one shape; they have {left} and {right}"));
        let location = g.location();
        return Err(g.explain(op, &[a, b], &rule, Some(location)));
    };
    Ok((broadcast_to(g, a, &shape)?, broadcast_to(g, b, &shape)?))
}

macro_rules! broadcast {
    ($($(#[$doc:meta])* $name:ident, $builder:ident, $op:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Shapes
        /// By NumPy's broadcasting: aligned at the last axes, an axis of one element repeats.
        ///
        /// # Errors
        /// The types differ, or the shapes do not broadcast.
        #[track_caller]
        pub fn $name(g: &mut Graph, a: Value, b: Value) -> Result<Value, GraphError> {
            let (a, b) = together(g, &ops::$op, a, b)?;
            ops::$builder(g, a, b)
        }
    )*};
}

broadcast! {
    /// a + b.
    add, add, Add;
    /// a − b.
    subtract, subtract, Subtract;
    /// a · b.
    multiply, multiply, Multiply;
    /// a / b.
    divide, divide, Divide;
    /// The larger; NaN if one is NaN.
    maximum, maximum, Maximum;
    /// The smaller; NaN if one is NaN.
    minimum, minimum, Minimum;
    /// aᵇ.
    power, power, Power;
    /// The remainder of a / b with the sign of `a`.
    remainder, remainder, Remainder;
    /// Whether both hold.
    logical_and, and, And;
    /// Whether one holds.
    logical_or, or, Or;
}

macro_rules! comparison {
    ($($(#[$doc:meta])* $name:ident, $direction:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Shapes
        /// By NumPy's broadcasting: aligned at the last axes, an axis of one element repeats.
        ///
        /// # Errors
        /// The types differ, or the shapes do not broadcast.
        #[track_caller]
        pub fn $name(g: &mut Graph, a: Value, b: Value) -> Result<Value, GraphError> {
            let direction = Direction::$direction;
            let (a, b) = together(g, &ops::Compare { direction }, a, b)?;
            ops::compare(g, a, b, direction)
        }
    )*};
}

comparison! {
    /// Whether a = b.
    equal, Eq;
    /// Whether a ≠ b; true when one is NaN.
    not_equal, Ne;
    /// Whether a < b.
    less, Lt;
    /// Whether a ≤ b.
    less_equal, Le;
    /// Whether a > b.
    greater, Gt;
    /// Whether a ≥ b.
    greater_equal, Ge;
}

/// `a` where the predicate holds, else `b`.
///
/// # Shapes
/// By NumPy's broadcasting of all three.
///
/// # Errors
/// The predicate is not `bool`, the types differ, or the shapes do not broadcast.
#[track_caller]
pub fn select(g: &mut Graph, predicate: Value, a: Value, b: Value) -> Result<Value, GraphError> {
    let shapes = [predicate, a, b].map(|value| g.ty(value).shape.clone());
    let shape = common_shape(&shapes[1], &shapes[2]).and_then(|shape| common_shape(&shapes[0], &shape));
    let Some(shape) = shape else {
        let [p, a_shape, b_shape] = &shapes;
        let text = format!(
            "{{0}}, {{1}} and {{2}} do not broadcast to one shape; they have {p}, {a_shape} and {b_shape}"
        );
        let location = g.location();
        return Err(g.explain(&ops::Select, &[predicate, a, b], &Rule::new(text), Some(location)));
    };
    let predicate = broadcast_to(g, predicate, &shape)?;
    let (a, b) = (broadcast_to(g, a, &shape)?, broadcast_to(g, b, &shape)?);
    ops::select(g, predicate, a, b)
}

/// min(max(x, minimum), maximum); within the limits, both included, the gradient passes.
///
/// # Errors
/// `x` is `bool`.
#[track_caller]
pub fn clip(g: &mut Graph, x: Value, minimum: f64, maximum: f64) -> Result<Value, GraphError> {
    let dtype = g.ty(x).dtype;
    let low = ops::scalar_constant(g, minimum, dtype)?;
    let high = ops::scalar_constant(g, maximum, dtype)?;
    ops::clamp(g, low, x, high)
}
