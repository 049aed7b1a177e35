//! What is different between two files of models.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use ceras_graph::Tensor;
use serde_json::{Map, Value, json};

use super::contract;
use super::custom::CustomObjects;
use super::inspect::contents::Contents;
use super::load;
use crate::data::text_table::short;
use crate::error::Result;
use crate::layers::context::join;
use crate::losses::LossRef;
use crate::models::Model;

/// What is different between two files. Its [`Display`](fmt::Display) is for people: nothing when they are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Layers and their configs.
    pub config: Vec<String>,
    /// Weights, each with the largest difference.
    pub weights: Vec<String>,
    /// Steps done, learning rate and slots.
    pub optimizer: Vec<String>,
    /// Loss, metrics, the optimizer's config.
    pub compile: Vec<String>,
    /// Contract, history, seed and the like.
    pub extras: Vec<String>,
}

/// Compares two files of models, which may be of different kinds: a `.keras` file and an `.h5` file of the same model are
/// the same. Where one of them cannot be run here, what stands in the files is compared as it is.
///
/// # Errors
/// A file cannot be read or is no model.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// use ceras::saving::diff;
/// # let folder = tempfile::tempdir().unwrap();
/// # let (a, b) = (folder.path().join("a.keras"), folder.path().join("b.h5"));
/// let mut model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build()?;
/// model.save(&a)?;
/// model.save_as(&b, ceras::saving::FileKind::Hdf5)?;
/// assert!(diff(&a, &b)?.is_empty());
/// # Ok::<(), ceras::Error>(())
/// ```
pub fn diff(a: impl AsRef<Path>, b: impl AsRef<Path>) -> Result<Difference> {
    let (a, b) = (a.as_ref(), b.as_ref());
    let custom = CustomObjects::new();
    let (left, right) = match (load(a, &custom), load(b, &custom)) {
        (Ok(left), Ok(right)) => (Side::of_model(&left.model)?, Side::of_model(&right.model)?),
        _ => (Side::of_file(a)?, Side::of_file(b)?),
    };
    Ok(left.against(&right))
}

impl Difference {
    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.parts().iter().all(|(_, lines)| lines.is_empty())
    }

    fn parts(&self) -> [(&'static str, &[String]); 5] {
        [
            ("Config", &self.config),
            ("Weights", &self.weights),
            ("Optimizer", &self.optimizer),
            ("Compile", &self.compile),
            ("Extras", &self.extras),
        ]
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, lines) in self.parts().into_iter().filter(|(_, lines)| !lines.is_empty()) {
            writeln!(f, "{title}")?;
            for line in lines {
                writeln!(f, "  {}", line.replace(char::is_control, " "))?;
            }
        }
        Ok(())
    }
}

/// A file to be compared.
struct Side {
    config: Value,
    compile: Value,
    weights: Vec<(String, Tensor)>,
    optimizer: Vec<(String, Tensor)>,
    extras: Value,
}

impl Side {
    fn of_model(model: &Model) -> Result<Side> {
        let mut config = model.config_json()?;
        let compile = config.as_object_mut().and_then(|map| map.shift_remove("compile_config"));
        let named = model.weights_with_values().into_iter();
        let weights = named.map(|(weight, value)| (join(weight.path, weight.name), value)).collect();
        let mut extras = contract::to_json(model.extras(), &model.state_to_save());
        without_provenance(&mut extras);
        // A loss by name and the object of that name are the same.
        let losses = model.compiled().map(|compiled| {
            compiled.losses.iter().map(|loss| loss.as_ref().map(LossRef::to_json)).collect::<Value>()
        });
        let compile = compile.map(|mut words| {
            if let (Some(map), Ok(losses)) = (words.as_object_mut(), losses) {
                let losses = match losses.as_array().map(Vec::as_slice) {
                    Some([one]) => one.clone(),
                    _ => losses,
                };
                map.insert("loss".into(), losses);
            }
            words
        });
        let compile = compile.filter(|words| words.as_object().is_none_or(|map| !map.is_empty()));
        Ok(Side {
            config,
            compile: compile.unwrap_or(Value::Null),
            weights,
            optimizer: optimizer(model)?,
            extras,
        })
    }

