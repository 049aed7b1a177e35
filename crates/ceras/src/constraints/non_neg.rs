//! No negative weights.

use std::sync::Arc;

use ceras_graph::{Graph, GraphError, Value, compose};

use super::Constraint;
use crate::error::Result as CerasResult;
use crate::registry::{Config, Configurable, Entry};

/// Puts 0 in place of negative numbers: `max(w, 0)`.
///
/// # Shapes
/// Any; the result has the shape of the weight.
///
/// # Errors
/// None for weights of floating-point numbers.
///
/// # Examples
/// ```
/// use ceras::constraints::{ConstraintRef, NonNeg};
/// use ceras_graph::Tensor;
/// let w = ConstraintRef::from(NonNeg).eval(&Tensor::from_slice(&[-1.0f32, 2.0]))?;
/// assert_eq!(w.slice::<f32>(), [0.0, 2.0]);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NonNeg;

pub(super) static ENTRY: Entry<dyn Constraint> = Entry { class_name: "NonNeg", aliases: &["non_neg"], parse };

fn parse(_: &Config) -> CerasResult<Arc<dyn Constraint>> {
    Ok(Arc::new(NonNeg))
}

impl Configurable for NonNeg {
    fn class_name(&self) -> &'static str {
        "NonNeg"
    }

    fn config(&self) -> Config {
        Config::new()
    }
}

impl Constraint for NonNeg {
    fn apply(&self, g: &mut Graph, w: Value) -> Result<Value, GraphError> {
        compose::maximum_scalar(g, w, 0.0)
    }
}
