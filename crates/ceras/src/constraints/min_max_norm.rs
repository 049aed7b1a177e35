//! Vectors of a length between bounds.

use ceras_graph::{Graph, GraphError, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::{Axes, Constraint, configurable, norms, rescale};

/// Brings the lengths of vectors along `axis` towards the range from `min_value` to `max_value`, by the part `rate`:
/// `w · (rate · clip(‖w‖) + (1 − rate) · ‖w‖) / (ε + ‖w‖)`.
///
/// # Shapes
/// Any that has the axis; the result has the shape of the weight.
///
/// # Errors
/// The weight has no such axis.
///
/// # Examples
/// ```
/// use ceras::constraints::{ConstraintRef, MinMaxNorm};
/// use ceras_graph::Tensor;
/// let w = ConstraintRef::from(MinMaxNorm::new(10.0, 20.0)).eval(&Tensor::from_slice(&[3.0f32, 4.0]))?;
/// assert!((w.slice::<f32>()[0] - 6.0).abs() < 1e-5 && (w.slice::<f32>()[1] - 8.0).abs() < 1e-5);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MinMaxNorm {
    min_value: f64,
    max_value: f64,
    rate: f64,
    axis: Axes,
}

configurable!(MinMaxNorm, &["min_max_norm"]);

impl Default for MinMaxNorm {
    fn default() -> MinMaxNorm {
        MinMaxNorm { min_value: 0.0, max_value: 1.0, rate: 1.0, axis: Axes::One(0) }
    }
}

impl MinMaxNorm {
    /// Vectors along axis 0 of these lengths; Keras' defaults are 0 and 1.
    #[must_use]
    pub fn new(min_value: f64, max_value: f64) -> MinMaxNorm {
        MinMaxNorm { min_value, max_value, ..MinMaxNorm::default() }
    }

    /// The same with another rate, from 0 (nothing is done) to 1.
    #[must_use]
    pub fn rate(mut self, rate: impl Into<f64>) -> MinMaxNorm {
        self.rate = rate.into();
        self
    }

    /// The same along other axes.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Axes>) -> MinMaxNorm {
        self.axis = axis.into();
        self
    }
}

impl Constraint for MinMaxNorm {
    fn apply(&self, g: &mut Graph, w: Value) -> Result<Value, GraphError> {
        let axes = self.axis.of(g, "MinMaxNorm", w)?;
        let norms = norms(g, w, &axes)?;
        let clipped = compose::clip(g, norms, self.min_value, self.max_value)?;
        let clipped = compose::multiply_scalar(g, clipped, self.rate)?;
        let rest = compose::multiply_scalar(g, norms, 1.0 - self.rate)?;
        let desired = ops::add(g, clipped, rest)?;
        rescale(g, w, desired, norms)
    }
}
