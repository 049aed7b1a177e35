//! `ceras.json`: what Keras has no place for, in a member of the file that Keras ignores.
//!
//! # Version 1
//! A JSON object. Every key but `version` may be absent; keys that are not listed are kept when the file is written again.
//!
//! | key | value |
//! |---|---|
//! | `version` | 1 |
//! | `ceras_version`, `isa` | what wrote the file: the library's version, the instruction set in use |
//! | `run_started` | when the run began, as Keras writes dates (`2026-11-24@21:41:13`); never the time of writing |
//! | `seed` | the model's seed: dropout and shuffling depend on it |
//! | `step` | training steps done: dropout and shuffling depend on it |
//! | `trainable` | layers by path whose own `trainable` is not what `config.json` says (a layer in a frozen model) |
//! | `hard_sigmoid` | `keras_2` where `hard_sigmoid` in `config.json` is the function of Keras 2: 0.2 x + 0.5 between 0 and 1 |
//! | `contract` | what the model is for: see [`Contract`] |
//! | `history` | `{"epoch": [0, 1, …], "loss": […], …}`, a list for each metric, null where it was not measured |

use ceras_kernels::Isa;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorKind, Result};
use crate::training::{History, Logs};

/// The version of `ceras.json` that is written.
const VERSION: u64 = 1;

/// What a model is asked to predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One of several classes.
    Classification,
    /// A number.
    Regression,
}

/// A column of the table that a model was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The name of the column.
    pub name: String,
    /// The type of its values, such as `float32`.
    pub dtype: String,
    /// The smallest value in the training rows.
    pub minimum: f64,
    /// The largest value in the training rows.
    pub maximum: f64,
}

/// What goes into a model and what comes out, by name, so that columns in another order are put right and missing ones
/// noticed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// What is predicted.
    pub task: Task,
    /// The column that is predicted.
    pub target: String,
    /// The columns it is predicted from, in the order of the model's input.
    pub features: Vec<Feature>,
    /// The names of the classes in the order of the model's output; empty for regression.
    #[serde(default)]
    pub classes: Vec<String>,
}

/// What a file says besides Keras' own facts.
///
/// # Examples
/// ```
/// use ceras::saving::{Contract, Extras, Feature, Task};
/// let feature = Feature { name: "mass".into(), dtype: "float32".into(), minimum: 2700.0, maximum: 6300.0 };
/// let contract = Contract {
///     task: Task::Classification,
///     target: "species".into(),
///     features: vec![feature],
///     classes: vec!["Adelie".into(), "Gentoo".into()],
/// };
/// let extras = Extras { contract: Some(contract), ..Extras::default() };
/// assert!(extras.history.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extras {
    /// What goes in and comes out.
    pub contract: Option<Contract>,
    /// The logs of every epoch.
    pub history: Option<History>,
    /// When the run began, as Keras writes dates; it stands in `metadata.json` too.
    pub run_started: Option<String>,
    /// The version of the library that wrote the file; filled in when a file is read.
    pub ceras_version: Option<String>,
    /// The instruction set that the file's numbers were computed with; filled in when a file is read.
    pub isa: Option<String>,
    /// Everything else.
    pub other: Map<String, Value>,
}

/// What a model needs to go on as if it had not been saved.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) seed: u64,
    pub(crate) step: Option<u64>,
    pub(crate) trainable: Vec<(String, bool)>,
    /// Whether `hard_sigmoid` in `config.json` is that of Keras 2.
    pub(crate) old_hard_sigmoid: bool,
}

/// The text of `ceras.json`.
pub(crate) fn to_json(extras: &Extras, state: &State) -> Value {
    let mut json = Map::new();
    json.insert("version".into(), json!(VERSION));
    json.insert("ceras_version".into(), json!(env!("CARGO_PKG_VERSION")));
    json.insert("isa".into(), json!(Isa::active().name()));
    if let Some(started) = &extras.run_started {
        json.insert("run_started".into(), json!(started));
    }
    json.insert("seed".into(), json!(state.seed));
    json.insert("step".into(), json!(state.step.unwrap_or(0)));
    if !state.trainable.is_empty() {
        let trainable = state.trainable.iter().map(|(path, trainable)| (path.clone(), json!(trainable)));
        json.insert("trainable".into(), trainable.collect());
    }
    if state.old_hard_sigmoid {
        json.insert("hard_sigmoid".into(), json!("keras_2"));
    }
    if let Some(contract) = &extras.contract {
        json.insert("contract".into(), json!(contract));
    }
    if let Some(history) = &extras.history {
        json.insert("history".into(), history_to_json(history));
    }
    for (key, value) in &extras.other {
        json.entry(key.clone()).or_insert_with(|| value.clone());
    }
    Value::Object(json)
}

