//! Metrics: what is measured while a model is trained and evaluated.
//!
//! A metric keeps its state (such as a total and a count) in the model's store; each step emits the new state, and the
//! result is worked out on the host when it is wanted.

mod accuracy;
mod at_threshold;
mod auc;
mod binary_accuracy;
mod binary_crossentropy;
mod binary_iou;
mod categorical_accuracy;
mod categorical_crossentropy;
mod categorical_hinge;
mod concordance_correlation;
mod confusion;
mod cosine_similarity;
mod f1_score;
mod f_score;
mod false_negatives;
mod false_positives;
mod fbeta_score;
mod hinge;
mod intersection_over_union;
mod iou;
mod kl_divergence;
mod log_cosh_error;
mod mean;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_iou;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod one_hot_iou;
mod one_hot_mean_iou;
mod pearson_correlation;
mod poisson;
mod precision;
mod precision_at_recall;
mod r2_score;
mod recall;
mod recall_at_precision;
mod resolve;
mod root_mean_squared_error;
mod running;
mod sensitivity_at_specificity;
mod sparse_categorical_accuracy;
mod sparse_categorical_crossentropy;
mod sparse_top_k_categorical_accuracy;
mod specificity_at_sensitivity;
mod squared_hinge;
mod sum;
mod top_k_categorical_accuracy;
mod true_negatives;
mod true_positives;

use ceras_graph::{Function, Graph, GraphError, Tensor, TensorType, Value};

use crate::activations::run;
use crate::error::Result;
use crate::registry::{Configurable, Registry, envelope, family};

pub use accuracy::Accuracy;
pub use auc::{Auc, Curve, Summation};
pub use binary_accuracy::BinaryAccuracy;
pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_iou::BinaryIoU;
pub use categorical_accuracy::CategoricalAccuracy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_hinge::CategoricalHinge;
pub use concordance_correlation::ConcordanceCorrelation;
pub use confusion::Thresholds;
pub use cosine_similarity::CosineSimilarity;
pub use f_score::Average;
pub use f1_score::F1Score;
pub use false_negatives::FalseNegatives;
pub use false_positives::FalsePositives;
pub use fbeta_score::FBetaScore;
pub use hinge::Hinge;
pub use intersection_over_union::IoU;
pub use kl_divergence::KlDivergence;
pub use log_cosh_error::LogCoshError;
pub use mean::Mean;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_iou::MeanIoU;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use one_hot_iou::OneHotIoU;
pub use one_hot_mean_iou::OneHotMeanIoU;
pub use pearson_correlation::PearsonCorrelation;
pub use poisson::Poisson;
pub use precision::Precision;
pub use precision_at_recall::PrecisionAtRecall;
pub use r2_score::{Aggregation, R2Score};
pub use recall::Recall;
pub use recall_at_precision::RecallAtPrecision;
pub use resolve::{check_name, resolve};
pub use root_mean_squared_error::RootMeanSquaredError;
pub use running::{mean_result, mean_state, update_mean};
pub use sensitivity_at_specificity::SensitivityAtSpecificity;
pub use sparse_categorical_accuracy::SparseCategoricalAccuracy;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use sparse_top_k_categorical_accuracy::SparseTopKCategoricalAccuracy;
pub use specificity_at_sensitivity::SpecificityAtSensitivity;
pub use squared_hinge::SquaredHinge;
pub use sum::Sum;
pub use top_k_categorical_accuracy::TopKCategoricalAccuracy;
pub use true_negatives::TrueNegatives;
pub use true_positives::TruePositives;

/// A metric.
pub trait Metric: Configurable {
    /// The name under which results appear, such as `accuracy`.
    fn name(&self) -> &str;

    /// The same metric under another name.
    fn renamed(&self, name: &str) -> MetricRef;

    /// The same metric for predictions that are logits, where that makes a difference.
    fn for_logits(&self) -> Option<MetricRef> {
        None
    }

