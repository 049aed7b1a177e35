//! HDF5 files as Keras uses them: groups, tensors and attributes of text.
//!
//! What a file says of itself is never believed: a tensor is read only after its size was compared with the bytes that
//! the file really stores for it, so a few bytes cannot ask for an allocation of many.

use std::cell::Cell;

use ceras_graph::{DType, Tensor};
use hdf5_pure::{AttrValue, DatatypeByteOrder, File, FileBuilder, FinishedGroup, GroupBuilder, Layout};
use hdf5_pure::{DType as Stored, Datatype};

use crate::error::{Error, ErrorKind, Result};

/// Deflate cannot expand more than this.
const MAX_EXPANSION: u64 = 1032;

/// A chunk smaller than this may be read whatever it is stored in.
const SMALL: u64 = 64 << 10;

/// An open HDF5 file.
pub(crate) struct Hdf5 {
    file: File,
    bytes: u64,
    /// Stored bytes that were read so far, to notice data sets that share theirs.
    read: Cell<u64>,
    /// Further parts, for weights that stand in several files.
    more: Vec<Hdf5>,
}

impl Hdf5 {
    /// Opens a file of these bytes.
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Hdf5> {
        let size = bytes.len() as u64;
        let file = File::from_bytes(bytes).map_err(|error| damaged(&error.to_string()))?;
        Ok(Hdf5 { file, bytes: size, read: Cell::new(0), more: Vec::new() })
    }

    /// Several files as one; `None` of none.
    pub(crate) fn joined(mut parts: Vec<Hdf5>) -> Option<Hdf5> {
        let more = parts.split_off(1.min(parts.len()));
        parts.pop().map(|first| Hdf5 { more, ..first })
    }

    /// The part that has a data set; the first where none has it.
    fn holder(&self, path: &str) -> &Hdf5 {
        self.more
            .iter()
            .find(|part| part.file.dataset(path).is_ok())
            .filter(|_| self.file.dataset(path).is_err())
            .unwrap_or(self)
    }

    /// Whether there is a group of that path.
    pub(crate) fn has_group(&self, path: &str) -> bool {
        path.is_empty() || self.file.group(path).is_ok() || self.more.iter().any(|part| part.has_group(path))
    }

    /// The names of the groups in a group.
    pub(crate) fn groups(&self, path: &str) -> Result<Vec<String>> {
        self.group(path)?.groups().map_err(|error| damaged_at(path, &error))
    }

    /// The names of the data sets in a group.
    pub(crate) fn datasets(&self, path: &str) -> Result<Vec<String>> {
        let parts = [self]
            .into_iter()
            .chain(&self.more)
            .filter(|part| part.file.group(path).is_ok() || path.is_empty());
        let names = |part: &Hdf5| part.group(path)?.datasets().map_err(|error| damaged_at(path, &error));
        let mut all = Vec::new();
        for part in parts {
            all.extend(names(part)?);
        }
        Ok(all)
    }

    fn group(&self, path: &str) -> Result<hdf5_pure::Group> {
        if path.is_empty() {
            return Ok(self.file.root());
        }
        self.file.group(path).map_err(|error| damaged_at(path, &error))
    }

    /// The text of an attribute of a group, if there is one.
    pub(crate) fn text(&self, path: &str, attribute: &str) -> Option<String> {
        let attributes = self.group(path).ok()?.attrs().ok()?;
        match attributes.get(attribute)? {
            AttrValue::U8Array(bytes) => String::from_utf8(bytes.clone()).ok(),
            value => value.as_str().map(str::to_owned),
        }
    }

    /// The texts of an attribute of a group; Keras splits long ones into `name0`, `name1`, ….
    pub(crate) fn texts(&self, path: &str, attribute: &str) -> Option<Vec<String>> {
        let attributes = self.group(path).ok()?.attrs().ok()?;
        if let Some(value) = attributes.get(attribute) {
            return texts_of(value);
        }
        let parts = (0..).map_while(|part| attributes.get(&format!("{attribute}{part}")));
        let parts = parts.map(texts_of).collect::<Option<Vec<_>>>()?;
        if parts.is_empty() { None } else { Some(parts.concat()) }
    }

    /// Whether there is a data set of that path.
    pub(crate) fn has_dataset(&self, path: &str) -> bool {
        self.holder(path).file.dataset(path).is_ok()
    }

    /// The dimensions of a data set.
    pub(crate) fn dims(&self, path: &str) -> Result<Vec<usize>> {
        let dataset = self.holder(path).file.dataset(path).map_err(|error| damaged_at(path, &error))?;
        let shape = dataset.shape().map_err(|error| damaged_at(path, &error))?;
        let dims = shape.iter().map(|&dim| usize::try_from(dim).ok()).collect::<Option<Vec<usize>>>();
        dims.ok_or_else(|| damaged("a dimension is too large").context(format!("in `{path}`")))
    }

