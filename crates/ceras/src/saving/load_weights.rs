//! Weights out of a file into a model that is there already.

use std::path::Path;

use ceras_graph::Tensor;
use serde_json::Value;

use super::archive::{Archive, WEIGHTS};
use super::hdf5::Hdf5;
use super::load::{is_hdf5, parse_json};
use super::weights::Weight;
use super::{compile_config, legacy, safetensors, weights};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::context::join;
use crate::models::Model;

/// How the weights of a file are matched with those of a model.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// use ceras::saving::{FileKind, LoadWeights};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("base.h5");
/// let base = Sequential::new().add(Input::new([4])).add(Dense::new(8).name("a")).add(Dense::new(3).name("head"));
/// base.build()?.save_as(&path, FileKind::Hdf5)?;
/// let other = Sequential::new().add(Input::new([4])).add(Dense::new(8).name("a")).add(Dense::new(5).name("head"));
/// let mut other = other.build()?;
/// let taken = other.load_weights_with(&path, LoadWeights::new().by_name(true).skip_mismatch(true))?;
/// assert_eq!(taken.layers, ["a"]);
/// assert_eq!(taken.skipped.len(), 1);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadWeights {
    by_name: bool,
    skip_mismatch: bool,
}

impl LoadWeights {
    /// All weights, as the kind of file has them: by place, by position, or by full name.
    #[must_use]
    pub fn new() -> LoadWeights {
        LoadWeights::default()
    }

    /// Only those layers that the file has under the same name. Needs an HDF5 file of whole layers (Keras 1 to 3's `.h5`) or a
    /// safetensors file.
    #[must_use]
    pub fn by_name(mut self, by_name: bool) -> LoadWeights {
        self.by_name = by_name;
        self
    }

    /// Passes over layers whose weights in the file are missing, are another number, or have other shapes.
    #[must_use]
    pub fn skip_mismatch(mut self, skip_mismatch: bool) -> LoadWeights {
        self.skip_mismatch = skip_mismatch;
        self
    }
}

/// What became of the weights of a file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TakenWeights {
    /// The layers of the model itself that have weights of the file now.
    pub layers: Vec<String>,
    /// The layers that were passed over, and why.
    pub skipped: Vec<(String, Error)>,
}

/// The outcome for each weight of a model: `None` where the file has nothing and need not have.
pub(crate) type Outcomes = Vec<Option<Result<Tensor>>>;

impl Model {
    /// Takes over the weights of a file: of a `.keras` file, a `.weights.h5` file (or `.weights.json` with its parts), an HDF5
    /// file of Keras 1 to 3 (by position: the n-th layer with weights gets those of the file's n-th), or a safetensors file
    /// (by name). The optimizer's state is taken over too, where the file has it and the model is compiled.
    ///
    /// # Errors
    /// The file is damaged, or does not fit; no weight is changed then.
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.load_weights_with(path, LoadWeights::new()).map(|_| ())
    }

    /// Takes over the weights of those layers that a file has under the same name, and gives the names of these layers; the
    /// others stay as they are.
    ///
    /// # Errors
    /// The file is damaged or has no names; a layer of the same name has other weights. No weight is changed then.
    pub fn load_weights_by_name(&mut self, path: impl AsRef<Path>) -> Result<Vec<String>> {
        self.load_weights_with(path, LoadWeights::new().by_name(true)).map(|taken| taken.layers)
    }

    /// Takes over the weights of a file, matched as the options say.
    ///
    /// # Errors
    /// The file is damaged, or does not fit. No weight is changed then.
    pub fn load_weights_with(
        &mut self,
        path: impl AsRef<Path>,
        options: LoadWeights,
    ) -> Result<TakenWeights> {
        let path = path.as_ref();
        let read = || -> Result<_> {
            let source = Source::open(path)?;
            let outcomes = source.outcomes(self, options)?;
            Ok((settle(self, outcomes, options.skip_mismatch)?, source))
        };
        let in_file = |error: Error| error.context(format!("in `{}`", path.display()));
        let ((values, mut taken), source) = read().map_err(in_file)?;
        let origin = format!("loaded from `{}`", path.display());
        for (number, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            self.store.set(number, value)?;
            self.store.set_origin(number, &origin);
            let layer = self.variables()[number].path.split('/').next().unwrap_or_default();
            if taken.layers.last().is_none_or(|last| last != layer) {
                taken.layers.push(layer.to_owned());
            }
        }
        if let Source::Weights(file) = &source
            && self.compiled().is_ok()
            && let Some(variables) = weights::read_optimizer(file).map_err(in_file)?
        {
            compile_config::restore_optimizer(self, &variables)?;
        }
        Ok(taken)
    }
}

