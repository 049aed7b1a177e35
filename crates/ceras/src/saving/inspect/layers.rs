//! The layers that a file describes, whether they can be made or not.

use std::collections::HashMap;

use ceras_graph::Tensor;
use serde_json::Value;

use crate::layers::context::join;
use crate::models::{Architecture, output_shape, snake_case};
use crate::saving::FileKind;
use crate::saving::build;
use crate::saving::migrate::{self, Words};

/// A layer as a file describes it.
#[derive(Clone, Debug)]
pub struct InspectedLayer {
    /// The name, with those of the models around it.
    pub path: String,
    /// Keras' class, or the registered name of one that is not Keras' own.
    pub class_name: String,
    /// The shape of the output as Keras writes it, `?` where the file does not say.
    pub shape: String,
    /// How many numbers its weights have in the file.
    pub params: usize,
    /// Whether this library has it.
    pub supported: bool,
    /// The module of the class, where the file says.
    pub(super) module: String,
}

/// Reads the layers of a model's envelope.
pub(super) struct Reader<'a> {
    pub(super) kind: Option<FileKind>,
    pub(super) weights: &'a [(String, Tensor)],
    /// How many numbers the weights of each layer would have, where a file has none.
    pub(super) declared: HashMap<String, usize>,
    pub(super) architecture: Option<&'a Architecture>,
    pub(super) layers: Vec<InspectedLayer>,
    pub(super) problems: Vec<String>,
}

impl Reader<'_> {
    /// The layers of a model, those of models inside after them.
    pub(super) fn model(&mut self, envelope: &Value) {
        match migrate::layer(envelope, "the model itself") {
            Ok(words) if build::is_model(&words) => {
                let architecture = self.architecture;
                self.layers_of(&words, "", "", architecture);
            }
            Ok(words) => self.push(&words, "", "?".to_owned(), 0),
            Err(error) => self.problems.push(super::contents::in_one_line(&error)),
        }
    }

    fn layers_of(&mut self, words: &Words, path: &str, group: &str, architecture: Option<&Architecture>) {
        let layers = match build::layers_of(words) {
            Ok(layers) => layers,
            Err(error) => return self.problems.push(super::contents::in_one_line(&error)),
        };
        let shapes = shapes_of_consumers(&layers);
        let mut counts: HashMap<String, usize> = HashMap::new();
        for layer in &layers {
            let skipped = words.class_name == "Sequential" && layer.class_name == "InputLayer";
            let group = if skipped { String::new() } else { numbered(group, &layer.class_name, &mut counts) };
            let place = architecture.and_then(|architecture| {
                architecture
                    .layers()
                    .iter()
                    .position(|named| named.name == layer.key)
                    .map(|index| (architecture, index))
            });
            let shape = match place {
                Some((architecture, index)) => output_shape(architecture, index),
                None => shapes.get(&layer.key).cloned().unwrap_or_else(|| shape_in_words(layer)),
            };
            let params = if skipped { 0 } else { self.params(&group, path, &layer.key) };
            self.push(layer, path, shape, params);
            if build::is_model(layer) {
                let inner = place
                    .and_then(|(architecture, index)| architecture.layers()[index].layer.as_architecture());
                self.layers_of(layer, &join(path, &layer.key), &group, inner);
            }
        }
    }

    fn push(&mut self, layer: &Words, path: &str, shape: String, params: usize) {
        let supported = build::is_model(layer) || build::is_ours(layer);
        self.layers.push(InspectedLayer {
            path: join(path, &layer.key),
            class_name: layer.registered.clone().unwrap_or_else(|| layer.class_name.clone()),
            shape,
            params,
            supported,
            module: layer.module.clone(),
        });
    }

    /// How many numbers the file has for a layer.
    fn params(&self, group: &str, path: &str, name: &str) -> usize {
        if let Some(count) = self.declared.get(&join(path, name)) {
            return *count;
        }
        let prefixes: Vec<String> = match self.kind {
            Some(FileKind::Hdf5) => {
                // Weights of a nested model stand in the group of the outermost layer.
                if !path.is_empty() {
                    return 0;
                }
                vec![format!("model_weights/{name}/")]
            }
            Some(FileKind::Safetensors) => vec![format!("{}/", join(path, name))],
            _ => vec![
                format!("{group}/"),
                format!("{}/", group.replace("layers/", "_layer_checkpoint_dependencies/")),
                format!("{}\\", group.replace('/', "\\")),
            ],
        };
        let own = |key: &&(String, Tensor)| prefixes.iter().any(|prefix| key.0.starts_with(prefix.as_str()));
        self.weights.iter().filter(own).map(|(_, tensor)| tensor.len()).sum()
    }
}

/// How many numbers the weights of each layer of an architecture would have, those of layers inside included.
pub(super) fn declared(architecture: &Architecture) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for spec in crate::models::declared(architecture).unwrap_or_default() {
        let ends = spec.path.match_indices('/').map(|(index, _)| index).chain([spec.path.len()]);
        for end in ends {
            let count: &mut usize = counts.entry(spec.path[..end].to_owned()).or_default();
            *count = count.saturating_add(spec.ty.shape.elements().unwrap_or(0));
        }
    }
    counts
}

/// The group of a layer's weights: the class in snake case, numbered among those of its class.
fn numbered(group: &str, class_name: &str, counts: &mut HashMap<String, usize>) -> String {
    let class_name = snake_case(class_name);
    let count = counts.entry(class_name.clone()).or_insert(0);
    let name = if *count == 0 { class_name } else { format!("{class_name}_{count}") };
    *count += 1;
    join(group, &format!("layers/{name}"))
}

/// What the layers that take a layer's output say of its shape.
fn shapes_of_consumers(layers: &[Words]) -> HashMap<String, String> {
    fn visit(value: &Value, shapes: &mut HashMap<String, String>) {
        match value {
            Value::Object(map)
                if map.get("class_name").and_then(Value::as_str) == Some("__keras_tensor__") =>
            {
                let shape = value.pointer("/config/shape").and_then(tuple);
                let from = value.pointer("/config/keras_history/0").and_then(Value::as_str);
                if let (Some(shape), Some(from)) = (shape, from) {
                    shapes.insert(from.to_owned(), shape);
                }
            }
            Value::Object(map) => map.values().for_each(|value| visit(value, shapes)),
            Value::Array(items) => items.iter().for_each(|value| visit(value, shapes)),
            _ => {}
        }
    }
    let mut shapes = HashMap::new();
    layers.iter().flat_map(|layer| &layer.nodes).for_each(|node| visit(node, &mut shapes));
    shapes
}

/// The shape that a layer's own words give it.
fn shape_in_words(layer: &Words) -> String {
    let own = layer.config.get("batch_shape").and_then(tuple);
    let taken = || layer.input_shape.as_ref().and_then(tuple).map(|shape| format!("from {shape}"));
    own.or_else(taken).unwrap_or_else(|| "?".to_owned())
}

/// A list of dimensions as Keras prints it.
fn tuple(value: &Value) -> Option<String> {
    let dims = value.as_array()?.iter().map(|dim| match dim {
        Value::Null => Some("None".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    Some(format!("({})", dims.collect::<Option<Vec<String>>>()?.join(", ")))
}