    /// The state for predictions of a type: names, types, and what every element starts from.
    fn state(&self, y_pred: &TensorType) -> Vec<(String, TensorType, f64)>;

    /// Emits the state after a batch.
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

    /// The result of a state.
    fn result(&self, state: &[Tensor]) -> f64;

    /// Whether a lower result is the better one; `None` where that cannot be said.
    fn lower_is_better(&self) -> Option<bool>;
}

/// The metrics that `compile` and a file may name.
pub static METRICS: Registry<dyn Metric> = Registry {
    kind: "metric",
    module: "keras.metrics",
    any_case: false,
    entries: &[
        &accuracy::ENTRY,
        &auc::ENTRY,
        &binary_accuracy::ENTRY,
        &binary_crossentropy::ENTRY,
        &binary_iou::ENTRY,
        &categorical_accuracy::ENTRY,
        &categorical_crossentropy::ENTRY,
        &categorical_hinge::ENTRY,
        &concordance_correlation::ENTRY,
        &cosine_similarity::ENTRY,
        &f1_score::ENTRY,
        &false_negatives::ENTRY,
        &false_positives::ENTRY,
        &fbeta_score::ENTRY,
        &hinge::ENTRY,
        &intersection_over_union::ENTRY,
        &kl_divergence::ENTRY,
        &log_cosh_error::ENTRY,
        &mean::ENTRY,
        &mean_absolute_error::ENTRY,
        &mean_absolute_percentage_error::ENTRY,
        &mean_iou::ENTRY,
        &mean_squared_error::ENTRY,
        &mean_squared_logarithmic_error::ENTRY,
        &one_hot_iou::ENTRY,
        &one_hot_mean_iou::ENTRY,
        &pearson_correlation::ENTRY,
        &poisson::ENTRY,
        &precision::ENTRY,
        &precision_at_recall::ENTRY,
        &r2_score::ENTRY,
        &recall::ENTRY,
        &recall_at_precision::ENTRY,
        &root_mean_squared_error::ENTRY,
        &sensitivity_at_specificity::ENTRY,
        &sparse_categorical_accuracy::ENTRY,
        &sparse_categorical_crossentropy::ENTRY,
        &sparse_top_k_categorical_accuracy::ENTRY,
        &specificity_at_sensitivity::ENTRY,
        &squared_hinge::ENTRY,
        &sum::ENTRY,
        &top_k_categorical_accuracy::ENTRY,
        &true_negatives::ENTRY,
        &true_positives::ENTRY,
    ],
};

family! {
    /// A shared handle of a metric.
    MetricRef, Metric, METRICS, |metric| envelope("keras.metrics", &*metric.0)
}

/// The metric of targets and predictions, taken as one batch.
///
/// # Errors
/// They do not fit each other.
pub fn eval(metric: &dyn Metric, y_true: &Tensor, y_pred: &Tensor) -> Result<f64> {
    let state = metric.state(&y_pred.ty());
    let mut inputs = vec![("y_true", y_true.ty()), ("y_pred", y_pred.ty())];
    inputs.extend(state.iter().map(|(name, ty, _)| (name.as_str(), ty.clone())));
    let function = Function::trace(&inputs, |g, x| metric.update(g, &x[2..], x[0], x[1], None))?;
    let mut values = vec![y_true.clone(), y_pred.clone()];
    for (_, ty, initial) in &state {
        let dims = ty.shape.to_known().unwrap_or_default();
        let count = dims.iter().product();
        values.push(Tensor::new(&dims, vec![*initial; count])?.cast(ty.dtype));
    }
    let after =
        (0..state.len()).map(|index| run(&function, &values, index)).collect::<Result<Vec<Tensor>>>()?;
    Ok(metric.result(&after))
}

