//! How often predictions equal targets.

use ceras_graph::{Graph, GraphError, Tensor, Value, ops};

use super::{Metric, mean_result, metric, running::equal, running_mean};
use crate::losses::squeeze_or_expand_to_same_rank;

metric! {
    /// How often predictions equal targets, as the running mean over samples.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::Accuracy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4], [1i32, 2, 3, 4])?;
    /// let y_pred = Tensor::new(&[4], [0i32, 2, 3, 4])?;
    /// let result = Accuracy::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.75).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Accuracy, "Accuracy", "accuracy", &["accuracy"], {}
}

impl Accuracy {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let y_true = if g.ty(y_true).dtype == g.ty(y_pred).dtype {
            y_true
        } else {
            ops::convert(g, y_true, g.ty(y_pred).dtype)?
        };
        let (y_true, y_pred) = squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        equal(g, y_true, y_pred)
    }
}

impl Metric for Accuracy {
    running_mean!(Some(false));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
