//! An initializer's own seed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An initializer's or layer's own seed: a number, or Keras' `SeedGenerator`, which is kept as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Seed {
    /// A number.
    Number(i64),
    /// Keras' envelope of a `SeedGenerator`.
    Generator(Value),
}

impl Seed {
    /// The number; `None` for a generator without one.
    pub fn number(&self) -> Option<u64> {
        match self {
            Seed::Number(seed) => Some(*seed as u64),
            Seed::Generator(envelope) => {
                envelope.pointer("/config/seed").and_then(Value::as_i64).map(|seed| seed as u64)
            }
        }
    }
}

impl From<i64> for Seed {
    fn from(seed: i64) -> Seed {
        Seed::Number(seed)
    }
}
