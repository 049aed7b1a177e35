//! Keras' types of results: what two operands of different types become.

use ceras_graph::{DType, Graph, GraphError, Tensor, Value, ops as primitives};
use serde_json::Value as Json;

use super::{Operand, wrong};
use crate::error::Result;

/// The type that both types become.
pub(crate) fn promote(a: DType, b: DType) -> DType {
    use DType::{Bool, F32, F64, I32, I64, U8, U32, U64};
    match (a, b) {
        _ if a == b => a,
        (F64, _) | (_, F64) => F64,
        (F32, _) | (_, F32) => F32,
        (Bool, other) | (other, Bool) => other,
        // No integer type holds both.
        (U64, I32 | I64) | (I32 | I64, U64) => F32,
        (I64, _) | (_, I64) | (U32, I32) | (I32, U32) => I64,
        (U64, _) | (_, U64) => U64,
        (I32, _) | (_, I32) => I32,
        (U32, _) | (_, U32) => U32,
        (U8, U8) => U8,
        // A type to come.
        (a, _) => a,
    }
}

/// A value in another type.
pub(crate) fn converted(g: &mut Graph, x: Value, dtype: DType) -> Result<Value, GraphError> {
    if g.ty(x).dtype == dtype { Ok(x) } else { primitives::convert(g, x, dtype) }
}

/// A value as floating-point numbers: integers become `float32`.
pub(crate) fn float(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    if g.ty(x).dtype.is_float() { Ok(x) } else { primitives::convert(g, x, DType::F32) }
}

/// Values in the one type that they all become.
pub(crate) fn together(g: &mut Graph, values: &[Value]) -> Result<Vec<Value>, GraphError> {
    let types = values.iter().map(|value| g.ty(*value).dtype);
    let Some(dtype) = types.reduce(promote) else { return Ok(Vec::new()) };
    values.iter().map(|value| converted(g, *value, dtype)).collect()
}

/// Two operands as values of one type; a number takes the type of the tensor beside it as far as that holds it.
pub(crate) fn pair(g: &mut Graph, class_name: &str, operands: &[Operand<'_>]) -> Result<(Value, Value)> {
    let refused = || wrong(class_name, "two operands, tensors or numbers, at least one a tensor");
    match operands {
        [Operand::Tensor(a), Operand::Tensor(b)] => {
            let both = together(g, &[*a, *b])?;
            Ok((both[0], both[1]))
        }
        [Operand::Tensor(a), Operand::Plain(number)] => beside(g, *a, number)?.ok_or_else(refused),
        [Operand::Plain(number), Operand::Tensor(b)] => {
            let (b, number) = beside(g, *b, number)?.ok_or_else(refused)?;
            Ok((number, b))
        }
        _ => Err(refused()),
    }
}

/// A tensor and a number of one type; `None` when it is no number.
pub(crate) fn beside(g: &mut Graph, x: Value, number: &Json) -> Result<Option<(Value, Value)>> {
    let Some(plain) = number.as_f64() else { return beside_array(g, x, number) };
    let dtype = match g.ty(x).dtype {
        dtype if number.is_f64() && !dtype.is_float() => DType::F32,
        DType::Bool => DType::I32,
        dtype => dtype,
    };
    let x = converted(g, x, dtype)?;
    let scalar = match number.as_i64() {
        // Integers beyond 2^53 would lose digits as floats.
        Some(whole) if dtype.is_integer() => Tensor::scalar(whole).cast(dtype),
        _ => Tensor::scalar(plain).cast(dtype),
    };
    Ok(Some((x, primitives::constant(g, scalar)?)))
}

/// A tensor and an array of plain numbers: nested lists as they are, or Keras' `__tensor__` around them.
fn beside_array(g: &mut Graph, x: Value, array: &Json) -> Result<Option<(Value, Value)>> {
    let own = array.get("class_name").and_then(Json::as_str) == Some("__tensor__");
    let array = if own { array.pointer("/config/value").unwrap_or(array) } else { array };
    let (mut dims, mut numbers) = (Vec::new(), Vec::new());
    if !array.is_array() || !collect(array, 0, &mut dims, &mut numbers) {
        return Ok(None);
    }
    let Ok(tensor) = Tensor::new(&dims, numbers) else { return Ok(None) };
    let x = float(g, x)?;
    let dtype = g.ty(x).dtype;
    Ok(Some((x, primitives::constant(g, tensor.cast(dtype))?)))
}

/// The numbers of nested lists, all of one shape; false if they are not.
fn collect(value: &Json, depth: usize, dims: &mut Vec<usize>, numbers: &mut Vec<f64>) -> bool {
    let Json::Array(items) = value else {
        numbers.extend(value.as_f64());
        return value.is_number() && depth == dims.len();
    };
    match dims.get(depth) {
        Some(dim) if *dim != items.len() => return false,
        // A deeper list than the first one, or more axes than tensors have.
        None if !numbers.is_empty() || depth >= 8 => return false,
        None => dims.push(items.len()),
        Some(_) => {}
    }
    items.iter().all(|item| collect(item, depth + 1, dims, numbers))
}
