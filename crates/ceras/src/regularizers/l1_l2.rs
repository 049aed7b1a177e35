//! The L1 and L2 penalties together.

use ceras_graph::{Graph, GraphError, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::{Regularizer, absolute, configurable, not_negative, squared};
use crate::error::Result;

/// `l1 · Σ |x| + l2 · Σ x²`: the elastic net.
///
/// # Shapes
/// Any; the penalty is a scalar.
///
/// # Errors
/// A factor is negative, or `x` is not of a floating-point type.
///
/// # Examples
/// ```
/// use ceras::regularizers::{L1L2, RegularizerRef};
/// use ceras_graph::Tensor;
/// let penalty = RegularizerRef::from(L1L2::new(0.1, 0.1)).eval(&Tensor::from_slice(&[1.0f64, -2.0]))?;
/// assert!((penalty - 0.8).abs() < 1e-12);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct L1L2 {
    l1: f64,
    l2: f64,
}

configurable!(L1L2, &["l1_l2", "l1l2"]);

impl L1L2 {
    /// The penalties with these factors; Keras' defaults are 0.
    #[must_use]
    pub fn new(l1: f64, l2: f64) -> L1L2 {
        L1L2 { l1, l2 }
    }

    fn check(&self) -> Result<()> {
        not_negative("l1", self.l1)?;
        not_negative("l2", self.l2)
    }
}

impl Regularizer for L1L2 {
    fn penalty(&self, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
        match (self.l1 != 0.0, self.l2 != 0.0) {
            (false, false) => compose::scalar(g, 0.0, g.ty(x).dtype),
            (true, false) => absolute(g, x, self.l1),
            (false, true) => squared(g, x, self.l2),
            (true, true) => {
                let l1 = absolute(g, x, self.l1)?;
                let l2 = squared(g, x, self.l2)?;
                ops::add(g, l1, l2)
            }
        }
    }
}
