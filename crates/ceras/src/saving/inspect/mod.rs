//! Looking into a file without running anything of it: also one that is damaged, that has layers which are not supported,
//! or that holds weights alone.

use std::fmt;
use std::panic::Location;
use std::path::Path;

use serde_json::Value;

use super::build::{self, Built, Cx};
use super::custom::CustomObjects;
use super::load::FileKind;
use crate::data::text_table::{Align, align, short};
use crate::error::{Error, Result};
use crate::models::{Architecture, readable, thousands};

pub(crate) mod contents;
mod layers;
mod suspicious;

use contents::Contents;
pub use layers::InspectedLayer;

/// What is in a file. Its [`Display`](fmt::Display) is for people.
#[derive(Debug)]
pub struct Inspection {
    /// The layers in the file's order, those of nested models after the model that they are in.
    pub layers: Vec<InspectedLayer>,
    /// What looks odd or dangerous, a line each.
    pub suspicious: Vec<String>,
    /// Why the model cannot be run here; `None` when it can, or when the file holds no model.
    pub obstacle: Option<Error>,
    contents: Contents,
    name: String,
}

/// Looks into a file.
///
/// # Errors
/// It cannot be read at all, or holds neither a model nor weights.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// use ceras::saving::inspect;
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("model.keras");
/// Sequential::new().add(Input::new([4])).add(Dense::new(3)).build()?.save(&path)?;
/// let inspection = inspect(&path)?;
/// assert!(inspection.suspicious.is_empty() && inspection.obstacle.is_none());
/// assert!(inspection.to_string().contains("dense"));
/// # Ok::<(), ceras::Error>(())
/// ```
pub fn inspect(path: impl AsRef<Path>) -> Result<Inspection> {
    let path = path.as_ref();
    let origin = path.display().to_string();
    let contents = Contents::read(path)?;
    let custom = CustomObjects::new();
    let warnings = std::cell::RefCell::default();
    let stored = |layer: &str, weight: &str| {
        let (group, weight) = (format!("/{layer}/"), format!("/{weight}"));
        let is_it = |name: &str| {
            name.contains(&group) && name.rfind('/').is_some_and(|at| name[at..].starts_with(&weight))
        };
        let found = contents.weights.iter().find(|(name, _)| is_it(name));
        found.map(|(_, tensor)| tensor.dims().to_vec())
    };
    let cx = Cx { custom: &custom, location: Location::caller(), warnings: &warnings, stored: Some(&stored) };
    let built = contents.config.as_ref().map(|config| build::model(config, cx));
    let (architecture, mut obstacle): (Option<Box<Architecture>>, Option<Error>) = match built {
        Some(Ok(Built::Ready(architecture))) => (Some(architecture), None),
        Some(Err(error)) => (None, Some(error)),
        _ => (None, None),
    };
    // A config alone would get fresh weights, however large it says that they are.
    if obstacle.is_none() && contents.config.is_some() && contents.kind != Some(FileKind::Config) {
        obstacle = super::load::load(path, &custom).err();
    }
    let alone = contents.kind == Some(FileKind::Config);
    let mut reader = layers::Reader {
        kind: contents.kind,
        declared: architecture.as_deref().filter(|_| alone).map(layers::declared).unwrap_or_default(),
        weights: &contents.weights,
        architecture: architecture.as_deref(),
        layers: Vec::new(),
        problems: Vec::new(),
    };
    if let Some(config) = &contents.config {
        reader.model(config);
    }
    let (layers, problems) = (reader.layers, reader.problems);
    let mut suspicious = suspicious::find(&contents, &layers);
    suspicious.extend(problems);
    Ok(Inspection { layers, suspicious, obstacle, contents, name: origin })
}

impl Inspection {
    /// What kind of file it is.
    pub fn kind(&self) -> Option<FileKind> {
        self.contents.kind
    }

