//! *safetensors* files: a length, a JSON header with the place of each tensor, the tensors' bytes.
//!
//! A tensor's name is the path of its layer and its own name (`dense/kernel`). The header's metadata has Keras' `config.json`
//! under `keras_config`, so that the file is a whole model to those who know, and plain weights to all others.
//!
//! # References
//! <https://github.com/huggingface/safetensors#format>

use std::collections::HashMap;

use ceras_graph::{DType, Tensor};
use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorKind, Result};

/// The longest header that is read; the format's own limit.
const MAX_HEADER: usize = 100_000_000;

/// Under what key the architecture stands in the metadata.
pub(crate) const CONFIG_KEY: &str = "keras_config";

/// Under what key stands what `ceras.json` has in a `.keras` file.
pub(crate) const EXTRAS_KEY: &str = "ceras";

/// The contents of a file.
pub(crate) struct Tensors {
    /// The tensors by name.
    pub(crate) tensors: HashMap<String, Tensor>,
    /// The metadata.
    pub(crate) metadata: HashMap<String, String>,
}

/// Whether these bytes begin like such a file.
pub(crate) fn is_safetensors(bytes: &[u8]) -> bool {
    header(bytes).is_some_and(|(header, _)| header.first() == Some(&b'{'))
}

/// The header and the bytes after it.
fn header(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok().filter(|length| *length <= MAX_HEADER)?;
    rest.split_at_checked(length)
}

fn broken(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::File, "the safetensors file is damaged or cut off").detail(what)
}

/// Reads a file.
///
/// # Errors
/// The file is damaged, or a tensor is of a type that weights do not have.
pub(crate) fn read(bytes: &[u8]) -> Result<Tensors> {
    let (header, data) = header(bytes).ok_or_else(|| broken("the header is longer than the file"))?;
    let header: Value = serde_json::from_slice(header).map_err(|error| broken(error.to_string()))?;
    let Value::Object(mut header) = header else { return Err(broken("the header is not a JSON object")) };
    let metadata = match header.shift_remove("__metadata__") {
        Some(Value::Object(map)) => {
            map.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect()
        }
        _ => HashMap::new(),
    };
    let mut tensors = HashMap::with_capacity(header.len());
    let mut used = 0usize;
    for (name, entry) in &header {
        let tensor = tensor(entry, data).map_err(|error| error.context(format!("in tensor `{name}`")))?;
        used = used.saturating_add(tensor.bytes().len());
        // The format forbids tensors that overlap; believing them would make a small file large.
        if used > data.len() {
            return Err(broken("tensors share their bytes"));
        }
        tensors.insert(name.clone(), tensor);
    }
    Ok(Tensors { tensors, metadata })
}

fn tensor(entry: &Value, data: &[u8]) -> Result<Tensor> {
    let numbers = |key: &str| -> Option<Vec<usize>> {
        entry.get(key)?.as_array()?.iter().map(|number| usize::try_from(number.as_u64()?).ok()).collect()
    };
    let (Some(dims), Some(offsets), Some(kind)) =
        (numbers("shape"), numbers("data_offsets"), entry.get("dtype").and_then(Value::as_str))
    else {
        return Err(broken("its entry in the header is not readable"));
    };
    let bytes = match offsets[..] {
        [start, end] => data.get(start..end),
        _ => None,
    };
    let bytes = bytes.ok_or_else(|| broken("it lies outside of the file"))?;
    let Some(dtype) = DTYPES.iter().find(|(name, _)| *name == kind).map(|(_, dtype)| *dtype) else {
        return halves(kind, &dims, bytes);
    };
    Tensor::from_bytes(dtype, &dims, bytes).map_err(|error| broken(error.0))
}

/// Half precisions as single.
fn halves(kind: &str, dims: &[usize], bytes: &[u8]) -> Result<Tensor> {
    let words = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let elements: Vec<f32> = match kind {
        "F16" => words.map(super::hdf5::half_to_single).collect(),
        "BF16" => words.map(|bits| f32::from_bits(u32::from(bits) << 16)).collect(),
        _ => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("tensors of type `{kind}` are not supported"),
            ));
        }
    };
    Tensor::new(dims, elements).map_err(|error| broken(error.0))
}

/// The format's names of types. Its numbers are little-endian, as are those of every machine this runs on.
const DTYPES: &[(&str, DType)] = &[
    ("F64", DType::F64),
    ("F32", DType::F32),
    ("I64", DType::I64),
    ("I32", DType::I32),
    ("U64", DType::U64),
    ("U32", DType::U32),
    ("U8", DType::U8),
    ("BOOL", DType::Bool),
];

/// The bytes of a file.
pub(crate) fn write(tensors: &[(String, Tensor)], metadata: &[(&str, String)]) -> Result<Vec<u8>> {
    let mut sorted: Vec<&(String, Tensor)> = tensors.iter().collect();
    // Wide elements first, so that each tensor is aligned to its elements.
    sorted.sort_by_key(|(name, tensor)| (std::cmp::Reverse(tensor.dtype().size()), name.clone()));
    let mut header = Map::new();
    let texts = metadata.iter().map(|(key, value)| ((*key).to_owned(), json!(value)));
    header.insert("__metadata__".into(), texts.collect());
    let mut end = 0;
    for (name, tensor) in &sorted {
        let start = end;
        end += tensor.bytes().len();
        let kind = DTYPES.iter().find(|(_, dtype)| *dtype == tensor.dtype()).map(|(name, _)| *name);
        let kind = kind.ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, format!("safetensors has no type for {}", tensor.dtype()))
        })?;
        let entry = json!({"dtype": kind, "shape": tensor.dims(), "data_offsets": [start, end]});
        header.insert(name.clone(), entry);
    }
    let mut text = Value::Object(header).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = Vec::with_capacity(8 + text.len() + end);
    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.append(&mut text);
    sorted.iter().for_each(|(_, tensor)| bytes.extend_from_slice(tensor.bytes()));
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_read_back() {
        let tensors = [
            ("a/kernel".to_owned(), Tensor::new(&[2, 1], [1.0f32, -0.0]).unwrap()),
            ("a/count".to_owned(), Tensor::scalar(7i64)),
            ("empty".to_owned(), Tensor::new::<f32>(&[0, 3], []).unwrap()),
        ];
        let bytes = write(&tensors, &[(CONFIG_KEY, "{}".to_owned())]).unwrap();
        assert!(is_safetensors(&bytes));
        let read = read(&bytes).unwrap();
        assert_eq!(read.metadata[CONFIG_KEY], "{}");
        for (name, tensor) in &tensors {
            assert_eq!(&read.tensors[name], tensor);
        }
    }

    #[test]
    fn damaged_files_are_errors() {
        let bytes = write(&[("a".to_owned(), Tensor::scalar(1.0f32))], &[]).unwrap();
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err());
        }
        let overlapping = br#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#;
        let mut bytes = (overlapping.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(overlapping);
        bytes.extend_from_slice(&[0; 4]);
        assert!(read(&bytes).is_err());
    }
}
