//! Numbers of a config that may be one, a list, or nested lists.

use ceras_graph::Tensor;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};

/// How deep lists may be nested.
const DEPTH: usize = 16;

/// A number, or (nested) lists of numbers, written back as they came.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Numbers(Json);

impl From<f64> for Numbers {
    fn from(number: f64) -> Numbers {
        Numbers(number.into())
    }
}

impl From<&[f64]> for Numbers {
    fn from(numbers: &[f64]) -> Numbers {
        Numbers(numbers.into())
    }
}

impl<const N: usize> From<[f64; N]> for Numbers {
    fn from(numbers: [f64; N]) -> Numbers {
        Numbers(numbers.as_slice().into())
    }
}

impl Numbers {
    /// The numbers in row-major order; `None` when there is something else among them.
    pub(crate) fn values(&self) -> Option<Vec<f64>> {
        fn flatten(value: &Json, into: &mut Vec<f64>, depth: usize) -> bool {
            match value {
                Json::Array(items) if depth < DEPTH => {
                    items.iter().all(|item| flatten(item, into, depth + 1))
                }
                _ => value.as_f64().map(|number| into.push(number)).is_some(),
            }
        }
        let mut numbers = Vec::new();
        flatten(&self.0, &mut numbers, 0).then_some(numbers)
    }

    /// The numbers as a tensor of `float64`: a scalar, or as many axes as the lists are nested.
    ///
    /// # Errors
    /// The lists are not of equal lengths.
    pub(crate) fn tensor(&self) -> Result<Tensor> {
        let mut dims = Vec::new();
        let mut level = &self.0;
        while let (Json::Array(items), true) = (level, dims.len() < DEPTH) {
            dims.push(items.len());
            level = items.first().unwrap_or(&Json::Null);
        }
        let ragged = |_| Error::new(ErrorKind::Usage, "lists of numbers must be of equal lengths");
        Tensor::new(&dims, self.values().unwrap_or_default()).map_err(ragged)
    }
}

/// Keras writes numbers as they are, in nested lists, or in an envelope around an array.
impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Numbers, D::Error> {
        let value = match Json::deserialize(deserializer)? {
            Json::Object(mut envelope) => {
                envelope.get_mut("config").map(|config| config["value"].take()).unwrap_or_default()
            }
            value => value,
        };
        let numbers = Numbers(value);
        match numbers.values() {
            Some(_) => Ok(numbers),
            None => Err(serde::de::Error::custom("not a number or a list of numbers")),
        }
    }
}
