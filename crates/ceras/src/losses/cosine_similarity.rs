//! The cosine similarity.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value};

use super::{
    Loss,
    common::{negative_dot, pair},
    loss, named, targets,
};
use crate::activations::rules;
use crate::constraints::normalize;
use crate::error::Result as CerasResult;

loss! {
    /// The negative cosine of the angle between targets and predictions, `−Σ (y_true / ‖y_true‖) (y_pred / ‖y_pred‖)`: −1 when they point the same way.
    ///
    /// # Shapes
    /// Targets and predictions of one shape; the losses are without `axis`, the last one unless said otherwise.
    ///
    /// # Errors
    /// The shapes differ, or there is no such axis.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::CosineSimilarity;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 2], [3.0f32, 4.0])?;
    /// let y_pred = Tensor::new(&[1, 2], [4.0f32, 3.0])?;
    /// let loss = CosineSimilarity::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - -0.96).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Keras' `get_config()` forgets `axis`; here it is written when it is not −1, and Keras reads it.
    CosineSimilarity, "CosineSimilarity", "cosine_similarity", &["cosine_similarity"], {
        #[serde(skip_serializing_if = "is_last")]
        axis: i64 = -1, "The same along another axis, which counts from the end when negative.";
    }
}

impl Loss for CosineSimilarity {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (y_true, y_pred) = pair(g, "cosine_similarity", y_true, y_pred)?;
        let axis = rules::axis_of(g, "cosine_similarity", y_pred, self.axis)?;
        let y_pred = normalize(g, y_pred, axis)?;
        let y_true = normalize(g, y_true, axis)?;
        negative_dot(g, y_true, y_pred, axis)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::same_shape(y, output)
    }
}

fn is_last(axis: &i64) -> bool {
    *axis == -1
}
