//! What stands in a file, read piece by piece, so that a damaged piece does not hide the others.

use std::path::Path;

use ceras_graph::Tensor;
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind, Result};
use crate::saving::archive::{Archive, CONFIG, EXTRAS, METADATA, WEIGHTS, WEIGHTS_NPZ};
use crate::saving::hdf5::Hdf5;
use crate::saving::load::{FileKind, is_hdf5, parse_json};
use crate::saving::safetensors::{self, CONFIG_KEY, EXTRAS_KEY};

/// Groups deeper than this, or more of them than that, are a circle or a trap.
const MAX_DEPTH: usize = 64;
const MAX_GROUPS: usize = 100_000;

/// The pieces of a file.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) kind: Option<FileKind>,
    pub(crate) bytes: u64,
    pub(crate) keras_version: Option<String>,
    pub(crate) date_saved: Option<String>,
    /// Members of an archive with their sizes.
    pub(crate) members: Vec<(String, u64)>,
    /// The model's envelope, with `compile_config` where it was compiled.
    pub(crate) config: Option<Value>,
    pub(crate) extras: Option<Value>,
    pub(crate) weights: Vec<(String, Tensor)>,
    pub(crate) optimizer: Vec<(String, Tensor)>,
    /// What could not be read or is not as it should be.
    pub(crate) problems: Vec<String>,
}

impl Contents {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read at all, or is no kind of file that holds a model or weights.
    pub(crate) fn read(path: &Path) -> Result<Contents> {
        let mut contents = Contents::default();
        if path.is_dir() {
            contents.kind = Some(FileKind::KerasFolder);
            contents.archive(Archive::Folder(path.to_owned()));
            if contents.config.is_none() && contents.weights.is_empty() {
                return Err(no_model().detail(format!("the folder has no `{CONFIG}`")));
            }
            return Ok(contents);
        }
        let bytes = crate::files::read(path)?;
        contents.bytes = bytes.len() as u64;
        contents.fill(bytes).map_err(|error| error.context(format!("in `{}`", path.display())))?;
        Ok(contents)
    }

    fn fill(&mut self, bytes: Vec<u8>) -> Result<()> {
        match &bytes[..] {
            [] => return Err(Error::new(ErrorKind::File, "the file is empty")),
            [b'P', b'K', 3 | 5, ..] => {
                self.kind = Some(FileKind::Keras);
                self.archive(Archive::open(bytes)?);
            }
            _ if is_hdf5(&bytes) => self.hdf5(&Hdf5::open(bytes)?),
            _ if safetensors::is_safetensors(&bytes) => self.safetensors(&bytes)?,
            bytes if bytes.trim_ascii_start().first() == Some(&b'{') => {
                self.kind = Some(FileKind::Config);
                self.config = Some(parse_json(bytes, CONFIG)?);
            }
            _ => return Err(no_model().detail("it is neither a zip archive nor HDF5, safetensors or JSON")),
        }
        Ok(())
    }

    fn archive(&mut self, mut archive: Archive) {
        for name in archive.names() {
            let size = archive.size(&name);
            self.members.push((name, size));
        }
        if let Some(metadata) = self.json(&mut archive, METADATA) {
            let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
            (self.keras_version, self.date_saved) = (text("keras_version"), text("date_saved"));
        }
        self.config = self.json(&mut archive, CONFIG);
        self.extras = self.json(&mut archive, EXTRAS);
        match archive.member(WEIGHTS) {
            Ok(Some(bytes)) => match Hdf5::open(bytes) {
                Ok(file) => self.tensors(&file),
                Err(error) => self.problems.push(format!("`{WEIGHTS}`: {}", in_one_line(&error))),
            },
            Ok(None) if archive.names().iter().any(|name| name == WEIGHTS_NPZ) => self
                .problems
                .push(format!("`{WEIGHTS_NPZ}` holds pickled Python objects, which are never unpacked")),
            Ok(None) => self.problems.push(format!("there is no `{WEIGHTS}`: the weights are missing")),
            Err(error) => self.problems.push(in_one_line(&error)),
        }
    }

