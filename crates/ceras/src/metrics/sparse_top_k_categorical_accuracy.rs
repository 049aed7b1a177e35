//! How often the label is among the likeliest classes.

use ceras_graph::{DType, Graph, GraphError, Tensor, Value, compose, ops};

use super::{Metric, mean_result, metric, running::single, running_mean};
use crate::activations::rules;
use crate::losses::{class_mask, sparse_labels};

metric! {
    /// How often fewer than `k` classes have a larger prediction than the one that the label names, as the running mean over samples.
    ///
    /// # Shapes
    /// Labels `[batch, …]` and predictions `[batch, …, classes]`.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::SparseTopKCategoricalAccuracy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[2i32, 1]);
    /// let y_pred = Tensor::new(&[2, 3], [0.1f32, 0.9, 0.8, 0.05, 0.0, 0.95])?;
    /// let result = SparseTopKCategoricalAccuracy::new().k(2u32).eval(&y_true, &y_pred)?;
    /// assert!((result - 0.5).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    SparseTopKCategoricalAccuracy, "SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy", &["sparse_top_k_categorical_accuracy"], {
        k: u32 = 5, "The same with another number of classes.";
        #[serde(skip_serializing_if = "is_false")]
        from_sorted_ids: bool = false, "The same for predictions that are numbers of classes, the likeliest first.";
    }
}

impl SparseTopKCategoricalAccuracy {
    fn values(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        if self.from_sorted_ids {
            return self.among_ids(g, y_true, y_pred);
        }
        let labels = sparse_labels(g, "sparse_top_k_categorical_accuracy", y_true, y_pred)?;
        in_top_k(g, labels, y_pred, self.k)
    }
}

impl Metric for SparseTopKCategoricalAccuracy {
    running_mean!(Some(false));

    fn result(&self, state: &[Tensor]) -> f64 {
        mean_result(state)
    }
}

impl SparseTopKCategoricalAccuracy {
    fn among_ids(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        const WORD: &str = "sparse_top_k_categorical_accuracy";
        let labels = sparse_labels(g, WORD, y_true, y_pred)?;
        let axis = g.ty(y_pred).shape.rank() - 1;
        let ids = rules::known_dim(g, WORD, y_pred, axis)?;
        let place = ops::iota(g, ceras_graph::TensorType::new(DType::I32, [ids]), 0)?;
        let k = compose::scalar(g, f64::from(self.k), DType::I32)?;
        let counted = compose::less(g, place, k)?;
        let found = ops::convert(g, y_pred, DType::I32)?;
        let labels = compose::expand_dims(g, labels, axis)?;
        let hit = compose::equal(g, labels, found)?;
        let hit = compose::logical_and(g, hit, counted)?;
        let any = ops::reduce(g, hit, ops::Reduction::Or, &[axis])?;
        single(g, any)
    }
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// Whether fewer than `k` classes have a larger prediction than the right one, as numbers.
pub(super) fn in_top_k(g: &mut Graph, labels: Value, y_pred: Value, k: u32) -> Result<Value, GraphError> {
    let axis = rules::axis_of(g, "top_k", y_pred, -1)?;
    let classes = rules::known_dim(g, "top_k", y_pred, axis)?;
    let right = class_mask(g, labels, classes)?;
    let zero = compose::scalar(g, 0.0, g.ty(y_pred).dtype)?;
    let picked = compose::select(g, right, y_pred, zero)?;
    let picked = compose::sum(g, picked, &[axis], true)?;
    let larger = compose::greater(g, y_pred, picked)?;
    let larger = ops::convert(g, larger, DType::F32)?;
    let count = compose::sum(g, larger, &[axis], false)?;
    let limit = compose::scalar(g, f64::from(k), DType::F32)?;
    let inside = compose::less(g, count, limit)?;
    single(g, inside)
}
