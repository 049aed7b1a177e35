//! Losses: how far predictions are from targets.
//!
//! A [`Loss`] gives one number for each sample; [`reduce`] makes one number of them, with sample weights and masks.

mod binary_crossentropy;
mod binary_focal_crossentropy;
mod categorical_crossentropy;
mod categorical_focal_crossentropy;
mod categorical_generalized_cross_entropy;
mod categorical_hinge;
mod circle;
mod common;
mod cosine_similarity;
mod crossentropy;
mod ctc;
mod dice;
mod hinge;
mod huber;
mod kl_divergence;
mod log_cosh;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod poisson;
mod reduction;
mod sparse_categorical_crossentropy;
mod squared_hinge;
pub(crate) mod targets;
mod tversky;

use ceras_graph::{Function, Graph, GraphError, Tensor, TensorType, Value, compose};

use crate::activations::{gradient, run};
use crate::error::Result;
use crate::registry::{Configurable, Registry, envelope, family};

pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_focal_crossentropy::BinaryFocalCrossentropy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_focal_crossentropy::CategoricalFocalCrossentropy;
pub use categorical_generalized_cross_entropy::CategoricalGeneralizedCrossEntropy;
pub use categorical_hinge::CategoricalHinge;
pub use circle::Circle;
pub(crate) use common::{class_mask, sparse_labels};
pub use cosine_similarity::CosineSimilarity;
pub use crossentropy::Crossentropy;
pub use ctc::Ctc;
pub use dice::Dice;
pub use hinge::Hinge;
pub use huber::Huber;
pub use kl_divergence::KlDivergence;
pub use log_cosh::LogCosh;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use poisson::Poisson;
pub use reduction::{Reduction, reduce, squeeze_or_expand_to_same_rank};
pub(crate) use reduction::{align, total};
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use squared_hinge::SquaredHinge;
pub use tversky::Tversky;

/// A loss.
pub trait Loss: Configurable {
    /// Keras' name, such as `mean_squared_error`.
    fn name(&self) -> &str;

    /// How one number is made of those of the samples.
    fn reduction(&self) -> Reduction;

    /// Emits the loss of each sample. The targets may have any type; they are converted here.
    ///
    /// # Errors
    /// The targets and the predictions do not fit each other.
    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError>;

    /// Which of the losses count (`bool`), for a loss that leaves some out itself; `per_sample` is the result of
    /// [`Loss::call`].
    ///
    /// # Errors
    /// An op that could not be emitted.
    fn mask(
        &self,
        g: &mut Graph,
        y_true: Value,
        y_pred: Value,
        per_sample: Value,
    ) -> Result<Option<Value>, GraphError> {
        let _ = (g, y_true, y_pred, per_sample);
        Ok(None)
    }

    /// Looks at all targets before the first step: do they fit the output?
    ///
    /// # Errors
    /// They do not, in plain words about `the output`, with a hint.
    fn check_targets(&self, y: &Tensor, output: &TensorType) -> Result<()>;

    /// The loss that this one stands for with targets and predictions of these types; `None` for itself.
    fn for_types(&self, y_true: &TensorType, y_pred: &TensorType) -> Option<LossRef> {
        let _ = (y_true, y_pred);
        None
    }

    /// Whether the predictions are logits, so that metrics can read them rightly.
    #[expect(clippy::wrong_self_convention, reason = "Keras' word, which `from_logits(true)` sets")]
    fn from_logits(&self) -> bool {
        false
    }
}

/// The losses that `compile` and a file may name.
pub static LOSSES: Registry<dyn Loss> = Registry {
    kind: "loss",
    module: "keras.losses",
    any_case: false,
    entries: &[
        &binary_crossentropy::ENTRY,
        &binary_focal_crossentropy::ENTRY,
        &categorical_crossentropy::ENTRY,
        &categorical_focal_crossentropy::ENTRY,
        &categorical_generalized_cross_entropy::ENTRY,
        &categorical_hinge::ENTRY,
        &circle::ENTRY,
        &cosine_similarity::ENTRY,
        &crossentropy::ENTRY,
        &ctc::ENTRY,
        &dice::ENTRY,
        &hinge::ENTRY,
        &huber::ENTRY,
        &kl_divergence::ENTRY,
        &log_cosh::ENTRY,
        &mean_absolute_error::ENTRY,
        &mean_absolute_percentage_error::ENTRY,
        &mean_squared_error::ENTRY,
        &mean_squared_logarithmic_error::ENTRY,
        &poisson::ENTRY,
        &sparse_categorical_crossentropy::ENTRY,
        &squared_hinge::ENTRY,
        &tversky::ENTRY,
    ],
};

family! {
    /// A shared handle of a loss.
    LossRef, Loss, LOSSES, |loss| match loss.class_name() {
        // A word in Keras, no class.
        crossentropy::CLASS => loss.name().into(),
        _ => envelope("keras.losses", &*loss.0),
    }
}

