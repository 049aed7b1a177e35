//! Metrics: numbers that people look at, summed up over batches.

mod accuracy;
mod binary_accuracy;
mod categorical_accuracy;
mod mean;
mod mean_absolute_error;
mod mean_squared_error;
mod root_mean_squared_error;
mod sparse_categorical_accuracy;

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value};

use crate::error::Result;
use crate::registry::{Configurable, Named, Registry, envelope, family};

pub use accuracy::Accuracy;
pub use binary_accuracy::BinaryAccuracy;
pub use categorical_accuracy::CategoricalAccuracy;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_squared_error::MeanSquaredError;
pub use root_mean_squared_error::RootMeanSquaredError;
pub use sparse_categorical_accuracy::SparseCategoricalAccuracy;

/// A metric: what it keeps between batches, how a batch changes that, and what number it makes of it.
pub trait Metric: Configurable {
    /// The name in the history.
    fn name(&self) -> &str;

    /// The same metric under another name.
    fn renamed(&self, name: &str) -> MetricRef;

    /// What is kept: name, type and first value of each piece.
    fn state(&self, y_pred: &TensorType) -> Vec<(String, TensorType, f64)>;

    /// Emits the state after a batch. Targets may have any type; `weight` is one number for each sample, if any.
    ///
    /// # Errors
    /// Targets, predictions and weights do not fit each other.
    fn update(
        &self,
        g: &mut Graph,
        state: &[Value],
        y_true: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Vec<Value>, GraphError>;

    /// The number, in single precision as Keras computes it.
    fn result(&self, state: &[Tensor]) -> f64;
}

family! {
    /// A shared handle of a metric, read from and written as Keras' JSON.
    MetricRef, Metric, METRICS, |metric| envelope("keras.metrics", &*metric.0)
}

/// The metrics that a file or a word may name.
pub static METRICS: Registry<dyn Metric> = Registry {
    kind: "metric",
    module: "keras.metrics",
    entries: &[
        &accuracy::ENTRY,
        &binary_accuracy::ENTRY,
        &categorical_accuracy::ENTRY,
        &sparse_categorical_accuracy::ENTRY,
        &mean_absolute_error::ENTRY,
        &mean_squared_error::ENTRY,
        &root_mean_squared_error::ENTRY,
    ],
};

/// Whether a word names a metric; which one `accuracy` means is decided when targets and predictions are known.
///
/// # Errors
/// There is none of that name.
pub fn check_name(name: &str) -> Result<()> {
    if is_accuracy(name) { Ok(()) } else { MetricRef::by_name(name).map(|_| ()) }
}

fn is_accuracy(name: &str) -> bool {
    ["accuracy", "acc"].contains(&name.to_lowercase().as_str())
}

/// The metric that a word or an object means for these targets and predictions, by Keras' rules: `accuracy` is binary where the
/// last axis of the predictions is 1, sparse where the targets are class numbers, else categorical. A word stays the name in
/// the history.
///
/// # Errors
/// There is none of that name.
///
/// # Keras
/// Where the loss works on logits, a binary accuracy counts what is above 0, not above 0.5.
pub fn resolve(
    metric: &Named<MetricRef>,
    y_true: &TensorType,
    y_pred: &TensorType,
    from_logits: bool,
) -> Result<MetricRef> {
    let name = match metric {
        Named::Object(metric) => return Ok(metric.clone()),
        Named::Name(name) => name,
    };
    if !is_accuracy(name) {
        return Ok(MetricRef::by_name(name)?.renamed(name));
    }
    let (targets, outputs) = (&y_true.shape, &y_pred.shape);
    let metric: MetricRef = if outputs.last() == Some(1) {
        BinaryAccuracy::new().from_logits(from_logits).into()
    } else if targets.rank() < outputs.rank() || targets.last() == Some(1) {
        SparseCategoricalAccuracy::new().into()
    } else {
        CategoricalAccuracy::new().into()
    };
    Ok(metric.renamed(name))
}
