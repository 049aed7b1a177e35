//! The L2 penalty.

use ceras_graph::{Graph, GraphError, Value};
use serde::{Deserialize, Serialize};

use super::{Regularizer, configurable, not_negative, squared};
use crate::error::Result;

/// `l2 · Σ x²`. Pushes weights towards 0; also called weight decay.
///
/// # Shapes
/// Any; the penalty is a scalar.
///
/// # Errors
/// The factor is negative, or `x` is not of a floating-point type.
///
/// # Examples
/// ```
/// use ceras::regularizers::{L2, RegularizerRef};
/// use ceras_graph::Tensor;
/// let penalty = RegularizerRef::from(L2::new(0.1)).eval(&Tensor::from_slice(&[1.0f64, -2.0]))?;
/// assert!((penalty - 0.5).abs() < 1e-12);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct L2 {
    l2: f64,
}

configurable!(L2, &["l2"]);

impl Default for L2 {
    fn default() -> L2 {
        L2 { l2: 0.01 }
    }
}

impl L2 {
    /// The penalty with this factor; Keras' default is 0.01.
    #[must_use]
    pub fn new(l2: f64) -> L2 {
        L2 { l2 }
    }

    fn check(&self) -> Result<()> {
        not_negative("l2", self.l2)
    }
}

impl Regularizer for L2 {
    fn penalty(&self, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
        squared(g, x, self.l2)
    }
}
