//! How often a yes-or-no prediction is right.

use ceras_graph::{DType, Graph, GraphError, Tensor, Value, compose, ops};

use super::{Metric, MetricRef, mean_result, metric, running::equal, running_mean};
use crate::losses::squeeze_or_expand_to_same_rank;

metric! {
    /// How often predictions above `threshold` meet targets of 1 and others targets of 0, as the running mean over samples.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::BinaryAccuracy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4, 1], [1.0f32, 1.0, 0.0, 0.0])?;
    /// let y_pred = Tensor::new(&[4, 1], [0.98f32, 0.4, 0.3, 0.6])?;
    /// let result = BinaryAccuracy::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.5).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    BinaryAccuracy, "BinaryAccuracy", "binary_accuracy", &["binary_accuracy"], {
        threshold: f64 = 0.5, "The same with another threshold.";
    }
}

impl BinaryAccuracy {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        let threshold = compose::scalar(g, self.threshold, g.ty(y_pred).dtype)?;
        let yes = compose::greater(g, y_pred, threshold)?;
        let dtype = g.ty(y_true).dtype;
        let yes = if dtype == DType::Bool { yes } else { ops::convert(g, yes, dtype)? };
        equal(g, y_true, yes)
    }
}

impl Metric for BinaryAccuracy {
    running_mean!(Some(false));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }

    /// The threshold among logits: the logit of the threshold among probabilities, 0 for 0.5.
    fn for_logits(&self) -> Option<MetricRef> {
        let probability = (0.0..1.0).contains(&self.threshold) && self.threshold > 0.0;
        probability.then(|| self.clone().threshold((self.threshold / (1.0 - self.threshold)).ln()).into())
    }
}
