//! Vectors of bounded length.

use ceras_graph::{Graph, GraphError, Value, compose};
use serde::{Deserialize, Serialize};

use super::{Axes, Constraint, configurable, norms, rescale};

/// Shortens vectors along `axis` to at most `max_value`: `w · min(‖w‖, max_value) / (ε + ‖w‖)`.
///
/// # Shapes
/// Any that has the axis; the result has the shape of the weight.
///
/// # Errors
/// The weight has no such axis.
///
/// # Examples
/// ```
/// use ceras::constraints::{ConstraintRef, MaxNorm};
/// use ceras_graph::Tensor;
/// let w = ConstraintRef::from(MaxNorm::new(1.0)).eval(&Tensor::from_slice(&[3.0f32, 4.0]))?;
/// assert!((w.slice::<f32>()[0] - 0.6).abs() < 1e-6 && (w.slice::<f32>()[1] - 0.8).abs() < 1e-6);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaxNorm {
    max_value: f64,
    axis: Axes,
}

configurable!(MaxNorm, &["max_norm"]);

impl Default for MaxNorm {
    fn default() -> MaxNorm {
        MaxNorm { max_value: 2.0, axis: Axes::One(0) }
    }
}

impl MaxNorm {
    /// Vectors along axis 0 of at most this length; Keras' default is 2.
    #[must_use]
    pub fn new(max_value: f64) -> MaxNorm {
        MaxNorm { max_value, ..MaxNorm::default() }
    }

    /// The same along other axes.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Axes>) -> MaxNorm {
        self.axis = axis.into();
        self
    }
}

impl Constraint for MaxNorm {
    fn apply(&self, g: &mut Graph, w: Value) -> Result<Value, GraphError> {
        let axes = self.axis.of(g, "MaxNorm", w)?;
        let norms = norms(g, w, &axes)?;
        let desired = compose::clip(g, norms, 0.0, self.max_value)?;
        rescale(g, w, desired, norms)
    }
}