/// An opened file with weights.
enum Source {
    /// Layers in Keras 3's places.
    Weights(Hdf5),
    /// Layers in groups by their names; the group around them.
    Layers(Hdf5, &'static str),
    /// Tensors by their full names.
    Tensors(safetensors::Tensors),
}

impl Source {
    fn open(path: &Path) -> Result<Source> {
        if path.is_dir() {
            return Source::archive(Archive::Folder(path.to_owned()));
        }
        let bytes = crate::files::read(path)?;
        if safetensors::is_safetensors(&bytes) {
            return safetensors::read(&bytes).map(Source::Tensors);
        }
        match &bytes[..] {
            [b'P', b'K', ..] => Source::archive(Archive::open(bytes)?),
            _ if is_hdf5(&bytes) => Hdf5::open(bytes).map(Source::hdf5),
            text if text.trim_ascii_start().first() == Some(&b'{') => {
                shards(text, path.parent().unwrap_or(Path::new(""))).map(Source::Weights)
            }
            _ => Err(no_weights("it is neither a zip archive nor HDF5 nor safetensors")),
        }
    }

    fn archive(mut archive: Archive) -> Result<Source> {
        let member = archive.member(WEIGHTS)?;
        Hdf5::open(member.ok_or_else(|| no_weights(&format!("it has no `{WEIGHTS}`")))?).map(Source::hdf5)
    }

    fn hdf5(file: Hdf5) -> Source {
        match legacy::weights_group(&file) {
            Some(group) => Source::Layers(file, group),
            None => Source::Weights(file),
        }
    }

    fn outcomes(&self, model: &Model, options: LoadWeights) -> Result<Outcomes> {
        let architecture = model.architecture()?;
        let described: Vec<Weight<'_>> = model.variables().iter().map(super::state::weight).collect();
        let trainable = |layer: &str| model.is_trainable(layer);
        Ok(match self {
            Source::Weights(_) if options.by_name => {
                return Err(no_weights(
                    "this kind of file does not say which layer a weight belongs to by name",
                ));
            }
            Source::Weights(file) => {
                weights::read(file, architecture, &described).into_iter().map(Some).collect()
            }
            Source::Layers(file, group) if options.by_name => {
                legacy::by_name(file, group, architecture, &described, &trainable)?
            }
            Source::Layers(file, group) => {
                legacy::by_position(file, group, architecture, &described, &trainable)?
            }
            Source::Tensors(file) => {
                let there = |weight: &Weight<'_>| {
                    !options.by_name || file.tensors.contains_key(&join(weight.path, weight.name))
                };
                described.iter().map(|weight| there(weight).then(|| by_full_name(file, weight))).collect()
            }
        })
    }
}

fn no_weights(detail: &str) -> Error {
    Error::new(ErrorKind::File, "the file holds no weights that can be read").detail(detail)
}

/// The value of a weight in a safetensors file.
pub(crate) fn by_full_name(file: &safetensors::Tensors, weight: &Weight<'_>) -> Result<Tensor> {
    let name = join(weight.path, weight.name);
    let missing = || Error::new(ErrorKind::File, format!("the file has no tensor `{name}`"));
    let value = file.tensors.get(&name).ok_or_else(missing)?;
    weights::check_shape(weight, value.dims())?;
    Ok(value.cast(weight.ty.dtype))
}

/// The values to take over. Where mismatches are passed over, a layer is taken whole or not at all.
fn settle(
    model: &Model,
    outcomes: Outcomes,
    skip_mismatch: bool,
) -> Result<(Vec<Option<Tensor>>, TakenWeights)> {
    let mut taken = TakenWeights::default();
    let mut values = Vec::with_capacity(outcomes.len());
    for (outcome, variable) in outcomes.into_iter().zip(model.variables()) {
        values.push(match outcome.transpose() {
            Ok(value) => value,
            Err(error) if !skip_mismatch => return Err(error),
            Err(error) => {
                if taken.skipped.last().is_none_or(|(layer, _)| *layer != variable.path) {
                    taken.skipped.push((variable.path.clone(), error));
                }
                None
            }
        });
    }
    for (value, variable) in values.iter_mut().zip(model.variables()) {
        if taken.skipped.iter().any(|(layer, _)| *layer == variable.path) {
            *value = None;
        }
    }
    Ok((values, taken))
}

/// The parts that a `.weights.json` lists, as one file. They lie beside it: names that lead elsewhere are refused.
fn shards(text: &[u8], folder: &Path) -> Result<Hdf5> {
    let list = parse_json(text, "weights.json")?;
    let Some(map) = list.get("weight_map").and_then(Value::as_object) else {
        return Err(no_weights("it is JSON without a `weight_map`"));
    };
    let mut names: Vec<&str> = Vec::new();
    for value in map.values() {
        let listed = match value {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        };
        for name in listed {
            let name = name.as_str().ok_or_else(|| no_weights("a name in its `weight_map` is no text"))?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.sort_unstable();
    let mut parts = Vec::with_capacity(names.len());
    for name in names {
        if name.is_empty() || name == ".." || name.contains(['/', '\\', ':', '\0']) {
            return Err(no_weights(&format!("its `weight_map` names `{name}`, which is no file beside it")));
        }
        let open = || Hdf5::open(crate::files::read(folder.join(name))?);
        parts.push(open().map_err(|error| error.context(format!("in its part `{name}`")))?);
    }
    Hdf5::joined(parts).ok_or_else(|| no_weights("its `weight_map` is empty"))
}
