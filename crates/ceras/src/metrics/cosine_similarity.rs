//! The cosine similarity.

use ceras_graph::{Graph, GraphError, Tensor, Value, ops};

use super::{Metric, mean_result, metric, running_mean};
use crate::losses::{self, Loss};

metric! {
    /// The cosine of the angle between targets and predictions, as the running mean over samples: 1 when they point the same way.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::CosineSimilarity;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [3.0f32, 4.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [4.0f32, 3.0])?;
    /// let result = CosineSimilarity::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.96).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    CosineSimilarity, "CosineSimilarity", "cosine_similarity", &["cosine_similarity"], {
        #[serde(skip_serializing_if = "is_last")]
        axis: i64 = -1, "The same along another axis, which counts from the end when negative.";
    }
}

impl CosineSimilarity {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = losses::squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        let opposite = losses::CosineSimilarity::new().axis(self.axis).call(g, y_true, y_pred)?;
        ops::negate(g, opposite)
    }
}

impl Metric for CosineSimilarity {
    running_mean!(Some(false));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}

fn is_last(axis: &i64) -> bool {
    *axis == -1
}