    /// The Keras that the file says it is from.
    pub fn keras_version(&self) -> Option<&str> {
        self.contents.keras_version.as_deref()
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let contents = &self.contents;
        let kind = match contents.kind {
            Some(FileKind::Keras) => "Keras archive (.keras)",
            Some(FileKind::KerasFolder) => "Keras archive as a folder",
            Some(FileKind::Hdf5) => "whole model in HDF5 (.h5)",
            Some(FileKind::Weights) => "weights alone in HDF5",
            Some(FileKind::Safetensors) if contents.config.is_none() => "weights alone in safetensors",
            Some(FileKind::Safetensors) => "weights and architecture in safetensors",
            Some(FileKind::Config) => "architecture alone in JSON",
            None => "not known",
        };
        let mut facts = vec![("File", self.name.clone()), ("Kind", kind.to_owned())];
        if contents.bytes > 0 {
            facts.push(("Size", readable(contents.bytes as usize)));
        }
        let date = contents
            .date_saved
            .as_ref()
            .filter(|date| *date != super::save::NO_DATE)
            .map(|date| format!(", saved {date}"))
            .unwrap_or_default();
        facts.push(("Keras", contents.keras_version.as_deref().unwrap_or("not said").to_owned() + &date));
        if !contents.members.is_empty() {
            let member = |(name, size): &(String, u64)| format!("{name} ({})", readable(*size as usize));
            facts.push(("Members", contents.members.iter().map(member).collect::<Vec<_>>().join(", ")));
        }
        if let Some(config) = &contents.config {
            let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str).unwrap_or("?");
            let plural = if self.layers.len() == 1 { "" } else { "s" };
            let name = text("/config/name");
            let class_name = text("/class_name");
            facts.push(("Model", format!("`{name}` ({class_name}), {} layer{plural}", self.layers.len())));
            let runs = match &self.obstacle {
                None => "yes".to_owned(),
                Some(error) => format!("no: {}", error.message()),
            };
            facts.push(("Runs here", runs));
        }
        facts.extend(compile_facts(&contents.compile(), &contents.optimizer));
        facts.push(("Extras", extras_fact(contents.extras.as_ref())));
        facts
    }

    fn layer_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![["Layer", "Class", "Output shape", "Params", ""].map(str::to_owned).to_vec()];
        for layer in &self.layers {
            let depth = layer.path.matches('/').count();
            let name = layer.path.rsplit('/').next().unwrap_or_default();
            let note = if layer.supported { "" } else { "not supported" };
            rows.push(vec![
                format!("{}{name}", "  ".repeat(depth)),
                layer.class_name.clone(),
                layer.shape.clone(),
                thousands(layer.params),
                note.to_owned(),
            ]);
        }
        rows
    }

    fn weight_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![["Tensor", "Type", "Shape", "Smallest", "Largest"].map(str::to_owned).to_vec()];
        for (name, tensor) in &self.contents.weights {
            let values = tensor.to_f64();
            let finite = values.iter().copied().filter(|value| value.is_finite());
            let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            let number = |value: f64| if value.is_finite() { short(value) } else { "-".to_owned() };
            let (name, shape) = (name.clone(), tensor.shape().to_string());
            rows.push(vec![name, tensor.dtype().to_string(), shape, number(low), number(high)]);
        }
        rows
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in self.facts() {
            writeln!(f, "{key:<10} {}", value.replace(char::is_control, " "))?;
        }
        if !self.layers.is_empty() {
            let aligns = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Left];
            writeln!(f, "\n{}", align(&self.layer_rows(), &aligns))?;
        }
        let weights = &self.contents.weights;
        if !weights.is_empty() {
            let numbers: usize = weights.iter().map(|(_, tensor)| tensor.len()).sum();
            let bytes: usize = weights.iter().map(|(_, tensor)| tensor.bytes().len()).sum();
            let aligns = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Right];
            writeln!(f, "\n{}", align(&self.weight_rows(), &aligns))?;
            let plural = if weights.len() == 1 { "" } else { "s" };
            let count = thousands(numbers);
            writeln!(f, "{count} numbers in {} tensor{plural}, {}", weights.len(), readable(bytes))?;
        }
        if let Some(error) = &self.obstacle {
            writeln!(f, "\nIt cannot be run here:\n  {}", error.to_string().replace('\n', "\n  "))?;
        }
        if self.suspicious.is_empty() {
            return writeln!(f, "\nNothing suspicious");
        }
        writeln!(f, "\nSuspicious:")?;
        let line = |text: &String| format!("  - {}", text.replace(char::is_control, " "));
        self.suspicious.iter().try_for_each(|text| writeln!(f, "{}", line(text)))
    }
}

