//! How often the likeliest class is right.

use ceras_graph::{Graph, GraphError, Tensor, Value, ops};

use super::{Metric, mean_result, metric, running::equal, running::single, running_mean};
use crate::activations::rules;

metric! {
    /// How often the largest of a sample's predictions stands where the largest of its targets does, as the running mean over samples.
    /// Of equals the first counts.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::CategoricalAccuracy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 3], [0.0f32, 0.0, 1.0, 0.0, 1.0, 0.0])?;
    /// let y_pred = Tensor::new(&[2, 3], [0.1f32, 0.9, 0.8, 0.05, 0.95, 0.0])?;
    /// let result = CategoricalAccuracy::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.5).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    CategoricalAccuracy, "CategoricalAccuracy", "categorical_accuracy", &["categorical_accuracy"], {}
}

impl CategoricalAccuracy {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let y_true = single(g, y_true)?;
        let axis = rules::axis_of(g, "categorical_accuracy", y_true, -1)?;
        let wanted = ops::arg_max(g, y_true, axis)?;
        let axis = rules::axis_of(g, "categorical_accuracy", y_pred, -1)?;
        let found = ops::arg_max(g, y_pred, axis)?;
        equal(g, wanted, found)
    }
}

impl Metric for CategoricalAccuracy {
    running_mean!(Some(false));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
