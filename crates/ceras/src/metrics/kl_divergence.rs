//! The Kullback-Leibler divergence.

use ceras_graph::{Graph, GraphError, Tensor, Value};

use super::{Metric, mean_result, metric, running_mean};
use crate::losses::{self, Loss};

metric! {
    /// The Kullback-Leibler divergence as the running mean over samples: [`KlDivergence`](crate::losses::KlDivergence) as a metric.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::KlDivergence;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.5f64, 0.5])?;
    /// let y_pred = Tensor::new(&[1, 2], [0.25f64, 0.75])?;
    /// let result = KlDivergence::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.143841).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    KlDivergence, "KLDivergence", "kl_divergence", &["kl_divergence"], {}
}

impl KlDivergence {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = losses::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        losses::KlDivergence::new().call(g, y_true, y_pred)
    }
}

impl Metric for KlDivergence {
    running_mean!(Some(true));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
