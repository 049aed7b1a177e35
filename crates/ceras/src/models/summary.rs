//! `summary()`: the table that Keras prints, character for character.

use std::collections::{HashMap, HashSet};

use regex_lite::Regex;

use super::architecture::{Architecture, Kind, NamedLayer};
use super::model::Model;
use super::store::{Group, Variable};
use super::table;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::Modes;
use crate::layers::context::join;

/// How a summary is written, with Keras' names and defaults.
///
/// # Keras
/// The table is 76 characters wide at most, as in a terminal of 80, unless `line_length` says otherwise. An expression in
/// `layer_range` has no references to its own groups and cannot look around, as Python's can.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    line_length: Option<usize>,
    positions: Option<Vec<f64>>,
    expand_nested: bool,
    show_trainable: bool,
    show_modes: bool,
    layer_range: Option<(String, String)>,
}

impl Summary {
    /// All layers, nested models as one line each.
    #[must_use]
    pub fn new() -> Summary {
        Summary::default()
    }

    /// Characters of a line.
    #[must_use]
    pub fn line_length(mut self, characters: usize) -> Summary {
        self.line_length = Some(characters);
        self
    }

    /// Where the columns end, as shares of a line: three, or four where the table says what is connected to what.
    #[must_use]
    pub fn positions(mut self, positions: &[f64]) -> Summary {
        self.positions = Some(positions.to_vec());
        self
    }

    /// Whether the layers of nested models are listed too.
    #[must_use]
    pub fn expand_nested(mut self, expand_nested: bool) -> Summary {
        self.expand_nested = expand_nested;
        self
    }

    /// Whether there is a column that says which layers are trained.
    #[must_use]
    pub fn show_trainable(mut self, show_trainable: bool) -> Summary {
        self.show_trainable = show_trainable;
        self
    }

    /// Whether the table is followed by what layers do in `fit` and in `predict` where that differs.
    ///
    /// # Keras
    /// There is no such thing there.
    #[must_use]
    pub fn show_modes(mut self, show_modes: bool) -> Summary {
        self.show_modes = show_modes;
        self
    }

    /// The first and the last layer to list, each as a regular expression that the beginning of a name matches: the first
    /// layer that matches the first, and the last one that matches the last.
    #[must_use]
    pub fn layer_range(mut self, first: &str, last: &str) -> Summary {
        self.layer_range = Some((first.to_owned(), last.to_owned()));
        self
    }
}

impl Model {
    /// The table of the layers with their output shapes and numbers of weights, as Keras prints it.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([4])).add(Dense::new(3)).build()?;
    /// assert!(model.summary().contains("│ dense (Dense)                   │ (None, 3)              │            15 │"));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn summary(&self) -> String {
        self.summary_with(&Summary::new()).unwrap_or_else(|error| format!("{error}\n"))
    }

    /// The same in another form.
    ///
    /// # Errors
    /// `line_length` leaves a column less than 4 characters; there is no layer that `layer_range` names.
    pub fn summary_with(&self, summary: &Summary) -> Result<String> {
        let writer = Writer { model: self, summary, connected: self.is_connected() };
        let mut text = format!("Model: \"{}\"\n", self.summary_name());
        text += &table::render(&writer.columns()?, &writer.rows()?);
        text += &self.totals();
        if summary.show_modes {
            text += &self.modes();
        }
        Ok(text)
    }

    fn summary_name(&self) -> &str {
        match (self.architecture(), self.pending()) {
            (Ok(architecture), _) => architecture.name(),
            (_, Some(pending)) => pending.model_name(),
            _ => "model",
        }
    }

    /// Whether the layers are no plain sequence, so that the table says what is connected to what.
    fn is_connected(&self) -> bool {
        let Ok(architecture) = self.architecture() else { return false };
        let mut called = vec![false; architecture.layers.len()];
        let mut chain = architecture.calls.iter().enumerate().map(|(number, call)| {
            let follows = match &call.inputs[..] {
                [] => number == 0,
                [one] => one.call + 1 == number,
                _ => false,
            };
            follows && !std::mem::replace(&mut called[call.layer], true)
        });
        architecture.kind == Kind::Functional && !chain.all(|fits| fits)
    }

    /// What layers do in `fit` and in `predict`, where that differs.
    fn modes(&self) -> String {
        let mut text = String::new();
        let Ok(architecture) = self.architecture() else { return text };
        let frozen = self.frozen_paths();
        let is_frozen = |path: &str| {
            !architecture.trainable || frozen.iter().any(|f| path == f || path.starts_with(&join(f, "")))
        };
        let own: HashSet<&str> = self.variables().iter().map(|variable| variable.path.as_str()).collect();
        architecture.visit("", &mut |path, layer| {
            let frozen = is_frozen(path);
            let modes = layer.modes(frozen).or_else(|| {
                (frozen && own.contains(path)).then(|| Modes {
                    fit: "leaves its weights as they are: the layer is frozen".to_owned(),
                    predict: "computes the same".to_owned(),
                })
            });
            if let Some(modes) = modes {
                let class_name = layer.class_name();
                text += &format!(
                    "  {path} ({class_name})\n    fit      {}\n    predict  {}\n",
                    modes.fit, modes.predict
                );
            }
        });
        match text.is_empty() {
            true => " All layers compute the same in fit and in predict.\n".to_owned(),
            false => format!(" In fit and in predict:\n{text} All other layers compute the same in both.\n"),
        }
    }

    fn totals(&self) -> String {
        let trained = self.trainable_numbers();
        let mut sizes = [(0usize, 0usize); 3];
        let mut add = |kind: usize, variable: &Variable| {
            sizes[kind].0 += variable.ty.shape.elements().unwrap_or(0);
            sizes[kind].1 += variable.ty.bytes().unwrap_or(0);
        };
        for (number, variable) in self.variables().iter().enumerate() {
            add(usize::from(trained.binary_search(&number).is_err()), variable);
        }
        let state = self.compiled.as_ref().and_then(|compiled| compiled.optimizer_state.as_ref());
        let scheduled =
            self.compiled.as_ref().is_some_and(|compiled| compiled.optimizer.common().is_scheduled());
        if let Some(state) = state {
            let optimizer =
                self.store.variables().iter().enumerate().filter(|(_, v)| v.group == Group::Optimizer);
            // A schedule is no variable in Keras.
            let counted = optimizer.filter(|(number, _)| !scheduled || *number != state.learning_rate);
            counted.for_each(|(_, variable)| add(2, variable));
        }
        let total = sizes.iter().fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1));
        let line = |name: &str, (count, bytes): (usize, usize)| {
            format!(" {name} params: {} ({})\n", thousands(count), readable(bytes))
        };
        let mut text = line("Total", total) + &line("Trainable", sizes[0]) + &line("Non-trainable", sizes[1]);
        if state.is_some() {
            text += &line("Optimizer", sizes[2]);
        }
        text
    }
}

