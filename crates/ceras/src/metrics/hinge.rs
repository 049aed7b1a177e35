//! The hinge loss.

use ceras_graph::{Graph, GraphError, Tensor, Value};

use super::{Metric, mean_result, metric, running_mean};
use crate::losses::{self, Loss};

metric! {
    /// The hinge loss as the running mean over samples: [`Hinge`](crate::losses::Hinge) as a metric.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::Hinge;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.0f32, 1.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [0.5f32, 0.5])?;
    /// let result = Hinge::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 1.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Hinge, "Hinge", "hinge", &["hinge"], {}
}

impl Hinge {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = losses::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        losses::Hinge::new().call(g, y_true, y_pred)
    }
}

impl Metric for Hinge {
    running_mean!(Some(true));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
