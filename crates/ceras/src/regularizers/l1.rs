//! The L1 penalty.

use ceras_graph::{Graph, GraphError, Value};
use serde::{Deserialize, Serialize};

use super::{Regularizer, absolute, configurable, not_negative};
use crate::error::Result;

/// `l1 · Σ |x|`. Pushes weights to exactly 0.
///
/// # Shapes
/// Any; the penalty is a scalar.
///
/// # Errors
/// The factor is negative, or `x` is not of a floating-point type.
///
/// # Examples
/// ```
/// use ceras::regularizers::{L1, RegularizerRef};
/// use ceras_graph::Tensor;
/// let penalty = RegularizerRef::from(L1::new(0.1)).eval(&Tensor::from_slice(&[1.0f64, -2.0]))?;
/// assert!((penalty - 0.3).abs() < 1e-12);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct L1 {
    l1: f64,
}

configurable!(L1, &["l1"]);

impl Default for L1 {
    fn default() -> L1 {
        L1 { l1: 0.01 }
    }
}

impl L1 {
    /// The penalty with this factor; Keras' default is 0.01.
    #[must_use]
    pub fn new(l1: f64) -> L1 {
        L1 { l1 }
    }

    fn check(&self) -> Result<()> {
        not_negative("l1", self.l1)
    }
}

impl Regularizer for L1 {
    fn penalty(&self, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
        absolute(g, x, self.l1)
    }
}