    /// A data set as a tensor. Half precisions become `float32`, small integers `int32`.
    pub(crate) fn tensor(&self, path: &str) -> Result<Tensor> {
        let dims = self.dims(path)?;
        let holder = self.holder(path);
        let dataset = holder.file.dataset(path).map_err(|error| damaged_at(path, &error))?;
        holder.check_stored(&dataset, &dims).map_err(|error| error.context(format!("in `{path}`")))?;
        let stored = dataset.dtype().map_err(|error| damaged_at(path, &error))?;
        let read = read_elements(&dataset, &stored, &dims);
        let tensor = read.map_err(|error| damaged_at(path, &error))?;
        tensor.ok_or_else(|| {
            let text = format!("data set `{path}` holds {stored}, which is no type of weights");
            Error::new(ErrorKind::Unsupported, text)
        })
    }

    /// Refuses a data set that claims to be larger than what is stored for it can hold.
    fn check_stored(&self, dataset: &hdf5_pure::Dataset, dims: &[usize]) -> Result<()> {
        let broken = |error: hdf5_pure::Error| damaged(&error.to_string());
        let element = dataset.element_size().map_err(broken)?;
        let product = |dims: &[u64]| {
            dims.iter().try_fold(element, |product, &dim| product.checked_mul(dim)).unwrap_or(u64::MAX)
        };
        let wanted = product(&dims.iter().map(|&dim| dim as u64).collect::<Vec<_>>());
        let (stored, expansion) = match dataset.layout().map_err(broken)? {
            Layout::Compact { size } | Layout::Contiguous { address: Some(_), size } => (size, 1),
            Layout::Chunked { chunk_shape, .. } => {
                let chunks = dataset.chunks().map_err(broken)?;
                let stored = chunks.iter().fold(0u64, |sum, chunk| sum.saturating_add(chunk.storage_size));
                let chunk = product(&chunk_shape);
                if chunk > SMALL.max(stored.saturating_mul(MAX_EXPANSION)) {
                    return Err(damaged("a chunk claims to be larger than what is stored of it"));
                }
                (stored, MAX_EXPANSION)
            }
            _ => (0, 1),
        };
        let read = self.read.get().saturating_add(stored);
        self.read.set(read);
        if wanted > stored.saturating_mul(expansion).max(if expansion > 1 { SMALL } else { 0 }) {
            return Err(damaged(&format!("a data set claims {wanted} bytes; {stored} are stored for it")));
        }
        // Every weight is read once, or twice by a reader that looks at the file in two ways.
        if read > self.bytes.saturating_mul(4) {
            return Err(damaged("data sets share their bytes"));
        }
        Ok(())
    }
}

type Read<T> = std::result::Result<T, hdf5_pure::Error>;

/// The elements of a data set; `None` for a type that no tensor has.
fn read_elements(dataset: &hdf5_pure::Dataset, stored: &Stored, dims: &[usize]) -> Read<Option<Tensor>> {
    Ok(match stored {
        Stored::F32 => Tensor::new(dims, dataset.read_f32()?).ok(),
        Stored::F64 => Tensor::new(dims, dataset.read_f64()?).ok(),
        Stored::I32 => Tensor::new(dims, dataset.read_i32()?).ok(),
        Stored::I64 => Tensor::new(dims, dataset.read_i64()?).ok(),
        Stored::U8 => Tensor::new(dims, dataset.read_u8()?).ok(),
        Stored::U32 => Tensor::new(dims, dataset.read_u32()?).ok(),
        Stored::U64 => Tensor::new(dims, dataset.read_u64()?).ok(),
        Stored::I8 => widened(dims, &dataset.read_i8()?),
        Stored::I16 => widened(dims, &dataset.read_i16()?),
        Stored::U16 => widened(dims, &dataset.read_u16()?),
        // h5py's truth values are an enumeration of FALSE and TRUE in one byte.
        Stored::Enum(names) if names.len() == 2 && dataset.element_size()? == 1 => {
            Tensor::from_bytes(DType::Bool, dims, &dataset.read_raw()?).ok()
        }
        Stored::Other(datatype) => halves(dims, datatype, &dataset.read_raw()?),
        _ => None,
    })
}

fn widened<T: Copy + Into<i32>>(dims: &[usize], elements: &[T]) -> Option<Tensor> {
    let elements: Vec<i32> = elements.iter().map(|&element| element.into()).collect();
    Tensor::new(dims, elements).ok()
}

