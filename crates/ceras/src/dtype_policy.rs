//! Keras' dtype policies.

use ceras_graph::DType;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// The types that a layer computes in and keeps its weights in.
///
/// # Keras
/// `float32` and `float64` are honoured. Mixed and quantised policies are refused by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DTypePolicy(DType);

impl DTypePolicy {
    /// Single precision, the default.
    pub const FLOAT32: DTypePolicy = DTypePolicy(DType::F32);
    /// Double precision.
    pub const FLOAT64: DTypePolicy = DTypePolicy(DType::F64);

    /// The type of computations and weights.
    pub fn dtype(self) -> DType {
        self.0
    }

    /// The policy of that name.
    ///
    /// # Errors
    /// The policy is not one that is honoured.
    pub fn from_name(name: &str) -> Result<DTypePolicy, String> {
        match DType::from_name(name) {
            Some(dtype) => Ok(DTypePolicy(dtype)),
            None => Err(format!(
                "the dtype policy `{name}` is not supported: float32 and float64 are; convert the model with Keras first"
            )),
        }
    }
}

impl Default for DTypePolicy {
    fn default() -> DTypePolicy {
        DTypePolicy::FLOAT32
    }
}

impl From<DType> for DTypePolicy {
    fn from(dtype: DType) -> DTypePolicy {
        DTypePolicy(dtype)
    }
}

impl Serialize for DTypePolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.0.name();
        json!({"module": "keras", "class_name": "DTypePolicy", "config": {"name": name}, "registered_name": null})
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DTypePolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DTypePolicy, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let class = value.get("class_name").and_then(Value::as_str).unwrap_or("DTypePolicy");
        let name = value.as_str().or_else(|| value.pointer("/config/name").and_then(Value::as_str));
        match name {
            // Files of Keras 2 call the same thing `Policy`.
            Some(name) if class == "DTypePolicy" || class == "Policy" => {
                DTypePolicy::from_name(name).map_err(D::Error::custom)
            }
            _ => Err(D::Error::custom(format!(
                "the dtype policy `{class}` is not supported: float32 and float64 are"
            ))),
        }
    }
}
