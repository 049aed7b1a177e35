//! Connectionist temporal classification.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value};

use super::{Loss, loss, named};
use crate::activations::rules;
use crate::error::{Error, ErrorKind, Result as CerasResult};

loss! {
    /// Connectionist temporal classification: labels of sequences that are not aligned with their steps.
    ///
    /// # Shapes
    /// Labels `[batch, length]` and logits `[batch, steps, classes]` → losses `[batch]`.
    ///
    /// # Errors
    /// ceras does not work this loss out yet: it is read and written, and refused by name when it is used.
    ///
    /// # References
    /// Graves et al. (2006), *Connectionist temporal classification*, <https://doi.org/10.1145/1143844.1143891>
    Ctc, "CTC", "ctc", &["ctc"], {}
}

const REFUSAL: &str = "the loss `ctc` is not supported yet";

impl Loss for Ctc {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        Err(rules::broken(g, "ctc", REFUSAL, &[("y_true", y_true), ("y_pred", y_pred)]))
    }

    fn check_targets(&self, _: &Tensor, _: &TensorType) -> CerasResult<()> {
        Err(Error::new(ErrorKind::Unsupported, REFUSAL))
    }
}
