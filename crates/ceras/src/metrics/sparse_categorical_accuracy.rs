//! How often the likeliest class is the label.

use ceras_graph::{Graph, GraphError, Tensor, Value, compose, ops};

use super::{Metric, mean_result, metric, running::equal, running::single, running_mean};
use crate::activations::rules;

metric! {
    /// How often the largest of a sample's predictions stands at the place that the label names, as the running mean over samples. Of
    /// equals the first counts.
    ///
    /// # Shapes
    /// Labels `[batch, …]` or `[batch, …, 1]` and predictions `[batch, …, classes]`.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::SparseCategoricalAccuracy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[2i32, 1]);
    /// let y_pred = Tensor::new(&[2, 3], [0.1f32, 0.6, 0.3, 0.05, 0.95, 0.0])?;
    /// let result = SparseCategoricalAccuracy::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.5).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    SparseCategoricalAccuracy, "SparseCategoricalAccuracy", "sparse_categorical_accuracy", &["sparse_categorical_accuracy"], {}
}

impl SparseCategoricalAccuracy {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let mut labels = single(g, y_true)?;
        let rank = g.ty(y_pred).shape.rank();
        let axis = rules::axis_of(g, "sparse_categorical_accuracy", y_pred, -1)?;
        if g.ty(labels).shape.rank() == rank && g.ty(labels).shape.last() == Some(1) {
            labels = compose::squeeze(g, labels, &[rank - 1])?;
        }
        let found = ops::arg_max(g, y_pred, axis)?;
        let found = single(g, found)?;
        equal(g, labels, found)
    }
}

impl Metric for SparseCategoricalAccuracy {
    running_mean!(Some(false));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
