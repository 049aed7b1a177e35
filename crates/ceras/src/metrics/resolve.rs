//! What the words of `metrics=["accuracy", …]` stand for.

use ceras_graph::TensorType;

use super::{BinaryAccuracy, CategoricalAccuracy, METRICS, MetricRef, SparseCategoricalAccuracy};
use super::{BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy};
use crate::error::{Error, ErrorKind, Result};
use crate::registry::Named;

/// Words that stand for one metric or another, by the shapes of targets and predictions.
const BY_SHAPE: [&str; 4] = ["accuracy", "acc", "crossentropy", "ce"];

/// Metrics that Keras has no name for alone, and what they need.
const NEEDS: [(&str, &str); 8] = [
    ("IoU", "num_classes"),
    ("MeanIoU", "num_classes"),
    ("OneHotIoU", "num_classes"),
    ("OneHotMeanIoU", "num_classes"),
    ("PrecisionAtRecall", "recall"),
    ("RecallAtPrecision", "precision"),
    ("SensitivityAtSpecificity", "specificity"),
    ("SpecificityAtSensitivity", "sensitivity"),
];

fn by_shape(name: &str) -> bool {
    BY_SHAPE.contains(&name.to_lowercase().as_str())
}

/// Whether there is a metric of that name, before the shapes are known.
///
/// # Errors
/// There is none; the error lists those there are and names the closest.
pub fn check_name(name: &str) -> Result<()> {
    if by_shape(name) {
        return Ok(());
    }
    if METRICS.knows(name) {
        let class_name = METRICS.by_name(name)?.class_name();
        let Some((_, argument)) = NEEDS.iter().find(|(class, _)| *class == class_name) else { return Ok(()) };
        let text = format!("the metric `{name}` needs `{argument}`, which a name cannot give");
        return Err(Error::new(ErrorKind::Usage, text)
            .hint(format!("give it as an object: `{class_name}::new().{argument}(…)`")));
    }
    Err(METRICS.unknown(name, &BY_SHAPE))
}

/// The metric that a word stands for with targets and predictions of these types; it is called by that word in the
/// history, as in Keras. For an object, that object. With `from_logits`, metrics read predictions as logits.
///
/// # Errors
/// There is none of that name; the error lists those there are and names the closest.
///
/// # Keras
/// Keras compares logits with 0.5 in the accuracy of two classes; here they are compared with 0. `crossentropy` is a word
/// for a loss alone there, and for a metric too here.
pub fn resolve(
    metric: &Named<MetricRef>,
    y_true: &TensorType,
    y_pred: &TensorType,
    from_logits: bool,
) -> Result<MetricRef> {
    let metric = match metric {
        Named::Object(metric) => metric.clone(),
        Named::Name(name) if by_shape(name) => word(name, y_true, y_pred).renamed(name),
        Named::Name(name) => MetricRef::by_name(name)?.renamed(name),
    };
    let logits = if from_logits { metric.for_logits() } else { None };
    Ok(logits.unwrap_or(metric))
}

fn word(name: &str, y_true: &TensorType, y_pred: &TensorType) -> MetricRef {
    let (true_last, pred_last) = (y_true.shape.last(), y_pred.shape.last());
    let accuracy = name.to_lowercase().starts_with("acc");
    if pred_last == Some(1) {
        return if accuracy { BinaryAccuracy::new().into() } else { BinaryCrossentropy::new().into() };
    }
    let column = true_last == Some(1) && pred_last.is_none_or(|last| last > 1);
    match (y_true.shape.rank() < y_pred.shape.rank() || column, accuracy) {
        (true, true) => SparseCategoricalAccuracy::new().into(),
        (true, false) => SparseCategoricalCrossentropy::new().into(),
        (false, true) => CategoricalAccuracy::new().into(),
        (false, false) => CategoricalCrossentropy::new().into(),
    }
}
