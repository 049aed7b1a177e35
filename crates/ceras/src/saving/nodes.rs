//! The connections of a functional model.

use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value};

use super::build::{Cx, Made, is_op, made};
use super::migrate::Words;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{Called, LayerRef};
use crate::models::{Architecture, Ends, KerasTensor, Structure, functional_architecture};

/// An output of a call: the number of the layer, of the call, of the output.
type End = (usize, usize, usize);

/// A call of a layer that waits for its inputs.
struct Node {
    layer: usize,
    inputs: Vec<End>,
}

/// The layers of a functional model while they are connected.
struct Graph<'a> {
    words: &'a [Words],
    numbers: HashMap<&'a str, usize>,
    layers: Vec<Made>,
    /// The outputs of each call of each layer, as far as it was made.
    made: Vec<Vec<Vec<KerasTensor>>>,
    /// Whether connections are written as in Keras 2.
    legacy: bool,
}

/// The architecture of a functional model's config.
pub(crate) fn functional(
    config: &Map<String, Value>,
    name: &str,
    words: &[Words],
    cx: Cx<'_>,
) -> Result<Architecture> {
    let mut numbers = HashMap::with_capacity(words.len());
    for (number, layer) in words.iter().enumerate() {
        if numbers.insert(layer.key.as_str(), number).is_some() {
            return Err(broken(format!("two layers are called `{}`", layer.key)));
        }
    }
    let layers = words.iter().map(|layer| called(made(layer, cx)?, layer)).collect::<Result<Vec<_>>>()?;
    let legacy = words.iter().flat_map(|layer| &layer.nodes).any(Value::is_array);
    let made = vec![Vec::new(); words.len()];
    let mut graph = Graph { words, numbers, layers, made, legacy };
    graph.connect(cx)?;
    let ends = |key: &str| -> Result<Ends> {
        let value = config.get(key).ok_or_else(|| broken(format!("there is no `{key}`")))?;
        let mut ends = Vec::new();
        let structure = graph.collect_ends(value, &mut ends, 0)?;
        let tensors = ends.iter().map(|end| graph.tensor(*end)).collect::<Result<Vec<_>>>()?;
        Ok(Ends { structure, tensors })
    };
    functional_architecture(
        &ends("input_layers")?,
        &ends("output_layers")?,
        Some(name.to_owned()),
        cx.location,
    )
}

