//! Vectors of length 1.

use ceras_graph::{Graph, GraphError, Value, compose};
use serde::{Deserialize, Serialize};

use super::{Axes, Constraint, EPSILON, configurable, norms};

/// Gives vectors along `axis` the length 1: `w / (ε + ‖w‖)`.
///
/// # Shapes
/// Any that has the axis; the result has the shape of the weight.
///
/// # Errors
/// The weight has no such axis.
///
/// # Examples
/// ```
/// use ceras::constraints::{ConstraintRef, UnitNorm};
/// use ceras_graph::Tensor;
/// let w = ConstraintRef::from(UnitNorm::new()).eval(&Tensor::from_slice(&[3.0f32, 4.0]))?;
/// assert!((w.slice::<f32>()[0] - 0.6).abs() < 1e-6 && (w.slice::<f32>()[1] - 0.8).abs() < 1e-6);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnitNorm {
    axis: Axes,
}

configurable!(UnitNorm, &["unit_norm"]);

impl Default for UnitNorm {
    fn default() -> UnitNorm {
        UnitNorm { axis: Axes::One(0) }
    }
}

impl UnitNorm {
    /// Vectors along axis 0.
    #[must_use]
    pub fn new() -> UnitNorm {
        UnitNorm::default()
    }

    /// The same along other axes.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Axes>) -> UnitNorm {
        self.axis = axis.into();
        self
    }
}

impl Constraint for UnitNorm {
    fn apply(&self, g: &mut Graph, w: Value) -> Result<Value, GraphError> {
        let axes = self.axis.of(g, "UnitNorm", w)?;
        let norms = norms(g, w, &axes)?;
        let norms = compose::add_scalar(g, norms, EPSILON)?;
        compose::divide(g, w, norms)
    }
}