struct Writer<'a> {
    model: &'a Model,
    summary: &'a Summary,
    connected: bool,
}

impl Writer<'_> {
    /// The headers, the alignments and the widths of the columns.
    fn columns(&self) -> Result<table::Columns> {
        let (mut positions, mut length) =
            if self.connected { (vec![0.3, 0.56, 0.74, 1.0], 108) } else { (vec![0.45, 0.80, 1.0], 88) };
        let mut headers = vec!["Layer (type)", "Output Shape", "Param #"];
        let mut alignments = vec![table::Align::Left, table::Align::Left, table::Align::Right];
        if self.connected {
            headers.push("Connected to");
            alignments.push(table::Align::Left);
        }
        if let Some(given) = &self.summary.positions {
            if given.len() != positions.len() {
                let text =
                    format!("`positions` must be {} numbers here; they are {}", positions.len(), given.len());
                return Err(Error::new(ErrorKind::Usage, text));
            }
            positions.clone_from(given);
        }
        if self.summary.show_trainable {
            positions = positions.iter().map(|position| position * 0.90).chain([1.0]).collect();
            length += 12;
            headers.push("Trainable");
            alignments.push(table::Align::Center);
        }
        let length = self.summary.line_length.unwrap_or(length.min(76));
        let mut widths = Vec::with_capacity(positions.len());
        let mut used = 0;
        for position in positions {
            let width = ((position * length as f64) as usize).saturating_sub(used);
            if width < 4 {
                let text = format!("`line_length` must leave every column 4 characters; it is {length}");
                return Err(Error::new(ErrorKind::Usage, text));
            }
            widths.push(width);
            used += width;
        }
        Ok(table::Columns { headers, alignments, widths, length })
    }

    fn rows(&self) -> Result<Vec<Vec<String>>> {
        let Ok(architecture) = self.model.architecture() else { return self.unbuilt_rows() };
        let params = params_by_path(self.model);
        let layers = listed(architecture, false);
        let names: Vec<&str> = layers.iter().map(|(_, layer)| layer.name.as_str()).collect();
        let mut rows = Vec::new();
        for &(index, _) in &layers[self.range(&names)?] {
            self.layer(architecture, index, "", 0, true, &params, &mut rows);
        }
        Ok(rows)
    }

    /// The rows of a layer and, where asked for, of those inside.
    #[allow(clippy::too_many_arguments, reason = "the state of one recursion")]
    fn layer(
        &self,
        architecture: &Architecture,
        index: usize,
        path: &str,
        level: usize,
        trainable: bool,
        params: &HashMap<String, usize>,
        rows: &mut Vec<Vec<String>>,
    ) {
        let NamedLayer { name, layer } = &architecture.layers[index];
        let path = join(path, name);
        let prefix = if level == 0 { String::new() } else { format!("{}└ ", "   ".repeat(level)) };
        let trainable = trainable && self.model.is_trainable(&path);
        let count = params.get(&path).copied().unwrap_or(0);
        let mut row = vec![
            format!("{prefix}{name} ({})", layer.class_name()),
            output_shape(architecture, index),
            thousands(count),
        ];
        if self.connected {
            row.push(if level == 0 { connections(architecture, index) } else { "-".to_owned() });
        }
        if self.summary.show_trainable {
            row.push(
                if count == 0 {
                    "-"
                } else if trainable {
                    "Y"
                } else {
                    "N"
                }
                .to_owned(),
            );
        }
        rows.push(row);
        if let Some(inner) = layer.as_architecture().filter(|_| self.summary.expand_nested) {
            for (index, _) in listed(inner, true) {
                self.layer(inner, index, &path, level + 1, trainable, params, rows);
            }
        }
    }

    /// The rows of a model that has seen no data yet.
    fn unbuilt_rows(&self) -> Result<Vec<Vec<String>>> {
        let layers =
            self.model.pending().map(|pending| pending.named_layers()).transpose()?.unwrap_or_default();
        let names: Vec<&str> = layers.iter().map(|(name, _)| name.as_str()).collect();
        let range = self.range(&names)?;
        let row = |(name, layer): &(String, crate::layers::LayerRef)| {
            let built = crate::saving::config::is_built_at_once(layer.class_name());
            let params = if built { "0" } else { "0 (unbuilt)" };
            let mut row = vec![format!("{name} ({})", layer.class_name()), "?".to_owned(), params.to_owned()];
            if self.summary.show_trainable {
                row.push("-".to_owned());
            }
            row
        };
        Ok(layers[range].iter().map(row).collect())
    }

    /// The layers to list, by Keras' rule for `layer_range`.
    fn range(&self, names: &[&str]) -> Result<std::ops::Range<usize>> {
        let Some((first, last)) = &self.summary.layer_range else { return Ok(0..names.len()) };
        let bounds = |wanted: &str| -> Result<(usize, usize)> {
            let expression = Regex::new(&format!("^(?:{wanted})")).map_err(|error| {
                let text = format!("`layer_range` names `{wanted}`, which is no regular expression");
                Error::new(ErrorKind::Usage, text).detail(error.to_string())
            })?;
            let places: Vec<usize> =
                (0..names.len()).filter(|&place| expression.is_match(names[place])).collect();
            match places[..] {
                [] => {
                    let text = format!("`layer_range` names `{wanted}`, and no layer's name begins so");
                    Err(Error::new(ErrorKind::Usage, text).suggest(wanted, names.iter().copied()))
                }
                [first, ..] => Ok((first, places[places.len() - 1])),
            }
        };
        let ((lower, lower_last), (upper_first, upper)) = (bounds(first)?, bounds(last)?);
        Ok(if lower > upper { upper_first..lower_last + 1 } else { lower..upper + 1 })
    }
}