/// A layer with the plain arguments of its calls, which must be the same in all of them.
fn called(made: Made, words: &Words) -> Result<Made> {
    let Made::Layer(layer) = &made else { return Ok(made) };
    let Some(callable) = layer.as_called() else { return Ok(made) };
    let mut calls = words.nodes.iter().map(arguments);
    let first = calls.next().unwrap_or_default();
    let tensors = callable.tensors();
    let plain = |call: &Map<String, Value>| -> Map<String, Value> {
        call.iter()
            .filter(|(name, _)| !tensors.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    if calls.any(|call| plain(&call) != plain(&first)) {
        let text = format!(
            "layer `{}` ({}) is called with several different arguments",
            words.key, words.class_name
        );
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    callable
        .called(&first)
        .map(Made::Layer)
        .map_err(|error| error.context(format!("in layer `{}`", words.key)))
}

/// The arguments by name of a call, as this Keras or Keras 2 writes them.
fn arguments(node: &Value) -> Map<String, Value> {
    let read = match node {
        Value::Object(node) => node.get("kwargs").and_then(Value::as_object),
        Value::Array(items) if items.first().is_some_and(Value::is_string) => {
            items.get(3).and_then(Value::as_object)
        }
        Value::Array(items) => items.first().and_then(|item| item.get(3)).and_then(Value::as_object),
        _ => None,
    };
    read.cloned().unwrap_or_default()
}

fn broken(what: String) -> Error {
    Error::new(ErrorKind::File, "the layers of the model are not connected rightly").detail(what)
}

impl Graph<'_> {
    fn is_model(&self, layer: usize) -> bool {
        match &self.layers[layer] {
            Made::Layer(layer) => layer.as_architecture().is_some(),
            Made::Waiting(_) => true,
        }
    }

    /// Makes all calls, each when its inputs are there; calls of one layer in the file's order.
    fn connect(&mut self, cx: Cx<'_>) -> Result<()> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut first: Vec<usize> = Vec::with_capacity(self.words.len());
        for (layer, words) in self.words.iter().enumerate() {
            first.push(nodes.len());
            if self.input_layer(layer).is_some() {
                nodes.push(Node { layer, inputs: Vec::new() });
                continue;
            }
            for node in &words.nodes {
                let inputs = self.inputs_of(words, node)?;
                nodes.push(Node { layer, inputs });
            }
        }
        first.push(nodes.len());
        let mut waiting_for: Vec<usize> = vec![0; nodes.len()];
        let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (number, node) in nodes.iter().enumerate() {
            let before = (number > first[node.layer]).then(|| number - 1);
            let needed = node.inputs.iter().map(|(layer, call, _)| first[*layer] + call).chain(before);
            for other in needed {
                dependents[other].push(number);
                waiting_for[number] += 1;
            }
        }
        let mut ready: VecDeque<usize> =
            (0..nodes.len()).filter(|&number| waiting_for[number] == 0).collect();
        let mut done = 0;
        while let Some(number) = ready.pop_front() {
            self.call(&nodes[number], cx)?;
            done += 1;
            for &next in &dependents[number] {
                waiting_for[next] -= 1;
                if waiting_for[next] == 0 {
                    ready.push_back(next);
                }
            }
        }
        if done < nodes.len() {
            let stuck = (0..nodes.len()).find(|&number| waiting_for[number] > 0).unwrap_or(0);
            return Err(broken(format!("`{}` needs its own output", self.words[nodes[stuck].layer].key)));
        }
        Ok(())
    }

    fn input_layer(&self, layer: usize) -> Option<&LayerRef> {
        match &self.layers[layer] {
            Made::Layer(layer) if layer.input_type().is_some() => Some(layer),
            _ => None,
        }
    }

    fn call(&mut self, node: &Node, cx: Cx<'_>) -> Result<()> {
        if let Some(layer) = self.input_layer(node.layer) {
            let tensor = KerasTensor::input_of(layer.clone());
            self.made[node.layer].push(vec![tensor]);
            return Ok(());
        }
        let inputs = node.inputs.iter().map(|end| self.tensor(*end)).collect::<Result<Vec<_>>>()?;
        if let Made::Waiting(model) = &self.layers[node.layer] {
            let Some(first) = inputs.first() else {
                return Err(broken("a model is called without inputs".into()));
            };
            let mut inner = model.architecture(Some(first.ty()))?;
            inner.location = Some(cx.location);
            self.layers[node.layer] = Made::Layer(inner.into());
        }
        let Made::Layer(layer) = &self.layers[node.layer] else { return Ok(()) };
        let outputs = KerasTensor::of(layer.clone(), &inputs.iter().collect::<Vec<_>>())?.outputs();
        self.made[node.layer].push(outputs);
        Ok(())
    }

    fn tensor(&self, (layer, call, output): End) -> Result<KerasTensor> {
        let found = self.made[layer].get(call).and_then(|outputs| outputs.get(output));
        found.cloned().ok_or_else(|| {
            broken(format!("there is no output {output} of call {call} of `{}`", self.words[layer].key))
        })
    }

    /// The place of a `[layer, call, output]`.
    fn end(&self, triple: &[Value], counts_making: bool) -> Result<End> {
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        let (Some(name), Some(call), Some(output)) =
            (triple[0].as_str(), triple.get(1).and_then(number), triple.get(2).and_then(number))
        else {
            return Err(broken(format!("`{}` is no connection", Value::from(triple.to_vec()))));
        };
        let Some(&layer) = self.numbers.get(name) else {
            return Err(broken(format!("there is no layer `{name}`")));
        };
        let calls = if self.input_layer(layer).is_some() { 1 } else { self.words[layer].nodes.len() };
        // Where Keras counts the making of a model as its first call, its calls start at 1.
        let call = if counts_making && self.is_model(layer) { call.saturating_sub(1) } else { call };
        if call >= calls {
            return Err(broken(format!("there is no call {call} of `{name}`")));
        }
        Ok((layer, call, output))
    }

    /// The inputs of a call, as this Keras or Keras 2 writes them.
    fn inputs_of(&self, words: &Words, node: &Value) -> Result<Vec<End>> {
        let mut inputs = Vec::new();
        match node {
            Value::Array(items) => {
                // Keras 2 leaves out the list around a single triple now and then.
                let one = items.first().is_some_and(Value::is_string);
                let items: Vec<&Value> = if one { vec![node] } else { items.iter().collect() };
                for item in items {
                    let triple = item.as_array().filter(|triple| triple.len() >= 3);
                    let triple =
                        triple.ok_or_else(|| broken(format!("a call of `{}` is not readable", words.key)))?;
                    inputs.push(self.end(triple, true)?);
                    if let Some(kwargs) = triple.get(3).and_then(Value::as_object) {
                        self.keyword_arguments(words, kwargs, &mut inputs)?;
                    }
                }
            }
            Value::Object(node) => {
                for argument in node.get("args").and_then(Value::as_array).into_iter().flatten() {
                    self.argument(words, argument, &mut inputs, 0)?;
                }
                if let Some(kwargs) = node.get("kwargs").and_then(Value::as_object) {
                    self.keyword_arguments(words, kwargs, &mut inputs)?;
                }
            }
            _ => return Err(broken(format!("a call of `{}` is not readable", words.key))),
        }
        Ok(inputs)
    }

    /// Arguments by name. `training` is decided by what is done with the model, masks travel with their tensors.
    fn keyword_arguments(
        &self,
        words: &Words,
        kwargs: &Map<String, Value>,
        inputs: &mut Vec<End>,
    ) -> Result<()> {
        if let Some(tensors) = self.tensors_by_name(words) {
            // Everything else was read with the layer.
            let given = tensors.iter().filter_map(|name| kwargs.get(*name));
            return given.into_iter().try_for_each(|value| self.argument(words, value, inputs, 0));
        }
        for (name, value) in kwargs {
            match name.as_str() {
                "training" | "mask" => {}
                _ if value.is_null() || value == &Value::Bool(false) => {}
                _ => self.argument(words, value, inputs, 0)?,
            }
        }
        Ok(())
    }

    /// The names of tensors among the arguments of a layer that has arguments.
    fn tensors_by_name(&self, words: &Words) -> Option<&'static [&'static str]> {
        match &self.layers[*self.numbers.get(words.key.as_str())?] {
            Made::Layer(layer) => layer.as_called().map(Called::tensors),
            Made::Waiting(_) => None,
        }
    }

    fn argument(&self, words: &Words, value: &Value, inputs: &mut Vec<End>, depth: usize) -> Result<()> {
        match value {
            Value::Null => Ok(()),
            Value::Array(items) if self.legacy && is_connection(items) => {
                inputs.push(self.end(&items[..3], true)?);
                Ok(())
            }
            Value::Array(items) if depth < 8 => {
                items.iter().try_for_each(|item| self.argument(words, item, inputs, depth + 1))
            }
            Value::Object(map)
                if map.get("class_name").and_then(Value::as_str) == Some("__keras_tensor__") =>
            {
                let history = value.pointer("/config/keras_history").and_then(Value::as_array);
                let triple = history.filter(|triple| triple.len() == 3);
                let triple =
                    triple.ok_or_else(|| broken(format!("an input of `{}` is not readable", words.key)))?;
                inputs.push(self.end(triple, self.legacy)?);
                Ok(())
            }
            // The plain arguments of an operation were read with it.
            _ if is_op(words) => Ok(()),
            Value::Object(map) if depth < 8 && !map.contains_key("class_name") => {
                let items = in_flat_order(map);
                items.into_iter().try_for_each(|(_, item)| self.argument(words, item, inputs, depth + 1))
            }
            _ => {
                let shown: String = value.to_string().chars().take(80).collect();
                let text = format!("layer `{}` ({}) is called with `{shown}`", words.key, words.class_name);
                Err(Error::new(ErrorKind::Unsupported, text)
                    .detail("only tensors are supported as arguments of a call"))
            }
        }
    }

    /// Inputs or outputs of the model: a triple, a list of them, or a dictionary, which Keras orders by its keys.
    fn collect_ends(&self, value: &Value, ends: &mut Vec<End>, depth: usize) -> Result<Structure> {
        match value {
            Value::Array(items) if items.len() >= 3 && items[0].is_string() => {
                let layer = items[0].as_str().and_then(|name| self.numbers.get(name));
                let functional = layer.is_some_and(|&layer| self.words[layer].class_name != "Sequential");
                ends.push(self.end(items, self.legacy || functional)?);
                Ok(Structure::One)
            }
            // In Keras 2 a list of one output is that output.
            Value::Array(items) if self.legacy && items.len() == 1 && items[0].is_array() => {
                self.collect_ends(&items[0], ends, depth + 1)
            }
            Value::Array(items) if depth < 8 => {
                let items = items.iter().map(|item| self.collect_ends(item, ends, depth + 1));
                items.collect::<Result<Vec<_>>>().map(Structure::List)
            }
            Value::Object(map) if depth < 8 => {
                let mut read: HashMap<&String, Structure> = HashMap::with_capacity(map.len());
                for (key, item) in in_flat_order(map) {
                    read.insert(key, self.collect_ends(item, ends, depth + 1)?);
                }
                let item = |key: &String| Some((key.clone(), read.remove(key)?));
                Ok(Structure::Dict(map.keys().filter_map(item).collect()))
            }
            _ => Err(broken("an input or output of the model is not readable".into())),
        }
    }
}

/// Whether a list is Keras 2's `[layer, call, output]`.
fn is_connection(items: &[Value]) -> bool {
    matches!(items, [Value::String(_), Value::Number(_), Value::Number(_), ..])
}

/// The items of a dictionary as Keras orders them.
fn in_flat_order(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut items: Vec<(&String, &Value)> = map.iter().collect();
    items.sort_by_key(|(key, _)| *key);
    items
}
