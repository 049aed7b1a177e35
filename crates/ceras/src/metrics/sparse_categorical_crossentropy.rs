//! The cross-entropy of labels.

use ceras_graph::{Graph, GraphError, Tensor, Value};

use super::{Metric, MetricRef, mean_result, metric, running_mean};
use crate::losses::{self, Loss};

metric! {
    /// The cross-entropy of labels as the running mean over samples: [`SparseCategoricalCrossentropy`](crate::losses::SparseCategoricalCrossentropy) as a metric.
    ///
    /// # Shapes
    /// Labels `[batch, …]` and predictions `[batch, …, classes]`.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::SparseCategoricalCrossentropy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[1i32]);
    /// let y_pred = Tensor::new(&[1, 2], [0.5f32, 0.5])?;
    /// let result = SparseCategoricalCrossentropy::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.693147).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    SparseCategoricalCrossentropy, "SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", &["sparse_categorical_crossentropy"], {
        from_logits: bool = false, "The same for predictions that are logits, not probabilities.";
        ignore_class: Option<i64> = None, "The same with samples of this class counting as 0.";
        axis: i64 = -1, "The same with the classes along another axis, which counts from the end when negative.";
    }
}

impl SparseCategoricalCrossentropy {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = losses::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        losses::SparseCategoricalCrossentropy::new()
            .from_logits(self.from_logits)
            .ignore_class(self.ignore_class)
            .call(g, y_true, y_pred)
    }
}

impl Metric for SparseCategoricalCrossentropy {
    running_mean!(Some(true));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }

    fn for_logits(&self) -> Option<MetricRef> {
        Some(self.clone().from_logits(true).into())
    }
}