    fn of_file(path: &Path) -> Result<Side> {
        let contents = Contents::read(path)?;
        let compile = contents.compile();
        let mut config = contents.config.unwrap_or(Value::Null);
        if let Some(map) = config.as_object_mut() {
            map.shift_remove("compile_config");
        }
        let mut extras = contents.extras.unwrap_or_else(|| json!({}));
        without_provenance(&mut extras);
        Ok(Side { config, compile, weights: contents.weights, optimizer: contents.optimizer, extras })
    }

    fn against(&self, other: &Side) -> Difference {
        let mut difference = Difference {
            weights: tensors(&self.weights, &other.weights),
            optimizer: tensors(&self.optimizer, &other.optimizer),
            ..Difference::default()
        };
        values("", &self.config, &other.config, &mut difference.config);
        values("", &self.compile, &other.compile, &mut difference.compile);
        let (mut left, mut right) = (self.extras.clone(), other.extras.clone());
        difference.extras.extend(histories(take_history(&mut left), take_history(&mut right)));
        values("", &left, &right, &mut difference.extras);
        difference
    }
}

/// Which program wrote a file, on what machine, is no difference of the model.
fn without_provenance(extras: &mut Value) {
    if let Some(map) = extras.as_object_mut() {
        ["version", "ceras_version", "isa"].iter().for_each(|key| {
            map.shift_remove(*key);
        });
    }
}

fn take_history(extras: &mut Value) -> Value {
    extras.as_object_mut().and_then(|map| map.shift_remove("history")).unwrap_or(Value::Null)
}

/// How two histories differ, in one line: their numbers would be a page.
fn histories(a: Value, b: Value) -> Option<String> {
    let epochs = |history: &Value| history.get("epoch").and_then(Value::as_array).map_or(0, Vec::len);
    let (left, right) = (epochs(&a), epochs(&b));
    match (a == b, left == right) {
        (true, _) => None,
        (false, true) => Some(format!("history: other numbers in its {left} epochs")),
        (false, false) => Some(format!("history: {left} epochs | {right} epochs")),
    }
}

/// The optimizer's variables under names that people know.
fn optimizer(model: &Model) -> Result<Vec<(String, Tensor)>> {
    let Ok(compiled) = model.compiled() else { return Ok(Vec::new()) };
    if !model.is_built() {
        return Ok(Vec::new());
    }
    let (iterations, values) = model.optimizer_values()?;
    let mut variables = vec![("steps done".to_owned(), Tensor::scalar(iterations))];
    if !compiled.optimizer.common().is_scheduled() {
        variables.push(("learning rate".to_owned(), Tensor::scalar(model.learning_rate()? as f32)));
    }
    let weights = model.optimized(&model.trainable_numbers());
    for (slot, value) in compiled.optimizer.layout(&weights).into_iter().zip(values) {
        let of = slot.variable.map(|variable| format!(" of {}", weights[variable].path));
        variables.push((slot.name + &of.unwrap_or_default(), value));
    }
    Ok(variables)
}

/// The tensors that differ, in the order of the first file.
fn tensors(a: &[(String, Tensor)], b: &[(String, Tensor)]) -> Vec<String> {
    let right: BTreeMap<&str, &Tensor> = b.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let left: BTreeMap<&str, &Tensor> = a.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let mut lines = Vec::new();
    for (name, tensor) in a {
        match right.get(name.as_str()) {
            None => lines.push(format!("{name}: only in the first, {}", tensor.ty())),
            Some(other) => lines.extend(apart(tensor, other).map(|how| format!("{name}: {how}"))),
        }
    }
    let only = b.iter().filter(|(name, _)| !left.contains_key(name.as_str()));
    lines.extend(only.map(|(name, tensor)| format!("{name}: only in the second, {}", tensor.ty())));
    lines
}