/// Emits a loss of targets and predictions with sample weights and a mask, reduced to what the loss asks for.
///
/// # Errors
/// Targets, predictions, weights and mask do not fit each other.
pub fn compute(
    g: &mut Graph,
    loss: &dyn Loss,
    y_true: Value,
    y_pred: Value,
    weight: Option<Value>,
    mask: Option<Value>,
) -> Result<Value, GraphError> {
    let chosen = loss.for_types(g.ty(y_true), g.ty(y_pred));
    let loss = chosen.as_ref().map_or(loss, |chosen| &*chosen.0);
    let (y_true, y_pred) = squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
    let per_sample = loss.call(g, y_true, y_pred)?;
    let own = loss.mask(g, y_true, y_pred, per_sample)?;
    let mask = match (mask, own) {
        (Some(mask), Some(own)) => {
            let (mask, own) = align(g, "mask", mask, own)?;
            Some(compose::logical_and(g, mask, own)?)
        }
        (mask, own) => mask.or(own),
    };
    reduce(g, per_sample, weight, mask, loss.reduction())
}

/// The loss of targets and predictions, reduced to one number.
///
/// # Errors
/// They do not fit each other, or the loss does not reduce to one number.
pub fn eval(loss: &dyn Loss, y_true: &Tensor, y_pred: &Tensor) -> Result<f64> {
    Ok(values(loss, y_true, y_pred)?.item()?)
}

/// The loss of targets and predictions, reduced to what the loss asks for: one number, or one for each sample.
///
/// # Errors
/// They do not fit each other.
pub fn values(loss: &dyn Loss, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    run(&trace(loss, y_true, y_pred)?, &[y_true.clone(), y_pred.clone()], 0)
}

/// The gradient of the reduced loss with respect to the predictions.
///
/// # Errors
/// They do not fit each other, or the loss does not reduce to one number.
pub fn slope(loss: &dyn Loss, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    let function = gradient(&trace(loss, y_true, y_pred)?, &[1])?;
    run(&function, &[y_true.clone(), y_pred.clone()], 1)
}

fn trace(loss: &dyn Loss, y_true: &Tensor, y_pred: &Tensor) -> Result<Function> {
    let inputs = [("y_true", y_true.ty()), ("y_pred", y_pred.ty())];
    let body = |g: &mut Graph, x: &[Value]| Ok(vec![compute(g, loss, x[0], x[1], None, None)?]);
    Ok(Function::trace(&inputs, body)?)
}

impl LossRef {
    /// The loss of targets and predictions, reduced to one number.
    ///
    /// # Errors
    /// They do not fit each other, or the loss does not reduce to one number.
    pub fn eval(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<f64> {
        eval(&*self.0, y_true, y_pred)
    }

    /// The loss reduced to what it asks for: one number, or one for each sample.
    ///
    /// # Errors
    /// Targets and predictions do not fit each other.
    pub fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        values(&*self.0, y_true, y_pred)
    }

    /// The gradient of the reduced loss with respect to the predictions.
    ///
    /// # Errors
    /// As [`LossRef::eval`].
    pub fn slope(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        slope(&*self.0, y_true, y_pred)
    }
}

/// Declares a loss: its struct, which is Keras' config, with a builder method for each field.
macro_rules! loss {
    ($(#[$doc:meta])* $type:ident, $class:literal, $name:literal, $aliases:expr,
     { $($(#[$attribute:meta])* $field:ident: $field_type:ty = $default:expr, $says:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $type {
            name: String,
            reduction: $crate::losses::Reduction,
            $($(#[$attribute])* $field: $field_type,)*
        }

        pub(super) static ENTRY: $crate::registry::Entry<dyn $crate::losses::Loss> = $crate::registry::Entry {
            class_name: $class,
            aliases: $aliases,
            parse: |config| {
                let loss = $crate::registry::parse_config::<$type>(config)?;
                Ok(std::sync::Arc::new(loss))
            },
        };

        impl Default for $type {
            fn default() -> $type {
                $type {
                    name: $name.to_owned(),
                    reduction: $crate::losses::Reduction::default(),
                    $($field: $default,)*
                }
            }
        }

        impl $type {
            /// The loss with Keras' defaults.
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

            /// The same with another reduction.
            #[must_use]
            pub fn reduction(mut self, reduction: $crate::losses::Reduction) -> $type {
                self.reduction = reduction;
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

            /// The loss of targets and predictions, reduced to one number.
            ///
            /// # Errors
            /// They do not fit each other, or the loss does not reduce to one number.
            pub fn eval(
                &self,
                y_true: &ceras_graph::Tensor,
                y_pred: &ceras_graph::Tensor,
            ) -> $crate::error::Result<f64> {
                $crate::losses::eval(self, y_true, y_pred)
            }

            /// The gradient of the reduced loss with respect to the predictions.
            ///
            /// # Errors
            /// As `eval`.
            pub fn slope(
                &self,
                y_true: &ceras_graph::Tensor,
                y_pred: &ceras_graph::Tensor,
            ) -> $crate::error::Result<ceras_graph::Tensor> {
                $crate::losses::slope(self, y_true, y_pred)
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
pub(crate) use loss;

/// The methods of a loss that are the same everywhere.
macro_rules! named {
    () => {
        fn name(&self) -> &str {
            &self.name
        }

        fn reduction(&self) -> $crate::losses::Reduction {
            self.reduction
        }
    };
}
pub(crate) use named;

#[cfg(test)]
mod tests;