/// The layers that Keras lists: in a Sequential model, all but the input; in a nested model, no operations.
fn listed(architecture: &Architecture, inside: bool) -> Vec<(usize, &NamedLayer)> {
    let hidden = |layer: &NamedLayer| {
        let input = architecture.kind == Kind::Sequential && layer.layer.input_type().is_some();
        input || (inside && layer.layer.as_operation().is_some())
    };
    architecture.layers.iter().enumerate().filter(|(_, layer)| !hidden(layer)).collect()
}

/// The weights of every layer, those of layers inside included, by path.
fn params_by_path(model: &Model) -> HashMap<String, usize> {
    let mut params: HashMap<String, usize> = HashMap::new();
    for variable in model.variables() {
        let ends = variable.path.match_indices('/').map(|(index, _)| index).chain([variable.path.len()]);
        for end in ends {
            *params.entry(variable.path[..end].to_owned()).or_default() +=
                variable.ty.shape.elements().unwrap_or(0);
        }
    }
    params
}

/// The shapes of a layer's outputs, those of its last call.
pub(crate) fn output_shape(architecture: &Architecture, index: usize) -> String {
    let calls = architecture.calls.iter().filter(|call| call.layer == index);
    let Some(call) = calls.max_by_key(|call| call.node) else { return "?".to_owned() };
    let dim = |dim: &Option<usize>| dim.map_or("None".to_owned(), |dim| dim.to_string());
    let tuple = |dims: &[Option<usize>]| match dims {
        [one] => format!("({})", dim(one)),
        dims => format!("({})", dims.iter().map(dim).collect::<Vec<_>>().join(", ")),
    };
    let shapes: Vec<String> = call.outputs.iter().map(|ty| tuple(ty.shape.dims())).collect();
    match &shapes[..] {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

fn connections(architecture: &Architecture, index: usize) -> String {
    let mut calls: Vec<_> = architecture.calls.iter().filter(|call| call.layer == index).collect();
    calls.sort_by_key(|call| call.node);
    let inputs = calls.iter().flat_map(|call| &call.inputs).map(|input| {
        let from = &architecture.calls[input.call];
        format!("{}[{}][{}]", architecture.layers[from.layer].name, from.node, input.output)
    });
    let text = inputs.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "-".to_owned() } else { text }
}

/// A number with a comma between thousands.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in Keras' words.
pub(crate) fn readable(bytes: usize) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "KB", "MB", "GB", "TB", "PB"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} PB")
}