/// Reads `ceras.json`.
///
/// # Errors
/// It is of a later version, or not what it should be.
pub(crate) fn from_json(json: Value) -> Result<(Extras, State)> {
    let broken =
        |what: String| Error::new(ErrorKind::File, "`ceras.json` in the file is not readable").detail(what);
    let Value::Object(mut json) = json else { return Err(broken("it is not a JSON object".into())) };
    let version = json.shift_remove("version").and_then(|version| version.as_u64()).unwrap_or(0);
    if version > VERSION {
        let text = format!("it is of version {version}; this library reads up to {VERSION}");
        return Err(broken(text).hint("use a newer ceras"));
    }
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let contract = json.shift_remove("contract").map(serde_json::from_value).transpose();
    let contract = contract.map_err(|error| broken(format!("the contract: {error}")))?;
    let history = json.shift_remove("history").as_ref().map(history_from_json).transpose().map_err(broken)?;
    let trainable = match json.shift_remove("trainable") {
        Some(Value::Object(map)) => {
            map.into_iter().filter_map(|(path, value)| Some((path, value.as_bool()?))).collect()
        }
        _ => Vec::new(),
    };
    let state = State {
        seed: json.shift_remove("seed").and_then(|seed| seed.as_u64()).unwrap_or(0),
        step: json.shift_remove("step").and_then(|step| step.as_u64()),
        trainable,
        old_hard_sigmoid: json.shift_remove("hard_sigmoid").is_some_and(|which| which == "keras_2"),
    };
    let extras = Extras {
        contract,
        history,
        run_started: text(json.shift_remove("run_started")),
        ceras_version: text(json.shift_remove("ceras_version")),
        isa: text(json.shift_remove("isa")),
        other: json,
    };
    Ok((extras, state))
}

/// Infinities have no JSON; they are written as text.
fn number_to_json(number: f64) -> Value {
    match number {
        number if number.is_nan() => Value::Null,
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        number => json!(number),
    }
}

fn number_from_json(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(f64::NAN),
        Value::String(text) if text == "Infinity" => Some(f64::INFINITY),
        Value::String(text) if text == "-Infinity" => Some(f64::NEG_INFINITY),
        value => value.as_f64(),
    }
}

fn history_to_json(history: &History) -> Value {
    let mut json = Map::new();
    json.insert("epoch".into(), json!(history.epochs()));
    for key in history.keys() {
        let numbers = history.logs().iter().map(|logs| number_to_json(logs.get(key).unwrap_or(f64::NAN)));
        json.insert(key.to_owned(), numbers.collect());
    }
    Value::Object(json)
}

fn history_from_json(json: &Value) -> std::result::Result<History, String> {
    let broken = |what: &str| format!("the history: {what}");
    let map = json.as_object().ok_or_else(|| broken("it is not a JSON object"))?;
    let epochs = map.get("epoch").and_then(Value::as_array).ok_or_else(|| broken("it has no epochs"))?;
    let mut rows = vec![Logs::default(); epochs.len()];
    for (key, values) in map.iter().filter(|(key, _)| *key != "epoch") {
        let values = values.as_array().filter(|values| values.len() == rows.len());
        let values = values.ok_or_else(|| broken(&format!("`{key}` has not one number for each epoch")))?;
        for (logs, value) in rows.iter_mut().zip(values).filter(|(_, value)| !value.is_null()) {
            logs.insert(
                key,
                number_from_json(value).ok_or_else(|| broken(&format!("`{key}` holds {value}")))?,
            );
        }
    }
    let mut history = History::default();
    for (epoch, logs) in epochs.iter().zip(rows) {
        let epoch = epoch.as_u64().and_then(|epoch| usize::try_from(epoch).ok());
        history.push(epoch.ok_or_else(|| broken("an epoch is no number"))?, logs);
    }
    Ok(history)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extras_read_back_and_unknown_keys_stay() {
        let mut history = History::default();
        history.push(0, [("loss", 0.1 + 0.2), ("val_loss", f64::INFINITY)].into_iter().collect());
        history.push(1, [("loss", 1e-300)].into_iter().collect());
        let extras = Extras {
            history: Some(history),
            run_started: Some("2026-11-24@21:41:13".into()),
            other: Map::from_iter([("mine".to_owned(), json!([1, 2]))]),
            ..Extras::default()
        };
        let state = State {
            seed: u64::MAX,
            step: Some(3),
            trainable: vec![("a/b".into(), false)],
            old_hard_sigmoid: true,
        };
        let text = to_json(&extras, &state).to_string();
        let (read, read_state) = from_json(serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(read_state, state);
        assert_eq!(read.history, extras.history);
        assert_eq!(read.run_started, extras.run_started);
        assert_eq!(read.other, extras.other);
        assert!(from_json(json!({"version": 2})).is_err());
    }
}