impl MetricRef {
    /// The metric of targets and predictions, taken as one batch.
    ///
    /// # Errors
    /// They do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::MetricRef;
    /// use ceras_graph::Tensor;
    /// let accuracy = MetricRef::by_name("sparse_categorical_accuracy")?;
    /// let y_pred = Tensor::new(&[2, 3], [0.1f32, 0.2, 0.7, 0.5, 0.3, 0.2])?;
    /// assert_eq!(accuracy.eval(&Tensor::from_slice(&[2i32, 1]), &y_pred)?, 0.5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn eval(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<f64> {
        eval(&*self.0, y_true, y_pred)
    }
}

/// Declares a metric: its struct, which is Keras' config, with a builder method for each field. Fields after `;` are not
/// part of the config.
macro_rules! metric {
    ($(#[$doc:meta])* $type:ident, $class:literal, $name:literal, $aliases:expr,
     { $($(#[$attribute:meta])* $field:ident: $field_type:ty = $default:expr, $says:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $type {
            name: String,
            dtype: $crate::metrics::running::MetricDType,
            $($(#[$attribute])* $field: $field_type,)*
        }

        pub(super) static ENTRY: $crate::registry::Entry<dyn $crate::metrics::Metric> = $crate::registry::Entry {
            class_name: $class,
            aliases: $aliases,
            parse: |config| {
                let metric = $crate::registry::parse_config::<$type>(config)?;
                Ok(std::sync::Arc::new(metric))
            },
        };

        impl Default for $type {
            fn default() -> $type {
                $type { name: $name.to_owned(), dtype: Default::default(), $($field: $default,)* }
            }
        }

        impl $type {
            /// The metric with Keras' defaults.
            #[must_use]
            pub fn new() -> $type {
                $type::default()
            }

            /// The same under another name.
            #[must_use]
            pub fn name(mut self, name: impl Into<String>) -> $type {
                self.name = name.into();
                self
            }

            $(
                #[doc = $says]
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$field_type>) -> $type {
                    self.$field = $field.into();
                    self
                }
            )*

            /// The metric of targets and predictions, taken as one batch.
            ///
            /// # Errors
            /// They do not fit each other.
            pub fn eval(
                &self,
                y_true: &ceras_graph::Tensor,
                y_pred: &ceras_graph::Tensor,
            ) -> $crate::error::Result<f64> {
                $crate::metrics::eval(self, y_true, y_pred)
            }
        }

        impl $crate::registry::Configurable for $type {
            fn class_name(&self) -> &'static str {
                $class
            }

            fn config(&self) -> $crate::registry::Config {
                $crate::registry::to_config(self)
            }
        }
    };
}
pub(crate) use metric;

/// The methods of a metric that are the same everywhere.
macro_rules! named {
    () => {
        fn name(&self) -> &str {
            &self.name
        }

        fn renamed(&self, name: &str) -> $crate::metrics::MetricRef {
            self.clone().name(name).into()
        }
    };
}
pub(crate) use named;

/// The methods of a metric that is the running mean of `self.values(g, y_true, y_pred)`.
macro_rules! running_mean {
    ($lower_is_better:expr) => {
        $crate::metrics::named!();

        fn state(&self, _: &ceras_graph::TensorType) -> Vec<(String, ceras_graph::TensorType, f64)> {
            $crate::metrics::mean_state()
        }

        fn update(
            &self,
            g: &mut ceras_graph::Graph,
            state: &[ceras_graph::Value],
            y_true: ceras_graph::Value,
            y_pred: ceras_graph::Value,
            weight: Option<ceras_graph::Value>,
        ) -> Result<Vec<ceras_graph::Value>, ceras_graph::GraphError> {
            let values = self.values(g, y_true, y_pred)?;
            $crate::metrics::update_mean(g, state, values, weight)
        }

        fn lower_is_better(&self) -> Option<bool> {
            $lower_is_better
        }
    };
}
pub(crate) use running_mean;

#[cfg(test)]
mod tests;
