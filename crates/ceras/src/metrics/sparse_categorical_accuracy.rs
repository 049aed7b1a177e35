//! The share of samples whose likeliest class is the target's number.

use ceras_graph::{DType, compose, ops};

use super::mean::{matches, mean_metric};

mean_metric! {
    /// The share of samples whose largest prediction is that of the target's class number.
    ///
    /// `mean(y_true == argmax(y_pred))`
    ///
    /// # Shapes
    /// Targets `[batch, …]` or `[batch, …, 1]`, predictions `[batch, …, classes]`.
    ///
    /// # Errors
    /// Shapes that do not fit.
    SparseCategoricalAccuracy, "sparse_categorical_accuracy", &["sparse_categorical_accuracy"], {},
    |_, g, y_true, y_pred| {
        let rank = g.ty(y_pred).shape.rank();
        let mut labels = y_true;
        if g.ty(labels).shape.rank() == rank && g.ty(labels).shape.last() == Some(1) {
            labels = compose::squeeze(g, labels, &[rank - 1])?;
        }
        let labels = if g.ty(labels).dtype == DType::I32 { labels } else { ops::convert(g, labels, DType::I32)? };
        let predicted = ops::arg_max(g, y_pred, rank.saturating_sub(1))?;
        matches(g, labels, predicted)
    }
}

impl SparseCategoricalAccuracy {
    fn finish(&self, mean: f32) -> f32 {
        mean
    }
}
