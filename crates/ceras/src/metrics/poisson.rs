//! The Poisson loss.

use ceras_graph::{Graph, GraphError, Tensor, Value};

use super::{Metric, mean_result, metric, running_mean};
use crate::losses::{self, Loss};

metric! {
    /// The Poisson loss as the running mean over samples: [`Poisson`](crate::losses::Poisson) as a metric.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::Poisson;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [0.0f32, 1.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [1.0f32, 1.0])?;
    /// let result = Poisson::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 1.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Poisson, "Poisson", "poisson", &["poisson"], {}
}

impl Poisson {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = losses::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        losses::Poisson::new().call(g, y_true, y_pred)
    }
}

impl Metric for Poisson {
    running_mean!(Some(true));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