/// What the model was compiled with, in a few words.
fn compile_facts(words: &Value, variables: &[(String, ceras_graph::Tensor)]) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let optimizer = words.get("optimizer").filter(|optimizer| !optimizer.is_null());
    let rate = optimizer.and_then(|optimizer| {
        let rate = optimizer.pointer("/config/learning_rate").or_else(|| optimizer.pointer("/config/lr"))?;
        let text = rate.as_f64().map_or_else(|| name_of(rate), short);
        Some(format!(", learning rate {text}"))
    });
    let state = match variables {
        [] => ", no state".to_owned(),
        variables => {
            let steps = variables.iter().find(|(_, tensor)| tensor.len() == 1 && !tensor.dtype().is_float());
            let steps =
                steps.map(|(_, tensor)| format!(", {} steps done", tensor.to_f64()[0])).unwrap_or_default();
            format!("{steps}, {} variables", variables.len())
        }
    };
    let optimizer = match (optimizer, variables.is_empty()) {
        (Some(optimizer), _) => format!("{}{}{state}", name_of(optimizer), rate.unwrap_or_default()),
        (None, false) => format!("of a kind that is not said{state}"),
        (None, true) => "none".to_owned(),
    };
    facts.push(("Optimizer", optimizer));
    for (key, title) in [("loss", "Loss"), ("metrics", "Metrics"), ("weighted_metrics", "Weighted")] {
        if let Some(value) = words.get(key).filter(|value| !value.is_null()) {
            facts.push((title, name_of(value)));
        }
    }
    facts
}

/// What a value of a config is called.
fn name_of(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(name_of).collect::<Vec<_>>().join(", "),
        Value::Object(map) => match map.get("class_name").and_then(Value::as_str) {
            Some("function") => map.get("config").map(name_of).unwrap_or_default(),
            // Keras 2.11 to 2.15 registered its own optimizers as if they were somebody else's.
            Some(class_name) => class_name.strip_prefix("Custom>").unwrap_or(class_name).to_owned(),
            None => map
                .iter()
                .map(|(key, value)| format!("{key}: {}", name_of(value)))
                .collect::<Vec<_>>()
                .join(", "),
        },
        other => other.to_string(),
    }
}

fn extras_fact(extras: Option<&Value>) -> String {
    let Some(extras) = extras else { return "none".to_owned() };
    let count = |pointer: &str| extras.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
    let mut parts = Vec::new();
    if let Some(version) = extras.get("ceras_version").and_then(Value::as_str) {
        parts.push(format!("written by ceras {version}"));
    }
    if let Some(target) = extras.pointer("/contract/target").and_then(Value::as_str) {
        let (features, classes) = (count("/contract/features"), count("/contract/classes"));
        let classes = if classes > 0 { format!(", {classes} classes") } else { String::new() };
        parts.push(format!("predicts `{target}` from {features} columns{classes}"));
    }
    if extras.get("history").is_some() {
        parts.push(format!("history of {} epochs", count("/history/epoch")));
    }
    for key in ["seed", "step"] {
        if let Some(number) = extras.get(key).and_then(Value::as_u64) {
            parts.push(format!("{key} {number}"));
        }
    }
    if parts.is_empty() { "there are some".to_owned() } else { parts.join("; ") }
}