/// Half precision (IEEE, or Keras' opaque `bfloat16`) as single.
fn halves(dims: &[usize], datatype: &Datatype, bytes: &[u8]) -> Option<Tensor> {
    let word = |pair: &[u8], big: bool| if big { [pair[1], pair[0]] } else { [pair[0], pair[1]] };
    let words = |big: bool| bytes.chunks_exact(2).map(move |pair| u16::from_le_bytes(word(pair, big)));
    let elements: Vec<f32> = match datatype {
        Datatype::FloatingPoint { size: 2, byte_order, .. } => {
            words(*byte_order == DatatypeByteOrder::BigEndian).map(half_to_single).collect()
        }
        Datatype::Opaque { size: 2, .. } => {
            words(false).map(|bits| f32::from_bits(u32::from(bits) << 16)).collect()
        }
        _ => return None,
    };
    Tensor::new(dims, elements).ok()
}

/// IEEE binary16 as binary32, exactly.
pub(crate) fn half_to_single(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => (fraction as f32 * 2f32.powi(-24)).to_bits(),
        31 => 0x7f80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

fn texts_of(value: &AttrValue) -> Option<Vec<String>> {
    match value.as_strings() {
        Some(texts) => Some(texts.to_vec()),
        // h5py writes an empty list as an array of floats without elements.
        None => match (value.as_str(), value.to_f64s()) {
            (Some(text), _) => Some(vec![text.to_owned()]),
            (None, Some(numbers)) if numbers.is_empty() => Some(Vec::new()),
            _ => None,
        },
    }
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::File, "the HDF5 data is damaged").detail(what)
}

fn damaged_at(path: &str, error: &hdf5_pure::Error) -> Error {
    let error = damaged(&error.to_string());
    if path.is_empty() { error } else { error.context(format!("in `{path}`")) }
}

/// Fails at a file that is shorter than it says it is: parts of it would seem never to have been there.
///
/// # Errors
/// It is cut off.
pub(crate) fn check_whole(bytes: &[u8]) -> Result<()> {
    // The superblock's end-of-file address; its place depends on the version, in the byte after the signature.
    let place = match (bytes.get(8), bytes.get(9), bytes.get(13)) {
        (Some(0), _, Some(8)) => 40,
        (Some(1), _, Some(8)) => 44,
        (Some(2 | 3), Some(8), _) => 28,
        _ => return Ok(()),
    };
    let end = bytes.get(place..place + 8).and_then(|word| word.try_into().ok()).map(u64::from_le_bytes);
    match end {
        Some(end) if end != u64::MAX && end > bytes.len() as u64 => {
            let text = format!("the file is cut off: it has {} of {end} bytes", bytes.len());
            Err(Error::new(ErrorKind::File, text))
        }
        _ => Ok(()),
    }
}

/// An attribute of a group to be written.
pub(crate) enum Attribute {
    /// One text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

/// A group to be written.
#[derive(Default)]
pub(crate) struct Tree {
    attributes: Vec<(String, Attribute)>,
    groups: Vec<(String, Tree)>,
    index: std::collections::HashMap<String, usize>,
    tensors: Vec<(String, Tensor)>,
}

impl Tree {
    /// The group of a path below this one, made where it is not there.
    pub(crate) fn group(&mut self, path: &str) -> &mut Tree {
        let mut tree = self;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let next = tree.groups.len();
            let index = *tree.index.entry(name.to_owned()).or_insert(next);
            if index == next {
                tree.groups.push((name.to_owned(), Tree::default()));
            }
            tree = &mut tree.groups[index].1;
        }
        tree
    }

    /// Adds an attribute, unless the group has it.
    pub(crate) fn attribute(&mut self, name: &str, value: Attribute) {
        if self.attributes.iter().all(|(existing, _)| existing != name) {
            self.attributes.push((name.to_owned(), value));
        }
    }

    /// Adds a tensor.
    pub(crate) fn tensor(&mut self, name: &str, tensor: Tensor) {
        self.tensors.push((name.to_owned(), tensor));
    }

    /// The same data sets under other paths of their groups.
    #[cfg(test)]
    pub(crate) fn renamed(&self, rename: &dyn Fn(&str) -> String) -> Tree {
        fn below(tree: &Tree, path: &str, rename: &dyn Fn(&str) -> String, renamed: &mut Tree) {
            let group = match path {
                "" => &mut *renamed,
                path => renamed.group(&rename(path)),
            };
            tree.tensors.iter().for_each(|(name, value)| group.tensor(name, value.clone()));
            for (name, inner) in &tree.groups {
                below(inner, &crate::layers::context::join(path, name), rename, renamed);
            }
        }
        let mut renamed = Tree::default();
        below(self, "", rename, &mut renamed);
        renamed
    }

