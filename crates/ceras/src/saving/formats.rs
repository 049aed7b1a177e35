//! The other files that a model or its weights can be in.

use std::path::Path;

use ceras_graph::Tensor;
use serde_json::Value;

use super::archive::{Archive, CONFIG, WEIGHTS};
use super::build::{self, Built, Cx};
use super::custom::CustomObjects;
use super::hdf5::Hdf5;
use super::load::{FileKind, Loaded, compile, is_hdf5, parse_json};
use super::safetensors::{self, CONFIG_KEY, EXTRAS_KEY};
use super::weights::Weight;
use super::{compile_config, legacy, python_json, weights};
use crate::error::{Error, ErrorKind, Result};
use crate::files::write_atomically;
use crate::layers::context::join;
use crate::models::Model;

/// A model that is made of words alone may not ask for more than this: a few words are no reason to fill the memory.
const MAX_FRESH_BYTES: usize = 64 << 30;

impl FileKind {
    /// The kind that the end of a name stands for, for writing: `.keras`, `.weights.h5`, `.h5` or `.hdf5`, `.safetensors`,
    /// `.json`.
    pub fn of_name(path: impl AsRef<Path>) -> Option<FileKind> {
        let name = path.as_ref().file_name()?.to_string_lossy().to_lowercase();
        let ends = [
            (".keras", FileKind::Keras),
            (".weights.h5", FileKind::Weights),
            (".h5", FileKind::Hdf5),
            (".hdf5", FileKind::Hdf5),
            (".safetensors", FileKind::Safetensors),
            (".json", FileKind::Config),
        ];
        ends.into_iter().find(|(end, _)| name.ends_with(end)).map(|(_, kind)| kind)
    }
}

impl Model {
    /// Writes the model, or as much of it as fits into this kind of file.
    ///
    /// `Weights` holds the weights and the optimizer's state, `Safetensors` the weights and the architecture, `Config` the
    /// architecture and what the model was compiled with.
    ///
    /// # Errors
    /// The path cannot be written.
    pub fn save_as(&self, path: impl AsRef<Path>, kind: FileKind) -> Result<()> {
        let bytes = match kind {
            FileKind::Keras => return self.save(path),
            FileKind::KerasFolder => {
                let text = "a folder is not written whole or not at all, so none is written";
                return Err(Error::new(ErrorKind::Unsupported, text).hint("write a `.keras` file"));
            }
            FileKind::Hdf5 => legacy::tree(self)?.to_bytes()?,
            FileKind::Weights => {
                self.architecture()?;
                self.weight_tree()?.to_bytes()?
            }
            FileKind::Safetensors => {
                let named = |(weight, value): (Weight<'_>, Tensor)| (join(weight.path, weight.name), value);
                let tensors: Vec<(String, Tensor)> =
                    self.weights_with_values().into_iter().map(named).collect();
                let metadata = [(CONFIG_KEY, self.to_json()?), (EXTRAS_KEY, self.extras_json(self.extras()))];
                safetensors::write(&tensors, &metadata)?
            }
            FileKind::Config => self.to_json()?.into_bytes(),
        };
        write_atomically(path, |writer| std::io::Write::write_all(writer, &bytes))
    }

    /// Keras' `config.json`: the architecture and what the model was compiled with, without weights.
    ///
    /// # Errors
    /// The names of the layers collide.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([4])).add(Dense::new(3)).build()?;
    /// let again = Model::from_json(&model.to_json()?)?;
    /// assert_eq!(again.to_json()?, model.to_json()?);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn to_json(&self) -> Result<String> {
        Ok(python_json::to_string(&self.config_json()?))
    }

    /// The model of Keras' `config.json`, its weights filled by their initializers.
    ///
    /// # Errors
    /// The text is not such; a layer is not supported.
    #[track_caller]
    pub fn from_json(text: &str) -> Result<Model> {
        let custom = CustomObjects::new();
        let cx = Cx { custom: &custom, location: std::panic::Location::caller() };
        from_config(text.as_bytes(), cx).map(|loaded| loaded.model)
    }

    /// Takes over the weights of a file: of a `.keras` file, a `.weights.h5` file, an HDF5 file of Keras 1 to 3 (by
    /// position: the n-th layer with weights gets those of the file's n-th), or a safetensors file (by name). The
    /// optimizer's state is taken over too, where the file has it and the model is compiled.
    ///
    /// # Errors
    /// The file is damaged, or does not fit; no weight is changed then.
    pub fn load_weights(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let outcome = crate::files::read(path).and_then(|bytes| self.take_weights(bytes));
        outcome.map_err(|error| error.context(format!("in `{}`", path.display())))?;
        self.note_origin(path, |_| true);
        Ok(())
    }

    /// Takes over the weights of those layers that an HDF5 file of Keras 1 to 3 has under the same name, and gives the
    /// names of these layers; the others stay as they are.
    ///
    /// # Errors
    /// The file is damaged or no such file; a layer of the same name has other weights. No weight is changed then.
    pub fn load_weights_by_name(&mut self, path: impl AsRef<Path>) -> Result<Vec<String>> {
        let path = path.as_ref();
        let read = || -> Result<Vec<Option<Tensor>>> {
            let file = Hdf5::open(crate::files::read(path)?)?;
            let group = legacy::weights_group(&file)
                .ok_or_else(|| no_weights("the layers of HDF5 files have names"))?;
            let described: Vec<Weight<'_>> = self.variables().iter().map(super::state::weight).collect();
            legacy::by_name(&file, group, self.architecture()?, &described, &|layer| self.is_trainable(layer))
        };
        let values = read().map_err(|error| error.context(format!("in `{}`", path.display())))?;
        let mut layers = Vec::new();
        for (number, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            self.store.set(number, value)?;
            let layer = self.variables()[number].path.split('/').next().unwrap_or_default().to_owned();
            if layers.last() != Some(&layer) {
                layers.push(layer);
            }
        }
        self.note_origin(path, |number| values[number].is_some());
        Ok(layers)
    }

