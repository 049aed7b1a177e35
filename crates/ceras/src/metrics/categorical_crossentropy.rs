//! The cross-entropy of classes.

use ceras_graph::{Graph, GraphError, Tensor, Value};

use super::{Metric, MetricRef, mean_result, metric, running_mean};
use crate::losses::{self, Loss};

metric! {
    /// The cross-entropy of classes as the running mean over samples: [`CategoricalCrossentropy`](crate::losses::CategoricalCrossentropy) as a metric.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::CategoricalCrossentropy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [1.0f32, 0.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [0.5f32, 0.5])?;
    /// let result = CategoricalCrossentropy::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.693147).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    CategoricalCrossentropy, "CategoricalCrossentropy", "categorical_crossentropy", &["categorical_crossentropy"], {
        from_logits: bool = false, "The same for predictions that are logits, not probabilities.";
        label_smoothing: f64 = 0.0, "The same with targets drawn towards equal shares by this part, from 0 to 1.";
        axis: i64 = -1, "The same with the classes along another axis, which counts from the end when negative.";
    }
}

impl CategoricalCrossentropy {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = losses::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        losses::CategoricalCrossentropy::new()
            .from_logits(self.from_logits)
            .label_smoothing(self.label_smoothing)
            .axis(self.axis)
            .call(g, y_true, y_pred)
    }
}

impl Metric for CategoricalCrossentropy {
    running_mean!(Some(true));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }

    fn for_logits(&self) -> Option<MetricRef> {
        Some(self.clone().from_logits(true).into())
    }
}
