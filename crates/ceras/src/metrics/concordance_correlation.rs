//! Lin's concordance correlation.

use ceras_graph::{Graph, GraphError, Tensor, Value, compose, ops};

use super::{Metric, mean_result, metric, running::single, running_mean};
use crate::activations::rules;
use crate::constraints::EPSILON;
use crate::losses::squeeze_or_expand_to_same_rank;

metric! {
    /// Lin's concordance correlation of targets and predictions along an axis, as the running mean over samples: 1 when they are equal.
    ///
    /// # Shapes
    /// Targets and predictions of one shape.
    ///
    /// # Errors
    /// The shapes differ, or there is no such axis.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::ConcordanceCorrelation;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 3], [1.0f32, 2.0, 3.0])?;
    /// let y_pred = Tensor::new(&[1, 3], [1.0f32, 2.0, 3.0])?;
    /// let result = ConcordanceCorrelation::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 1.0).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Lin (1989), *A concordance correlation coefficient to evaluate reproducibility*, <https://doi.org/10.2307/2532051>
    ConcordanceCorrelation, "ConcordanceCorrelation", "concordance_correlation", &["concordance_correlation"], {
        axis: i64 = -1, "The same along another axis, which counts from the end when negative.";
    }
}

impl ConcordanceCorrelation {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = (single(g, y_true)?, single(g, y_pred)?);
        let (y_true, y_pred) = squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        let axis = rules::axis_of(g, "concordance_correlation", y_pred, self.axis)?;
        let (true_mean, pred_mean) =
            (compose::mean(g, y_true, &[axis], true)?, compose::mean(g, y_pred, &[axis], true)?);
        let true_variance = compose::variance(g, y_true, &[axis], true)?;
        let pred_variance = compose::variance(g, y_pred, &[axis], true)?;
        // As Keras: the mean of the predictions is taken from both, which leaves the mean product as it is.
        let a = compose::subtract(g, y_true, pred_mean)?;
        let b = compose::subtract(g, y_pred, pred_mean)?;
        let product = ops::multiply(g, a, b)?;
        let shift = ops::subtract(g, true_mean, pred_mean)?;
        let shift = compose::square(g, shift)?;
        let norm = ops::add(g, true_variance, pred_variance)?;
        let norm = ops::add(g, norm, shift)?;
        let norm = compose::add_scalar(g, norm, EPSILON)?;
        let twice = compose::multiply_scalar(g, product, 2.0)?;
        let ratio = compose::divide(g, twice, norm)?;
        compose::mean(g, ratio, &[axis], false)
    }
}

impl Metric for ConcordanceCorrelation {
    running_mean!(Some(false));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
