//! What files hold for the inputs and the targets of a model.
//!
//! An array (`.npy`) is for a model with one input; an archive (`.npz`) has an array for each input by its name, in any
//! order; a table (CSV with a header) is for a model with one input, and is checked against the model's
//! [`Contract`](crate::saving::Contract) where its file has one. Arrays and archives are known by their first bytes.

use std::io::Read;
use std::path::Path;

use ceras_graph::{DType, Tensor, TensorType};

use super::{Source, Table, npy, npz};
use crate::error::{Error, ErrorKind, Result, did_you_mean};
use crate::models::Model;

mod answers;
mod contract;
mod examples;
mod targets;

pub use answers::{Answers, largest};
pub use targets::{encode_classes, is_binary};

/// What a file holds for a model.
#[derive(Clone, Debug)]
pub struct Given {
    /// One for each input (or output) of the model, in its order. A `.npy` file that would take more than half of the free memory
    /// is read while it is used.
    pub sources: Vec<Source>,
    /// The rows of the file that are not among them, counted from 0, in ascending order.
    pub rows_left_out: Vec<usize>,
    /// What was left out and what looks odd, in words.
    pub notes: Vec<String>,
}

impl Given {
    /// The number in the file of a row of the sources.
    fn row_in_file(&self, row: usize) -> usize {
        self.rows_left_out.iter().fold(row, |row, left_out| row + usize::from(*left_out <= row))
    }
}

/// The contents of a file of data.
#[derive(Debug)]
enum Content {
    Array(Source),
    Archive(Vec<(String, Tensor)>),
    Table(Box<Table>),
}

impl Content {
    /// Reads a file; an array of more than `most` bytes in single precision stays where it is.
    fn read(path: &Path, most: usize) -> Result<Content> {
        let (file, _) = crate::files::open(path)?;
        let mut start = Vec::new();
        file.take(6).read_to_end(&mut start).map_err(|error| crate::files::io_error("read", path, &error))?;
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        Ok(match (&start[..], ending.as_deref()) {
            (b"\x93NUMPY", _) | (_, Some("npy")) => Content::Array(array(path, most)?),
            ([b'P', b'K', ..], _) | (_, Some("npz")) => Content::Archive(npz::read(path)?),
            _ => Content::Table(Box::new(Table::read_csv(path)?)),
        })
    }
}

fn array(path: &Path, most: usize) -> Result<Source> {
    match npy::open(path) {
        Ok(rows) if rows.dims().iter().product::<usize>() * size_of::<f32>() > most => Ok(rows),
        // What cannot be read by rows can be whole, or says why.
        _ => npy::read(path).map(Source::from),
    }
}

/// Arrays of more bytes are not brought into memory.
fn most_bytes() -> usize {
    crate::training::available_memory().map_or(usize::MAX, |free| free / 2)
}

impl Model {
    /// The inputs that a file holds, in the types that the model's inputs have.
    ///
    /// # Errors
    /// The file cannot be read; it lacks an input, or a column that the model was trained on; a cell of a table is no
    /// finite number.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// # let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("x.csv");
    /// std::fs::write(&path, "a,b\n1,2\n3,4\n").unwrap();
    /// let model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build()?;
    /// assert_eq!(model.read_inputs(&path)?.sources[0].read(&[1])?.slice::<f32>(), [3.0, 4.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn read_inputs(&self, path: impl AsRef<Path>) -> Result<Given> {
        self.read_inputs_within(path.as_ref(), most_bytes())
    }

    fn read_inputs_within(&self, path: &Path, most: usize) -> Result<Given> {
        self.inputs_of(Content::read(path, most)?, path)
    }

    /// The inputs in the contents of a file.
    fn inputs_of(&self, content: Content, path: &Path) -> Result<Given> {
        let (names, types) = match self.architecture() {
            Ok(architecture) => (architecture.input_names(), architecture.input_types()),
            Err(_) => (Vec::new(), Vec::new()),
        };
        let mut notes = Vec::new();
        let sources = match content {
            Content::Table(table) => {
                let x = self.table_inputs(&table, path, &names, &mut notes)?;
                vec![in_shape(x, types.first())?.into()]
            }
            content => arrays("input", content, path, &names, &mut notes)?,
        };
        let typed = |(index, source): (usize, Source)| {
            source.cast(types.get(index).map_or(DType::F32, |ty| ty.dtype))
        };
        let sources = sources.into_iter().enumerate().map(typed).collect();
        Ok(Given { sources, rows_left_out: Vec::new(), notes })
    }

    /// Which columns hold values outside of what the model was trained on, a line each: answers there are guesses.
    pub fn outside_training(&self, given: &Given) -> Vec<String> {
        let ([x], Some(contract)) = (&given.sources[..], &self.extras().contract) else { return Vec::new() };
        x.held().map(|x| contract.outside(x, |row| given.row_in_file(row))).unwrap_or_default()
    }

    /// Where inputs are no finite numbers, a line for each: answers there are no numbers either.
    pub fn not_finite_inputs(&self, x: &[Source]) -> Vec<String> {
        let mut doubts = Vec::new();
        let names = self.architecture().map(|architecture| architecture.input_names()).unwrap_or_default();
        for (index, tensor) in x.iter().enumerate().filter_map(|(index, x)| Some((index, x.held()?))) {
            let name = names.get(index).copied().unwrap_or("x");
            if let Err(error) = crate::training::check_finite(name, tensor, None) {
                doubts.push(format!("{}: the answers there are no numbers either", error.message()));
            }
        }
        doubts
    }

    /// What to do about inputs of shapes that the model cannot take; `None` where nothing is known.
    pub fn shape_hint(&self, x: &[Source]) -> Option<String> {
        let architecture = self.architecture().ok()?;
        let (names, types) = (architecture.input_names(), architecture.input_types());
        let wrong = names.iter().zip(&types).zip(x).find(|((_, ty), x)| !x.shape().is_compatible(&ty.shape));
        let ((name, ty), x) = wrong?;
        shape_hint(name, x, ty)
    }
}

