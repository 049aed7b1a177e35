//! Metrics that are the mean of a number for each sample.

use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use crate::losses::{align, squeeze_or_expand_to_same_rank, total};

/// What a mean keeps.
pub(super) fn state() -> Vec<(String, TensorType, f64)> {
    ["total", "count"].map(|name| (name.to_owned(), TensorType::scalar(DType::F32), 0.0)).to_vec()
}

/// `total / count`, and 0 where nothing was counted.
pub(super) fn result(state: &[Tensor]) -> f32 {
    let (total, count) = (state[0].slice::<f32>()[0], state[1].slice::<f32>()[0]);
    if count == 0.0 { 0.0 } else { total / count }
}

/// The state after a batch of values, each sample's averaged and weighed.
pub(super) fn update(
    g: &mut Graph,
    state: &[Value],
    values: Value,
    weight: Option<Value>,
) -> Result<Vec<Value>, GraphError> {
    let mut values = in_single(g, values)?;
    let Some(weight) = weight else {
        values = per_sample(g, values, 1)?;
        let count = g.ty(values).shape.elements().unwrap_or(1) as f64;
        let sum = total(g, values)?;
        let sum = ops::add(g, state[0], sum)?;
        return Ok(vec![sum, compose::add_scalar(g, state[1], count)?]);
    };
    let weight = in_single(g, weight)?;
    let (values, weight) = squeeze_or_expand_to_same_rank(g, values, weight)?;
    let values = per_sample(g, values, g.ty(weight).shape.rank())?;
    let (values, weight) = align(g, "sample_weight", values, weight)?;
    let shape = g.ty(values).shape.clone();
    let weight = compose::broadcast_to(g, weight, &shape)?;
    let values = ops::multiply(g, values, weight)?;
    let (values, weight) = (per_sample(g, values, 1)?, per_sample(g, weight, 1)?);
    let (sum, count) = (total(g, values)?, total(g, weight)?);
    Ok(vec![ops::add(g, state[0], sum)?, ops::add(g, state[1], count)?])
}

/// The mean over all axes but the first ones.
fn per_sample(g: &mut Graph, values: Value, kept: usize) -> Result<Value, GraphError> {
    let rank = g.ty(values).shape.rank();
    if rank <= kept {
        return Ok(values);
    }
    let axes: Vec<usize> = (kept..rank).collect();
    compose::mean(g, values, &axes, false)
}

fn in_single(g: &mut Graph, value: Value) -> Result<Value, GraphError> {
    if g.ty(value).dtype == DType::F32 { Ok(value) } else { ops::convert(g, value, DType::F32) }
}

/// 1 where two values are equal, else 0.
pub(super) fn matches(g: &mut Graph, a: Value, b: Value) -> Result<Value, GraphError> {
    let equal = compose::equal(g, a, b)?;
    ops::convert(g, equal, DType::F32)
}

/// Targets in the predictions' type, of the predictions' rank where Keras' rules allow.
pub(super) fn pair(g: &mut Graph, y_true: Value, y_pred: Value) -> Result<(Value, Value), GraphError> {
    let dtype = g.ty(y_pred).dtype;
    let y_true = if g.ty(y_true).dtype == dtype { y_true } else { ops::convert(g, y_true, dtype)? };
    squeeze_or_expand_to_same_rank(g, y_true, y_pred)
}

/// A metric that is the mean of what `$emit` gives for each sample.
macro_rules! mean_metric {
    (
        $(#[$doc:meta])*
        $type:ident, $name:literal, $aliases:expr, { $($field:ident: $field_type:ty = $default:expr),* }, $emit:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $type {
            name: String,
            dtype: crate::metrics::mean::Single,
            $($field: $field_type,)*
            #[serde(skip)]
            from_logits: bool,
        }

        pub(super) static ENTRY: crate::registry::Entry<dyn crate::metrics::Metric> = crate::registry::Entry {
            class_name: stringify!($type),
            aliases: $aliases,
            parse: |config| crate::registry::parse_config::<$type>(config).map(|metric| std::sync::Arc::new(metric) as _),
        };

        impl Default for $type {
            fn default() -> $type {
                $type { name: $name.to_owned(), dtype: crate::metrics::mean::Single, $($field: $default,)* from_logits: false }
            }
        }

        impl $type {
            /// The metric with Keras' defaults.
            #[must_use]
            pub fn new() -> $type {
                $type::default()
            }

            /// The same under another name in the history.
            #[must_use]
            pub fn name(mut self, name: impl Into<String>) -> $type {
                self.name = name.into();
                self
            }

            /// The same for predictions that are logits.
            #[must_use]
            pub fn from_logits(mut self, from_logits: bool) -> $type {
                self.from_logits = from_logits;
                self
            }

            $(
                #[doc = concat!("The same with another `", stringify!($field), "`.")]
                #[must_use]
                pub fn $field(mut self, $field: $field_type) -> $type {
                    self.$field = $field;
                    self
                }
            )*
        }

        impl crate::registry::Configurable for $type {
            fn class_name(&self) -> &'static str {
                stringify!($type)
            }

            fn config(&self) -> crate::registry::Config {
                crate::registry::to_config(self)
            }
        }

        impl crate::metrics::Metric for $type {
            fn name(&self) -> &str {
                &self.name
            }

            fn renamed(&self, name: &str) -> crate::metrics::MetricRef {
                self.clone().name(name).into()
            }

            fn state(&self, _: &ceras_graph::TensorType) -> Vec<(String, ceras_graph::TensorType, f64)> {
                crate::metrics::mean::state()
            }

            fn update(
                &self,
                g: &mut ceras_graph::Graph,
                state: &[ceras_graph::Value],
                y_true: ceras_graph::Value,
                y_pred: ceras_graph::Value,
                weight: Option<ceras_graph::Value>,
            ) -> Result<Vec<ceras_graph::Value>, ceras_graph::GraphError> {
                let emit: fn(
                    &$type,
                    &mut ceras_graph::Graph,
                    ceras_graph::Value,
                    ceras_graph::Value,
                ) -> Result<ceras_graph::Value, ceras_graph::GraphError> = $emit;
                let values = emit(self, g, y_true, y_pred)?;
                crate::metrics::mean::update(g, state, values, weight)
            }

            fn result(&self, state: &[ceras_graph::Tensor]) -> f64 {
                f64::from(self.finish(crate::metrics::mean::result(state)))
            }
        }
    };
}
pub(super) use mean_metric;

/// Keras' `dtype` of a metric; sums are kept in single precision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Single;

impl serde::Serialize for Single {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("float32")
    }
}

impl<'de> serde::Deserialize<'de> for Single {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Single, D::Error> {
        // Whatever a file says, sums are kept in single precision, as Keras keeps them by default.
        serde_json::Value::deserialize(deserializer).map(|_| Single)
    }
}
