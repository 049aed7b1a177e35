//! A layer inside a wrapper's config.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use crate::layers::LayerRef;
use crate::registry::envelope;
use crate::saving::layer_inside;

/// A layer that a wrapper applies; in a config it is Keras' envelope.
#[derive(Clone, Debug)]
pub struct Wrapped(pub LayerRef);

impl Wrapped {
    /// The layer of an envelope.
    ///
    /// # Errors
    /// The class is unknown, a user's own, or its config does not fit.
    pub(crate) fn from_json(json: &Json) -> crate::error::Result<Wrapped> {
        layer_inside(json, "inside a wrapper").map(Wrapped)
    }

    /// Keras' envelope of the layer under a name, where it has none of its own.
    pub(crate) fn to_json(&self, name: &str) -> Json {
        let mut json = match self.0.as_architecture() {
            Some(architecture) => crate::saving::config::model_envelope(architecture, &|_| None),
            None => envelope("keras.layers", &*self.0),
        };
        if json["config"]["name"].is_null() {
            json["config"]["name"] = name.into();
        }
        json
    }

    /// A flag of the layer's config; false where there is no such key.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.0.config().get(key).and_then(Json::as_bool).unwrap_or(false)
    }
}

impl Serialize for Wrapped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json(&crate::models::snake_case(self.0.class_name())).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Wrapped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Wrapped, D::Error> {
        Wrapped::from_json(&Json::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