    /// The bytes of the file whose root this is.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut builder = FileBuilder::new();
        for (name, value) in &self.attributes {
            for (name, value) in split(name, value) {
                builder.set_attr(&name, value);
            }
        }
        for (name, tensor) in &self.tensors {
            fill(builder.create_dataset(name), tensor);
        }
        for (name, tree) in &self.groups {
            let group = tree.finish(builder.create_group(name));
            builder.add_group(group);
        }
        let text = "the weights cannot be written as HDF5";
        builder.finish().map_err(|error| Error::new(ErrorKind::File, text).detail(error.to_string()))
    }

    fn finish(&self, mut builder: GroupBuilder) -> FinishedGroup {
        for (name, value) in &self.attributes {
            for (name, value) in split(name, value) {
                builder.set_attr(&name, value);
            }
        }
        for (name, tensor) in &self.tensors {
            fill(builder.create_dataset(name), tensor);
        }
        for (name, tree) in &self.groups {
            let group = tree.finish(builder.create_group(name));
            builder.add_group(group);
        }
        builder.finish()
    }
}

/// HDF5 keeps at most 64 kB in an attribute; Keras splits longer lists into `name0`, `name1`, ….
fn split(name: &str, value: &Attribute) -> Vec<(String, AttrValue)> {
    const LIMIT: usize = 64_000;
    let texts = match value {
        Attribute::Text(text) => return vec![(name.to_owned(), AttrValue::VarLenString(text.clone()))],
        Attribute::Texts(texts) => texts,
    };
    if texts.is_empty() {
        // As h5py writes an empty list.
        return vec![(name.to_owned(), AttrValue::F64Array(Vec::new()))];
    }
    let width = texts.iter().map(String::len).max().unwrap_or(0).max(1);
    if width * texts.len() <= LIMIT {
        return vec![(name.to_owned(), AttrValue::StringArray(texts.clone()))];
    }
    let parts = texts.chunks((LIMIT / width).max(1)).enumerate();
    parts.map(|(part, texts)| (format!("{name}{part}"), AttrValue::StringArray(texts.to_vec()))).collect()
}

fn fill(builder: &mut hdf5_pure::DatasetBuilder, tensor: &Tensor) {
    let shape: Vec<u64> = tensor.dims().iter().map(|&dim| dim as u64).collect();
    match tensor.dtype() {
        DType::F32 => builder.with_f32_data(tensor.slice::<f32>()),
        DType::F64 => builder.with_f64_data(tensor.slice::<f64>()),
        DType::I32 => builder.with_i32_data(tensor.slice::<i32>()),
        DType::I64 => builder.with_i64_data(tensor.slice::<i64>()),
        DType::U32 => builder.with_u32_data(tensor.slice::<u32>()),
        DType::U64 => builder.with_u64_data(tensor.slice::<u64>()),
        _ => builder.with_u8_data(tensor.slice::<u8>()),
    };
    builder.with_shape(&shape);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_read_back() {
        let mut tree = Tree::default();
        tree.attribute("name", Attribute::Text("größe".to_owned()));
        let vars = tree.group("layers/dense/vars");
        vars.tensor("0", Tensor::new(&[2, 1], [1.0f32, -0.0]).unwrap());
        vars.tensor("1", Tensor::scalar(7i64));
        let long: Vec<String> = (0..3000).map(|n| format!("a_rather_long_layer_name_{n:05}")).collect();
        tree.group("layers").attribute("layer_names", Attribute::Texts(long.clone()));
        tree.group("empty");
        let file = Hdf5::open(tree.to_bytes().unwrap()).unwrap();
        assert_eq!(file.text("", "name").unwrap(), "größe");
        assert_eq!(file.texts("layers", "layer_names").unwrap(), long);
        assert_eq!(
            file.tensor("layers/dense/vars/0").unwrap(),
            Tensor::new(&[2, 1], [1.0f32, -0.0]).unwrap()
        );
        assert_eq!(file.tensor("layers/dense/vars/1").unwrap(), Tensor::scalar(7i64));
        assert!(file.has_group("empty") && !file.has_group("full"));
        assert_eq!(file.datasets("layers/dense/vars").unwrap(), ["0", "1"]);
    }

    #[test]
    fn half_precision_is_exact() {
        for (bits, value) in
            [(0x3c00u16, 1.0f32), (0xc000, -2.0), (0x7bff, 65504.0), (1, 5.960_464_5e-8), (0x8000, -0.0)]
        {
            assert_eq!(half_to_single(bits).to_bits(), value.to_bits());
        }
        assert!(half_to_single(0x7e00).is_nan() && half_to_single(0x7c00) == f32::INFINITY);
    }
}
