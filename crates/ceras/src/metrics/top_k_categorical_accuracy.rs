//! How often the right class is among the likeliest.

use ceras_graph::{Graph, GraphError, Tensor, Value, ops};

use super::{
    Metric, mean_result, metric, running::single, running_mean, sparse_top_k_categorical_accuracy::in_top_k,
};
use crate::activations::rules;

metric! {
    /// How often fewer than `k` classes have a larger prediction than the right one, as the running mean over samples.
    ///
    /// # Shapes
    /// Targets and predictions of one shape, the first axis the samples.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::TopKCategoricalAccuracy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 3], [0.0f32, 0.0, 1.0, 0.0, 1.0, 0.0])?;
    /// let y_pred = Tensor::new(&[2, 3], [0.1f32, 0.9, 0.8, 0.05, 0.0, 0.95])?;
    /// let result = TopKCategoricalAccuracy::new().k(2u32).eval(&y_true, &y_pred)?;
    /// assert!((result - 0.5).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    TopKCategoricalAccuracy, "TopKCategoricalAccuracy", "top_k_categorical_accuracy", &["top_k_categorical_accuracy"], {
        k: u32 = 5, "The same with another number of classes.";
    }
}

impl TopKCategoricalAccuracy {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let y_true = single(g, y_true)?;
        let axis = rules::axis_of(g, "top_k_categorical_accuracy", y_true, -1)?;
        let labels = ops::arg_max(g, y_true, axis)?;
        in_top_k(g, labels, y_pred, self.k)
    }
}

impl Metric for TopKCategoricalAccuracy {
    running_mean!(Some(false));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}
