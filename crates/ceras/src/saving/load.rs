//! Reading models.

use std::cell::RefCell;
use std::panic::Location;
use std::path::Path;

use serde_json::Value;

use super::archive::{Archive, CONFIG, EXTRAS, METADATA, WEIGHTS, WEIGHTS_NPZ};
use super::build::{self, Built, Cx};
use super::compile_config::{self, Unusable};
use super::contract::{self, Extras, State};
use super::custom::CustomObjects;
use super::hdf5::Hdf5;
use super::{formats, legacy, migrate, old_words, safetensors, weights};
use crate::error::{Error, ErrorKind, Result};
use crate::models::Model;

/// What kind of file a model was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A `.keras` file, zipped.
    Keras,
    /// The members of a `.keras` file in a folder.
    KerasFolder,
    /// A whole model in HDF5, as Keras writes `.h5` files.
    Hdf5,
    /// Weights and optimizer state in HDF5, as Keras 3 writes `.weights.h5` files.
    Weights,
    /// Weights in *safetensors*, with the architecture where this library wrote it.
    Safetensors,
    /// Keras' `config.json` alone.
    Config,
}

/// A model with what its file says of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The model.
    pub model: Model,
    /// What kind of file it was.
    pub kind: FileKind,
    /// The Keras that the file says it is from.
    pub keras_version: Option<String>,
    /// What could not be taken over, in words.
    pub warnings: Vec<String>,
}

/// Loads a model.
///
/// Its weights, what it was compiled with and the optimizer's state are those of the file, so that training goes on where it
/// stopped. A loss, metric or optimizer that is not known does not matter before `fit`, which then asks for it.
///
/// # Errors
/// The file cannot be read, is damaged, or is no model; it has layers that are not supported (all are named); a weight is
/// missing or of the wrong shape.
#[track_caller]
pub fn load_model(path: impl AsRef<Path>) -> Result<Model> {
    load(path, &CustomObjects::new()).map(|loaded| loaded.model)
}

/// Loads a model that has layers, losses, metrics or optimizers of the user's own.
///
/// # Errors
/// As [`load_model`].
#[track_caller]
pub fn load_model_with(path: impl AsRef<Path>, custom: &CustomObjects) -> Result<Model> {
    load(path, custom).map(|loaded| loaded.model)
}

/// Loads a model and says what kind of file it was and what could not be taken over.
///
/// # Errors
/// As [`load_model`].
#[track_caller]
pub fn load(path: impl AsRef<Path>, custom: &CustomObjects) -> Result<Loaded> {
    let path = path.as_ref();
    let warnings = RefCell::new(Vec::new());
    let cx = Cx { custom, location: Location::caller(), warnings: &warnings, stored: None };
    let origin = path.display().to_string();
    let loaded = if path.is_dir() {
        from_archive(Archive::Folder(path.to_owned()), FileKind::KerasFolder, &origin, cx)
    } else {
        let bytes = crate::files::read(path)?;
        from_bytes(bytes, &origin, cx)
    };
    let mut loaded = loaded.map_err(|error| error.context(format!("in `{origin}`")))?;
    loaded.warnings.splice(0..0, warnings.take());
    Ok(loaded)
}

/// Loads a model of a file that is in memory.
///
/// # Errors
/// As [`load_model`].
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// use ceras::saving::{CustomObjects, load_bytes};
/// let model = Sequential::new().add(Input::new([4])).add(Dense::new(3)).build()?;
/// let again = load_bytes(model.to_json()?, &CustomObjects::new())?.model;
/// assert_eq!(again.to_json()?, model.to_json()?);
/// # Ok::<(), ceras::Error>(())
/// ```
#[track_caller]
pub fn load_bytes(bytes: impl Into<Vec<u8>>, custom: &CustomObjects) -> Result<Loaded> {
    let warnings = RefCell::new(Vec::new());
    let cx = Cx { custom, location: Location::caller(), warnings: &warnings, stored: None };
    let mut loaded = from_bytes(bytes.into(), "a file in memory", cx)?;
    loaded.warnings.splice(0..0, warnings.take());
    Ok(loaded)
}

fn from_bytes(bytes: Vec<u8>, origin: &str, cx: Cx<'_>) -> Result<Loaded> {
    match &bytes[..] {
        [] => Err(Error::new(ErrorKind::File, "the file is empty")),
        [b'P', b'K', 3 | 5, ..] => from_archive(Archive::open(bytes)?, FileKind::Keras, origin, cx),
        _ if is_hdf5(&bytes) => {
            super::hdf5::check_whole(&bytes)?;
            legacy::read(&Hdf5::open(bytes)?, origin, cx)
        }
        _ if safetensors::is_safetensors(&bytes) => formats::from_safetensors(&bytes, origin, cx),
        bytes if bytes.trim_ascii_start().first() == Some(&b'{') => formats::from_config(bytes, cx),
        _ => Err(Error::new(ErrorKind::File, "this is not a model: neither a zip archive nor HDF5")),
    }
}

/// The model that Keras' `config.json` describes, its weights filled by their initializers, not compiled.
///
/// # Errors
/// Layers that are not supported (all are named), or a config that does not fit.
#[track_caller]
pub fn model_from_config(config: &Value) -> Result<Model> {
    let (custom, warnings) = (CustomObjects::new(), RefCell::default());
    let cx = Cx { custom: &custom, location: Location::caller(), warnings: &warnings, stored: None };
    Model::of_words(build::model(config, cx)?, custom.fresh_limit())
}

