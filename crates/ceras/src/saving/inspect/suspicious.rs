//! What in a file is not as it is in files that Keras writes, or would be dangerous elsewhere.

use std::collections::BTreeMap;

use ceras_graph::Tensor;
use serde_json::Value;

use super::contents::Contents;
use super::layers::InspectedLayer;
use crate::saving::archive::{CONFIG, EXTRAS, METADATA, WEIGHTS, WEIGHTS_NPZ};

/// No dimension of a layer that anyone has trained is larger.
const ABSURD: u64 = 4_000_000_000;

/// Everything that looks odd, a line each.
pub(super) fn find(contents: &Contents, layers: &[InspectedLayer]) -> Vec<String> {
    let mut found = contents.problems.clone();
    members(&contents.members, &mut found);
    classes(layers, &mut found);
    if let Some(config) = &contents.config {
        let mut place = Vec::new();
        walk(config, &mut place, &mut found);
    }
    contents
        .weights
        .iter()
        .chain(&contents.optimizer)
        .for_each(|(name, tensor)| found.extend(not_finite(name, tensor)));
    found.dedup();
    found
}

fn members(members: &[(String, u64)], found: &mut Vec<String>) {
    for (name, _) in members {
        let outside = name.split(['/', '\\']).any(|part| part == "..")
            || name.starts_with(['/', '\\'])
            || name.get(1..2) == Some(":");
        let known = [CONFIG, EXTRAS, METADATA, WEIGHTS, WEIGHTS_NPZ].contains(&name.as_str())
            || (name.starts_with("assets/") || name == "assets");
        if outside {
            found.push(format!("member `{name}` would be unpacked outside of its folder"));
        } else if !known {
            found.push(format!("member `{name}` is none that Keras writes"));
        }
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let twice = names.windows(2).filter(|pair| pair[0] == pair[1]);
    found.extend(twice.map(|pair| format!("member `{}` is there twice", pair[0])));
}

/// Layers that run Python or are not Keras' own, one line for each class; a class of Keras that is not supported yet stops
/// the model from running here and is no reason for suspicion.
fn classes(layers: &[InspectedLayer], found: &mut Vec<String>) {
    let mut unknown: BTreeMap<&str, Vec<&InspectedLayer>> = BTreeMap::new();
    for layer in layers.iter().filter(|layer| !layer.supported) {
        unknown.entry(&layer.class_name).or_default().push(layer);
    }
    for (class_name, layers) in unknown {
        let module = &layers[0].module;
        let kind = match (class_name, module.is_empty()) {
            ("Lambda", _) => "runs Python code, which is never run here".to_owned(),
            _ if module.starts_with("keras") && !class_name.contains('>') => continue,
            (_, true) => "is a class that is not known here".to_owned(),
            (_, false) => format!("is a class of somebody's own, from `{module}`"),
        };
        let names: Vec<String> = layers.iter().take(5).map(|layer| format!("`{}`", layer.path)).collect();
        let more = if layers.len() > 5 { format!(" and {} more", layers.len() - 5) } else { String::new() };
        found.push(format!("{class_name} ({}{more}) {kind}", names.join(", ")));
    }
}

/// Looks through a config for references to Python, paths of files and sizes that cannot be.
fn walk(value: &Value, place: &mut Vec<String>, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            object(value, place, found);
            for (key, value) in map {
                let named = value.pointer("/config/name").and_then(Value::as_str).unwrap_or(key);
                place.push(named.to_owned());
                walk(value, place, found);
                place.pop();
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let named = value.pointer("/config/name").and_then(Value::as_str).map(str::to_owned);
                place.push(named.unwrap_or_else(|| index.to_string()));
                walk(value, place, found);
                place.pop();
            }
        }
        Value::Number(number) if number.as_u64().is_some_and(|number| number > ABSURD) => {
            let key = place.last().map_or("", String::as_str);
            // Seeds, bounds and Python's numbers of objects may be anything.
            if !key.contains("seed") && !key.ends_with("value") && !key.ends_with("_id") {
                found.push(format!("`{}` is {number}, an absurd size", in_words(place)));
            }
        }
        Value::String(text) if place.last().is_some_and(|key| key == "vocabulary") => {
            let shown: String = text.chars().take(80).collect();
            found.push(format!("`{}` names a file, `{shown}`, which is not read", in_words(place)));
        }
        _ => {}
    }
}

fn object(value: &Value, place: &[String], found: &mut Vec<String>) {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let (class_name, module) = (text("class_name"), text("module"));
    let at = if place.is_empty() { "the model".to_owned() } else { format!("`{}`", in_words(place)) };
    if class_name == "__lambda__" || class_name == "function" {
        let what = match value.get("config") {
            Some(Value::String(name)) => format!("the Python function `{name}`"),
            _ => "Python code".to_owned(),
        };
        let from =
            if module.is_empty() || module == "builtins" { String::new() } else { format!(" of `{module}`") };
        found.push(format!("{at} refers to {what}{from}, which is never run here"));
        return;
    }
    let foreign = !module.is_empty()
        && !["keras", "tensorflow", "tf_keras", "builtins"]
            .iter()
            .any(|root| module.split('.').next() == Some(*root));
    // Layers of classes of somebody's own have their line already.
    if foreign && value.get("inbound_nodes").is_none() && text("registered_name").is_empty() {
        found.push(format!(
            "{at} refers to `{class_name}` of the Python module `{module}`, which is never imported here"
        ));
    }
}

/// Where something stands in a config, without the keys that say nothing to people.
fn in_words(place: &[String]) -> String {
    let telling = place.iter().map(String::as_str).filter(|part| !["config", "layers"].contains(part));
    telling.collect::<Vec<_>>().join("/")
}

/// A line when a tensor holds numbers that are none.
fn not_finite(name: &str, tensor: &Tensor) -> Option<String> {
    if !tensor.dtype().is_float() {
        return None;
    }
    let values = tensor.to_f64();
    let bad = values.iter().filter(|value| !value.is_finite()).count();
    let first = values.iter().position(|value| !value.is_finite())?;
    Some(format!(
        "`{name}` holds {bad} of {} numbers that are not finite; the first, number {first}, is {}",
        values.len(),
        values[first]
    ))
}