/// The arrays of a file by name, in the order of the model's inputs (or outputs).
fn arrays(
    what: &str,
    content: Content,
    path: &Path,
    names: &[&str],
    notes: &mut Vec<String>,
) -> Result<Vec<Source>> {
    let mut archive = match content {
        Content::Array(array) if names.len() <= 1 => return Ok(vec![array]),
        Content::Array(_) => return Err(too_few(what, path, "one array", names)),
        Content::Archive(archive) => archive,
        Content::Table(_) => return Err(too_few(what, path, "a table", names)),
    };
    let held: Vec<String> = archive.iter().map(|(name, _)| format!("`{name}`")).collect();
    let mut tensors = Vec::with_capacity(names.len());
    for name in names {
        let Some(place) = archive.iter().position(|(key, _)| key == name) else { break };
        tensors.push(Source::from(archive.swap_remove(place).1));
    }
    if tensors.len() == names.len() && !names.is_empty() {
        if !archive.is_empty() {
            let rest: Vec<String> = archive.iter().map(|(name, _)| format!("`{name}`")).collect();
            notes.push(format!(
                "`{}`: {} left out, the model has no {what} of that name",
                path.display(),
                rest.join(", ")
            ));
        }
        return Ok(tensors);
    }
    if names.len() <= 1 && archive.len() == 1 {
        // With one of each there is only one way to match them, whatever NumPy called the array.
        return Ok(archive.into_iter().map(|(_, tensor)| tensor.into()).collect());
    }
    let missing = names.get(tensors.len()).copied().unwrap_or(what);
    let text = format!("`{}` has no array `{missing}`", path.display());
    let error = Error::new(ErrorKind::Data, text)
        .detail(format!("it has: {}", if held.is_empty() { "nothing".to_owned() } else { held.join(", ") }))
        .detail(format!("the model's {what}s: {}", quoted(names)));
    let close = did_you_mean(missing, archive.iter().map(|(name, _)| name.as_str()));
    Err(match close {
        Some(close) => error.hint(format!("is `{close}` meant? rename it to `{missing}`")),
        None => error.hint(format!("save one array for each {what}, under the {what}'s name")),
    })
}

fn too_few(what: &str, path: &Path, held: &str, names: &[&str]) -> Error {
    let text = format!("`{}` holds {held}; the model has {} {what}s", path.display(), names.len());
    Error::new(ErrorKind::Data, text)
        .detail(format!("the model's {what}s: {}", quoted(names)))
        .hint(format!("give an .npz archive with one array for each {what}, under the {what}'s name"))
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A table's numbers in the shape of the model's input, when that has more axes than a table.
fn in_shape(x: Tensor, wanted: Option<&TensorType>) -> Result<Tensor> {
    let Some(wanted) = wanted.filter(|ty| ty.shape.rank() > 2) else { return Ok(x) };
    match wanted.shape.with(0, Some(x.dims()[0])).to_known() {
        Some(dims) if dims.iter().product::<usize>() == x.len() => Ok(x.reshape(&dims)?),
        _ => Ok(x),
    }
}

/// What to do about an array whose shape an input cannot take.
fn shape_hint(name: &str, x: &Source, ty: &TensorType) -> Option<String> {
    let (given, wanted) = (x.dims(), ty.shape.dims());
    let fits = |dims: &[usize], wanted: &[Option<usize>]| {
        dims.len() == wanted.len()
            && dims.iter().zip(wanted).all(|(dim, wanted)| wanted.is_none_or(|w| w == *dim))
    };
    let (rows, row) = (given.first().copied().unwrap_or(0), &wanted[wanted.len().min(1)..]);
    if fits(given, row) {
        let shape = x.shape().to_string();
        return Some(format!(
            "one row needs a batch axis too: reshape `{name}` from {shape} to [1, {}",
            &shape[1..]
        ));
    }
    let with_channel: Vec<usize> = given.iter().copied().chain([1]).collect();
    if fits(&with_channel, wanted) {
        return Some(format!("`{name}` lacks the last axis, of size 1: add it (`x[..., None]` in NumPy)"));
    }
    let row_size: usize = given.iter().skip(1).product();
    let wanted_size = row.iter().try_fold(1usize, |product, dim| Some(product * (*dim)?));
    if given.len() == wanted.len() && given.len() == 2 && wanted[1] == Some(rows) && rows > 0 {
        return Some(format!(
            "are rows and columns of `{name}` swapped? the model takes {} numbers a row",
            rows
        ));
    }
    let mut rolled = given.to_vec();
    if rolled.len() > 2 {
        rolled[1..].rotate_left(1);
        if fits(&rolled, wanted) {
            return Some(format!("`{name}` has its channels first; the model takes them last"));
        }
    }
    if rows > 0 && wanted_size == Some(row_size) {
        let shape = ty.shape.with(0, Some(rows));
        return Some(format!("a row has as many numbers as the model takes: reshape `{name}` to {shape}"));
    }
    Some(format!("input `{name}` takes shape {}, the first axis being the rows", ty.shape))
}

#[cfg(test)]
mod tests;