/// HDF5 begins with its signature, at the start or after a block of 512 bytes or a doubling of that.
pub(crate) fn is_hdf5(bytes: &[u8]) -> bool {
    const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
    let blocks = std::iter::successors(Some(512), |block: &usize| block.checked_mul(2));
    std::iter::once(0)
        .chain(blocks)
        .take_while(|start| *start < bytes.len())
        .any(|start| bytes[start..].starts_with(SIGNATURE))
}

fn from_archive(mut archive: Archive, kind: FileKind, origin: &str, cx: Cx<'_>) -> Result<Loaded> {
    let Some(config) = archive.member(CONFIG)? else {
        return Err(Error::new(ErrorKind::File, format!("this is not a model: it has no `{CONFIG}`")));
    };
    let mut words = parse_json(&config, CONFIG)?;
    drop(config);
    let keras_version = archive.member(METADATA)?.and_then(|metadata| {
        let metadata: Value = serde_json::from_slice(&metadata).ok()?;
        Some(metadata.get("keras_version")?.as_str()?.to_owned())
    });
    let mut warnings = Vec::new();
    let extras = read_extras(archive.member(EXTRAS)?.as_deref(), &mut warnings);
    old_words::keep_hard_sigmoid(
        &mut words,
        keras_version.as_deref().or(Some("3")),
        extras.1.old_hard_sigmoid,
    );
    let built = build::model(&words, cx)?;
    let mut model = match built {
        waiting @ Built::Waiting(_) => Model::of_words(waiting, cx.custom.fresh_limit())?,
        Built::Ready(architecture) => {
            let file = open_weights(&mut archive)?;
            let mut model = Model::with_values(*architecture, origin, |architecture, variables| {
                let described: Vec<_> = variables.iter().map(super::state::weight).collect();
                weights::read(&file, architecture, &described).into_iter().collect()
            })?;
            let optimizer = weights::read_optimizer(&file)?;
            compile(&mut model, &words, optimizer, cx, &mut warnings)?;
            model
        }
    };
    settle(&mut model, extras)?;
    model.saved.assets = archive.assets()?;
    Ok(Loaded { model, kind, keras_version, warnings })
}

fn open_weights(archive: &mut Archive) -> Result<Hdf5> {
    if let Some(bytes) = archive.member(WEIGHTS)? {
        return Hdf5::open(bytes).map_err(|error| error.context(format!("in member `{WEIGHTS}`")));
    }
    let error = Error::new(ErrorKind::File, format!("the weights are missing: there is no `{WEIGHTS}`"));
    if archive.names().iter().any(|name| name == WEIGHTS_NPZ) {
        return Err(error.hint("this model was saved with `weights_format=\"npz\"`, which cannot be read without running code; save it from Keras without that"));
    }
    Err(error)
}

/// Compiles a model as its file says, and gives the optimizer its state.
pub(crate) fn compile(
    model: &mut Model,
    words: &Value,
    optimizer: Option<Vec<ceras_graph::Tensor>>,
    cx: Cx<'_>,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let Some(words) = words.get("compile_config") else { return Ok(()) };
    let outputs: Vec<String> =
        model.architecture()?.output_names().iter().map(|name| (*name).to_owned()).collect();
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let compiled = compile_config::from_json(&migrate::plain(words.clone()), &outputs, cx.custom)
        .and_then(|compile| compile.map(|compile| model.compile(compile)).transpose());
    match compiled {
        Ok(None) => return Ok(()),
        Ok(Some(())) => {}
        Err(error) => {
            warnings.push(format!("what the model was compiled with cannot be used: {}", error.message()));
            model.saved.unusable = Some(Unusable { words: words.clone(), error });
            return Ok(());
        }
    }
    match optimizer {
        // A kind of file that has no place for it.
        Some(variables) if variables.is_empty() => {}
        Some(variables) => warnings.extend(compile_config::restore_optimizer(model, &variables)?),
        None => warnings.push("the file has no optimizer state; training starts afresh".into()),
    }
    Ok(())
}

/// Reads `ceras.json`, where there is one. Keras' own facts stand elsewhere, so a model is not lost with its extras.
pub(crate) fn read_extras(bytes: Option<&[u8]>, warnings: &mut Vec<String>) -> (Extras, State) {
    let read = bytes.map(|bytes| parse_json(bytes, EXTRAS).and_then(contract::from_json));
    read.unwrap_or_else(|| Ok(Default::default())).unwrap_or_else(|error| {
        warnings.push(error.to_string());
        Default::default()
    })
}

/// Takes over what `ceras.json` says of the model's state.
pub(crate) fn settle(model: &mut Model, (extras, state): (Extras, State)) -> Result<()> {
    model.set_seed_for_training(state.seed);
    model.step = match state.step {
        Some(step) => step,
        // A file of Keras' own: its optimizer has counted the steps.
        None => model
            .compiled()
            .is_ok()
            .then(|| model.optimizer_values())
            .transpose()?
            .map_or(0, |(steps, _)| steps.max(0) as u64),
    };
    for (path, trainable) in state.trainable {
        // A name that is not there any more says nothing.
        let _ = model.set_trainable(&path, trainable);
    }
    model.saved.extras = extras;
    Ok(())
}

/// JSON of a member. Nesting deeper than serde_json's limit of 128 is an error and no stack overflow.
pub(crate) fn parse_json(bytes: &[u8], member: &str) -> Result<Value> {
    let read = serde_json::from_slice(bytes);
    // Python writes numbers that are not finite as bare words, which are no JSON.
    let read = read.or_else(|error| match crate::nonfinite::quoted(bytes) {
        Some(quoted) => serde_json::from_slice(&quoted),
        None => Err(error),
    });
    read.map_err(|error| {
        Error::new(ErrorKind::File, format!("`{member}` is not readable as JSON")).detail(error.to_string())
    })
}