    fn json(&mut self, archive: &mut Archive, member: &str) -> Option<Value> {
        let read = archive.member(member).and_then(|bytes| match bytes {
            Some(bytes) => parse_json(&bytes, member).map(Some),
            None => Ok(None),
        });
        read.unwrap_or_else(|error| {
            self.problems.push(in_one_line(&error));
            None
        })
    }

    fn hdf5(&mut self, file: &Hdf5) {
        self.keras_version =
            file.text("", "keras_version").or_else(|| file.text("model_weights", "keras_version"));
        let mut attribute = |name: &str| -> Option<Value> {
            let text = file.text("", name)?;
            parse_json(text.as_bytes(), name).map_err(|error| self.problems.push(in_one_line(&error))).ok()
        };
        let config = attribute("model_config");
        let training = attribute("training_config");
        self.extras = attribute(crate::saving::legacy::EXTRAS_ATTRIBUTE);
        self.kind = Some(if config.is_some() { FileKind::Hdf5 } else { FileKind::Weights });
        self.config = config.map(|mut config| {
            if let (Some(map), Some(mut training)) = (config.as_object_mut(), training) {
                if let Some(words) = training.as_object_mut()
                    && let Some(optimizer) = words.shift_remove("optimizer_config")
                {
                    words.insert("optimizer".into(), optimizer);
                }
                map.insert("compile_config".into(), training);
            }
            config
        });
        self.tensors(file);
    }

    /// All data sets of an HDF5 file.
    fn tensors(&mut self, file: &Hdf5) {
        let mut groups = vec![(String::new(), 0)];
        let mut seen = 0;
        while let Some((group, depth)) = groups.pop() {
            seen += 1;
            if depth > MAX_DEPTH || seen > MAX_GROUPS {
                self.problems
                    .push("the groups of the HDF5 file lead in a circle, or there are far too many".into());
                return;
            }
            match file.datasets(&group) {
                Ok(mut names) => {
                    sort_by_number(&mut names);
                    names.iter().for_each(|name| self.tensor(file, &joined(&group, name)));
                }
                Err(error) => self.problems.push(in_one_line(&error)),
            }
            match file.groups(&group) {
                Ok(mut names) => {
                    sort_by_number(&mut names);
                    groups.extend(names.into_iter().rev().map(|name| (joined(&group, &name), depth + 1)));
                }
                Err(error) => self.problems.push(in_one_line(&error)),
            }
        }
    }

    fn tensor(&mut self, file: &Hdf5, path: &str) {
        match file.tensor(path) {
            Ok(tensor) => {
                let list =
                    if path.starts_with("optimizer") { &mut self.optimizer } else { &mut self.weights };
                list.push((path.to_owned(), tensor));
            }
            Err(error) => self.problems.push(in_one_line(&error)),
        }
    }

    fn safetensors(&mut self, bytes: &[u8]) -> Result<()> {
        self.kind = Some(FileKind::Safetensors);
        let file = safetensors::read(bytes)?;
        let mut metadata = |key: &str| -> Option<Value> {
            let text = file.metadata.get(key)?;
            parse_json(text.as_bytes(), key).map_err(|error| self.problems.push(in_one_line(&error))).ok()
        };
        (self.config, self.extras) = (metadata(CONFIG_KEY), metadata(EXTRAS_KEY));
        self.weights = file.tensors.into_iter().collect();
        self.weights.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(())
    }

    /// What the model was compiled with, in the file's words; null where it was not.
    pub(crate) fn compile(&self) -> Value {
        let words = self.config.as_ref().and_then(|config| config.get("compile_config"));
        match words {
            Some(Value::Object(map)) if !map.is_empty() => json!(map),
            _ => Value::Null,
        }
    }
}

fn no_model() -> Error {
    Error::new(ErrorKind::File, "this is neither a model nor weights")
}

fn joined(group: &str, name: &str) -> String {
    crate::layers::context::join(group, name)
}

/// Names in order, with `10` after `9`.
fn sort_by_number(names: &mut [String]) {
    names.sort_by(|a, b| match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    });
}

/// An error without its hint in one line.
pub(crate) fn in_one_line(error: &Error) -> String {
    let places = error.details().iter().chain(error.contexts()).map(String::as_str);
    std::iter::once(error.message()).chain(places).collect::<Vec<_>>().join(", ").replace('\n', " ")
}
