//! Helpers of the tests against Keras' numbers.

use ceras_graph::{DType, Tensor};
use ceras_testkit::oracle::{Array, Case};

/// An array of a fixture as a tensor.
pub(crate) fn tensor(array: &Array) -> Tensor {
    let dtype = match array.kind.as_str() {
        "<f4" => DType::F32,
        "<f8" => DType::F64,
        "<i4" => DType::I32,
        "<i8" => DType::I64,
        "|b1" => DType::Bool,
        other => panic!("a fixture of {other}"),
    };
    Tensor::from_bytes(dtype, &array.dims, &array.bytes).expect("a whole array")
}

/// An array of a case as a tensor.
pub(crate) fn of(case: &Case<'_>, name: &str) -> Tensor {
    tensor(case.array(name))
}

/// What differs more than the tolerance allows: max|a − b| ≤ 1e-5 · max(1e-3, max|b|).
pub(crate) fn difference(ours: &Tensor, keras: &Tensor) -> Option<String> {
    if ours.dims() != keras.dims() {
        return Some(format!("shape {} against {}", ours.shape(), keras.shape()));
    }
    let (ours, keras) = (ours.to_f64(), keras.to_f64());
    let largest = keras
        .iter()
        .filter(|value| value.is_finite())
        .fold(0.0f64, |largest, value| largest.max(value.abs()));
    let tolerance = 1e-5 * largest.max(1e-3);
    let wrong = |(a, b): (&f64, &f64)| !((a - b).abs() <= tolerance || a == b || (a.is_nan() && b.is_nan()));
    let place = ours.iter().zip(&keras).position(wrong)?;
    Some(format!("{} against {} at {place} (tolerance {tolerance:e})", ours[place], keras[place]))
}

/// Whether two JSON values say the same; 0 is 0.0.
pub(crate) fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    match (a, b) {
        (serde_json::Value::Object(a), serde_json::Value::Object(b)) => {
            a.keys().eq(b.keys()) && a.values().zip(b.values()).all(|(a, b)| same(a, b))
        }
        (serde_json::Value::Array(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (serde_json::Value::Number(a), serde_json::Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

/// The differences of many cases, told together.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<String>);

impl Report {
    /// Compares one tensor of a case.
    pub(crate) fn compare(&mut self, case: &str, what: &str, ours: &Tensor, keras: &Tensor) {
        if let Some(difference) = difference(ours, keras) {
            self.0.push(format!("{case}: {what}: {difference}"));
        }
    }

    /// Notes that something is wrong with a case.
    pub(crate) fn wrong(&mut self, case: &str, what: impl std::fmt::Display) {
        self.0.push(format!("{case}: {what}"));
    }

    /// Fails when something was wrong.
    pub(crate) fn finish(self) {
        assert!(self.0.is_empty(), "{} differ:\n{}", self.0.len(), self.0.join("\n"));
    }
}
