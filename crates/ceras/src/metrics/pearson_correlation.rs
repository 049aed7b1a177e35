//! Pearson's correlation.

use ceras_graph::{Graph, GraphError, Tensor, Value, compose, ops};

use super::{Metric, mean_result, metric, running::single, running_mean};
use crate::activations::rules;
use crate::losses::squeeze_or_expand_to_same_rank;

metric! {
    /// Pearson's correlation of targets and predictions along an axis, as the running mean over samples: 1 when they rise together
    /// on a line.
    ///
    /// # Shapes
    /// Targets and predictions of one shape.
    ///
    /// # Errors
    /// The shapes differ, or there is no such axis.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::PearsonCorrelation;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 3], [1.0f32, 2.0, 3.0])?;
    /// let y_pred = Tensor::new(&[1, 3], [2.0f32, 4.0, 6.0])?;
    /// let result = PearsonCorrelation::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 1.0).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    PearsonCorrelation, "PearsonCorrelation", "pearson_correlation", &["pearson_correlation"], {
        axis: i64 = -1, "The same along another axis, which counts from the end when negative.";
    }
}

impl PearsonCorrelation {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = (single(g, y_true)?, single(g, y_pred)?);
        let (y_true, y_pred) = squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        let axis = rules::axis_of(g, "pearson_correlation", y_pred, self.axis)?;
        let standard = |g: &mut Graph, x: Value| -> Result<Value, GraphError> {
            let mean = compose::mean(g, x, &[axis], true)?;
            let centred = compose::subtract(g, x, mean)?;
            let variance = compose::variance(g, centred, &[axis], true)?;
            let deviation = ops::sqrt(g, variance)?;
            compose::divide(g, centred, deviation)
        };
        let (a, b) = (standard(g, y_true)?, standard(g, y_pred)?);
        let product = ops::multiply(g, a, b)?;
        compose::mean(g, product, &[axis], false)
    }
}

impl Metric for PearsonCorrelation {
    running_mean!(Some(false));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