    fn note_origin(&mut self, path: &Path, taken: impl Fn(usize) -> bool) {
        let origin = format!("loaded from `{}`", path.display());
        (0..self.variables().len()).filter(|&number| taken(number)).for_each(|number| {
            self.store.set_origin(number, &origin);
        });
    }

    fn take_weights(&mut self, bytes: Vec<u8>) -> Result<()> {
        let architecture = std::sync::Arc::clone(self.architecture()?);
        let described: Vec<Weight<'_>> = self.variables().iter().map(super::state::weight).collect();
        if safetensors::is_safetensors(&bytes) {
            let values = by_full_name(&safetensors::read(&bytes)?, &described)?;
            return self.set_weights(&values);
        }
        let file = match &bytes[..] {
            [b'P', b'K', ..] => {
                let member = Archive::open(bytes)?.member(WEIGHTS)?;
                Hdf5::open(member.ok_or_else(|| no_weights(&format!("it has no `{WEIGHTS}`")))?)?
            }
            bytes if is_hdf5(bytes) => Hdf5::open(bytes.to_vec())?,
            _ => return Err(no_weights("it is neither a zip archive nor HDF5 nor safetensors")),
        };
        if let Some(group) = legacy::weights_group(&file) {
            let trainable = |layer: &str| self.is_trainable(layer);
            let values = legacy::by_position(&file, group, &architecture, &described, &trainable)?;
            return self.set_weights(&values);
        }
        let values = weights::read(&file, &architecture, &described)?;
        self.set_weights(&values)?;
        if self.compiled().is_ok()
            && let Some(variables) = weights::read_optimizer(&file)?
        {
            compile_config::restore_optimizer(self, &variables)?;
        }
        Ok(())
    }
}

fn no_weights(detail: &str) -> Error {
    Error::new(ErrorKind::File, "the file holds no weights that can be read").detail(detail)
}

fn by_full_name(file: &safetensors::Tensors, weights: &[Weight<'_>]) -> Result<Vec<Tensor>> {
    let value = |weight: &Weight<'_>| {
        let name = join(weight.path, weight.name);
        let value = file
            .tensors
            .get(&name)
            .ok_or_else(|| Error::new(ErrorKind::File, format!("the file has no tensor `{name}`")))?;
        weights::check_shape(weight, value.dims())?;
        Ok(value.cast(weight.ty.dtype))
    };
    weights.iter().map(value).collect()
}

/// A model of Keras' `config.json` alone.
pub(crate) fn from_config(bytes: &[u8], cx: Cx<'_>) -> Result<Loaded> {
    let words = parse_json(bytes, CONFIG)?;
    let mut warnings = Vec::new();
    let model = match build::model(&words, cx)? {
        Built::Waiting(pending) => Model::unbuilt(pending, 0),
        Built::Ready(architecture) => {
            let described = crate::models::declared(&architecture)?;
            let sizes = described.iter().map(|spec| spec.ty.bytes().unwrap_or(usize::MAX));
            let total = sizes.fold(0usize, usize::saturating_add);
            if total > MAX_FRESH_BYTES {
                let text = format!("the model would have weights of {} GiB", total >> 30);
                return Err(
                    Error::new(ErrorKind::File, text).detail("more than 64 are not made of a config alone")
                );
            }
            let mut model = Model::from_architecture(*architecture, 0)?;
            compile(&mut model, &words, Some(Vec::new()), cx, &mut warnings)?;
            model
        }
    };
    Ok(Loaded { model, kind: FileKind::Config, keras_version: None, warnings })
}

/// A model of a safetensors file that has its architecture.
pub(crate) fn from_safetensors(bytes: &[u8], origin: &str, cx: Cx<'_>) -> Result<Loaded> {
    let file = safetensors::read(bytes)?;
    let Some(config) = file.metadata.get(CONFIG_KEY) else {
        return Err(Error::new(ErrorKind::File, "the file holds weights without an architecture")
            .hint("build the model first, then call `load_weights`"));
    };
    let words: Value = parse_json(config.as_bytes(), CONFIG_KEY)?;
    let mut warnings = Vec::new();
    let mut model = match build::model(&words, cx)? {
        Built::Waiting(pending) => Model::unbuilt(pending, 0),
        Built::Ready(architecture) => {
            let mut model = Model::with_values(*architecture, origin, |_, variables| {
                by_full_name(&file, &variables.iter().map(super::state::weight).collect::<Vec<_>>())
            })?;
            compile(&mut model, &words, Some(Vec::new()), cx, &mut warnings)?;
            model
        }
    };
    let extras = super::load::read_extras(file.metadata.get(EXTRAS_KEY).map(String::as_bytes), &mut warnings);
    super::load::settle(&mut model, extras)?;
    Ok(Loaded { model, kind: FileKind::Safetensors, keras_version: None, warnings })
}