/// How two tensors differ.
fn apart(a: &Tensor, b: &Tensor) -> Option<String> {
    if a.dims() != b.dims() || a.dtype() != b.dtype() {
        return Some(format!("{} | {}", a.ty(), b.ty()));
    }
    if a.len() == 1 {
        let (a, b) = (a.to_f64()[0], b.to_f64()[0]);
        return (a != b && !(a.is_nan() && b.is_nan())).then(|| format!("{a} | {b}"));
    }
    let (mut largest, mut differing, mut undefined) = (0.0f64, 0usize, 0usize);
    let (left, right) = (a.to_f64(), b.to_f64());
    for (a, b) in left.iter().zip(&right) {
        let same = a == b || (a.is_nan() && b.is_nan());
        let distance = (a - b).abs();
        differing += usize::from(!same);
        undefined += usize::from(!same && !distance.is_finite());
        largest = if same || !distance.is_finite() { largest } else { largest.max(distance) };
    }
    let strange =
        if undefined > 0 { format!(", {undefined} of them not finite in one file") } else { String::new() };
    let text = format!("max|Δ| = {}, in {differing} of {} numbers{strange}", short(largest), left.len());
    (differing > 0).then_some(text)
}

/// The places where two JSON values differ; items of lists that have names are matched by name.
fn values(place: &str, a: &Value, b: &Value, lines: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(left), Value::Object(right))
            if left.contains_key("class_name") && left.get("class_name") != right.get("class_name") =>
        {
            lines.push(format!("{place}: {} | {}", brief(a), brief(b)));
        }
        (Value::Object(a), Value::Object(b)) => keyed(place, a, b, lines),
        (Value::Array(left), Value::Array(right)) => match (by_name(left), by_name(right)) {
            (Some(named), Some(others)) if !left.is_empty() || !right.is_empty() => {
                keyed(place, &named, &others, lines);
                let order = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
                let (mut a, mut b) = (order(&named), order(&others));
                a.retain(|name| others.contains_key(name));
                b.retain(|name| named.contains_key(name));
                if a != b {
                    lines.push(format!("{place}: in another order"));
                }
            }
            _ if left.len() == right.len()
                && left.iter().chain(right).any(|item| item.is_object() || item.is_array()) =>
            {
                for (index, (a, b)) in left.iter().zip(right).enumerate() {
                    values(&format!("{place}[{index}]"), a, b, lines);
                }
            }
            _ if left != right => lines.push(format!("{place}: {} | {}", brief(a), brief(b))),
            _ => {}
        },
        (Value::Number(left), Value::Number(right)) if left.as_f64() == right.as_f64() => {}
        (a, b) if a == b => {}
        (a, b) => {
            let place = if place.is_empty() { "all of it" } else { place };
            lines.push(format!("{place}: {} | {}", brief(a), brief(b)));
        }
    }
}

fn keyed(place: &str, a: &Map<String, Value>, b: &Map<String, Value>, lines: &mut Vec<String>) {
    // What every layer has around its config says nothing to people.
    let inside = |key: &str| match (key, place) {
        ("config", "") => String::new(),
        ("config", place) => place.to_owned(),
        (key, "") => key.to_owned(),
        (key, place) => format!("{place}.{key}"),
    };
    for (key, value) in a {
        match b.get(key) {
            Some(other) => values(&inside(key), value, other, lines),
            None => lines.push(format!("{}: {}, only in the first", inside(key), brief(value))),
        }
    }
    for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
        lines.push(format!("{}: {}, only in the second", inside(key), brief(value)));
    }
}

/// A list of layers (or the like) by name, when all its items have names of their own.
fn by_name(items: &[Value]) -> Option<Map<String, Value>> {
    let mut map = Map::new();
    for item in items {
        let name = item.pointer("/config/name").or_else(|| item.get("name"))?.as_str()?;
        if map.insert(name.to_owned(), item.clone()).is_some() {
            return None;
        }
    }
    Some(map)
}

/// A value in at most some characters.
fn brief(value: &Value) -> String {
    let class_name = value.get("class_name").and_then(Value::as_str);
    let name = value.pointer("/config/name").and_then(Value::as_str);
    match (class_name, name) {
        (Some(class_name), Some(name)) => format!("`{name}` ({class_name})"),
        (Some(class_name), None) => class_name.to_owned(),
        _ => {
            let text = value.to_string();
            if text.chars().count() <= 60 { text } else { text.chars().take(57).collect::<String>() + "…" }
        }
    }
}
