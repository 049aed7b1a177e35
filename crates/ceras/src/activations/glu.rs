//! The gated linear unit.

use ceras_graph::{Graph, GraphError, Value, ops};

use super::rules;
use crate::activations::activation;

activation! {
    /// The gated linear unit, `a · sigmoid(b)` for the two halves `a` and `b` of `x` along the last axis.
    ///
    /// # Shapes
    /// `[…, 2 n]` → `[…, n]`.
    ///
    /// # Errors
    /// `x` is not of a floating-point type, or its last axis is unknown or odd.
    ///
    /// # Examples
    /// ```
    /// use ceras::activations::ActivationRef;
    /// use ceras_graph::Tensor;
    /// let glu = ActivationRef::by_name("glu")?;
    /// let x = Tensor::from_slice(&[3.0f32, 0.0]);
    /// assert_eq!(glu.eval(&x)?.slice::<f32>(), [1.5]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Dauphin et al. (2016), *Language modeling with gated convolutional networks*, <https://arxiv.org/abs/1612.08083>
    Glu, "glu", &[], |g, x| glu(g, x, -1)
}

/// `a · sigmoid(b)` for the two halves `a` and `b` of `x` along an axis, which counts from the end when negative.
///
/// # Errors
/// `x` has no such axis, or it is unknown or odd, or another axis is unknown.
pub fn glu(g: &mut Graph, x: Value, axis: i64) -> Result<Value, GraphError> {
    let axis = rules::axis_of(g, "glu", x, axis)?;
    let size = rules::known_dim(g, "glu", x, axis)?;
    if !size.is_multiple_of(2) {
        return Err(rules::broken(
            g,
            "glu",
            format!("axis {axis} of `x` must be even; it is {size}"),
            &[("x", x)],
        ));
    }
    let Some(dims) = g.ty(x).shape.to_known() else {
        return Err(rules::broken(g, "glu", "all axes of `x` must be known", &[("x", x)]));
    };
    let (mut starts, mut limits, strides) = (vec![0; dims.len()], dims.clone(), vec![1; dims.len()]);
    limits[axis] = size / 2;
    let a = ops::slice(g, x, &starts, &limits, &strides)?;
    starts[axis] = size / 2;
    let b = ops::slice(g, x, &starts, &dims, &strides)?;
    let gate = ops::logistic(g, b)?;
    ops::multiply(g, a, gate)
}
