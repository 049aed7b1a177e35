//! The other files that a model or its weights can be in.

use std::path::Path;

use ceras_graph::Tensor;
use serde_json::Value;

use super::archive::CONFIG;
use super::build::{self, Built, Cx};
use super::custom::CustomObjects;
use super::load::{FileKind, Loaded, compile, parse_json};
use super::load_weights::by_full_name;
use super::safetensors::{self, CONFIG_KEY, EXTRAS_KEY};
use super::weights::Weight;
use super::{legacy, python_json};
use crate::error::{Error, ErrorKind, Result};
use crate::files::write_atomically;
use crate::layers::context::join;
use crate::models::Model;

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
                let metadata = [
                    (CONFIG_KEY, python_json::to_string(&self.config_json()?)),
                    (EXTRAS_KEY, self.extras_json(self.extras())),
                ];
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
        Ok(python_json::to_string(&self.keras_config()?.0))
    }

    /// The model of Keras' `config.json`, its weights filled by their initializers.
    ///
    /// # Errors
    /// The text is not such; a layer is not supported.
    #[track_caller]
    pub fn from_json(text: &str) -> Result<Model> {
        let (custom, warnings) = (CustomObjects::new(), std::cell::RefCell::default());
        let cx = Cx {
            custom: &custom,
            location: std::panic::Location::caller(),
            warnings: &warnings,
            stored: None,
        };
        from_config(text.as_bytes(), cx).map(|loaded| loaded.model)
    }
}

/// A model of Keras' `config.json` alone.
pub(crate) fn from_config(bytes: &[u8], cx: Cx<'_>) -> Result<Loaded> {
    let words = parse_json(bytes, CONFIG)?;
    if words.get("weight_map").is_some() {
        let text = "the file lists parts with weights, and has no architecture";
        return Err(Error::new(ErrorKind::File, text).hint(
            "build the model first, then call `load_weights`; `ceras inspect` lists what the file holds",
        ));
    }
    let mut warnings = Vec::new();
    let mut model = Model::of_words(build::model(&words, cx)?, cx.custom.fresh_limit())?;
    if model.is_built() {
        compile(&mut model, &words, Some(Vec::new()), cx, &mut warnings)?;
    }
    Ok(Loaded { model, kind: FileKind::Config, keras_version: None, warnings })
}

/// A model of a safetensors file that has its architecture.
pub(crate) fn from_safetensors(bytes: &[u8], origin: &str, cx: Cx<'_>) -> Result<Loaded> {
    let file = safetensors::read(bytes)?;
    let Some(config) = file.metadata.get(CONFIG_KEY) else {
        return Err(Error::new(ErrorKind::File, "the file holds weights without an architecture").hint(
            "build the model first, then call `load_weights`; `ceras inspect` lists what the file holds",
        ));
    };
    let words: Value = parse_json(config.as_bytes(), CONFIG_KEY)?;
    let mut warnings = Vec::new();
    let mut model = match build::model(&words, cx)? {
        waiting @ Built::Waiting(_) => Model::of_words(waiting, cx.custom.fresh_limit())?,
        Built::Ready(architecture) => {
            let mut model = Model::with_values(*architecture, origin, |_, variables| {
                variables.iter().map(|one| by_full_name(&file, &super::state::weight(one))).collect()
            })?;
            compile(&mut model, &words, Some(Vec::new()), cx, &mut warnings)?;
            model
        }
    };
    let extras = super::load::read_extras(file.metadata.get(EXTRAS_KEY).map(String::as_bytes), &mut warnings);
    super::load::settle(&mut model, extras)?;
    Ok(Loaded { model, kind: FileKind::Safetensors, keras_version: None, warnings })
}
