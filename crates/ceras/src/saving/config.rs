//! `config.json`: the architecture in Keras' words.

use serde_json::{Map, Value, json};

use crate::layers::LayerRef;
use crate::models::{Architecture, Call, Kind, TensorRef};
use crate::registry::Config;

/// Keras' `config` of a model: its layers and how they are connected.
pub(crate) fn architecture_config(architecture: &Architecture) -> Config {
    match architecture.kind {
        Kind::Sequential => sequential_config(architecture),
        Kind::Functional => functional_config(architecture),
    }
}

fn sequential_config(architecture: &Architecture) -> Config {
    let layers: Vec<Value> = (0..architecture.layers.len()).map(|layer| layer_envelope(architecture, layer)).collect();
    let input = architecture.input_types().first().map(|ty| json!(ty.shape.dims()));
    let mut config = Map::new();
    config.insert("name".into(), json!(architecture.name));
    config.insert("trainable".into(), json!(architecture.trainable));
    config.insert("dtype".into(), json!(crate::DTypePolicy::FLOAT32));
    config.insert("layers".into(), json!(layers));
    config.insert("build_input_shape".into(), json!(input));
    config
}

fn functional_config(architecture: &Architecture) -> Config {
    let layers: Vec<Value> = (0..architecture.layers.len())
        .map(|layer| {
            let mut envelope = layer_envelope(architecture, layer);
            let mut calls: Vec<&Call> = architecture.calls.iter().filter(|call| call.layer == layer).collect();
            calls.sort_by_key(|call| call.node);
            let nodes: Vec<Value> = calls
                .iter()
                .filter(|call| !call.inputs.is_empty())
                .map(|call| inbound_node(architecture, call))
                .collect();
            envelope["name"] = json!(architecture.layers[layer].name);
            envelope["inbound_nodes"] = json!(nodes);
            envelope
        })
        .collect();
    let inputs: Vec<TensorRef> = architecture.inputs.iter().map(|&call| TensorRef { call, output: 0 }).collect();
    let mut config = Map::new();
    config.insert("name".into(), json!(architecture.name));
    config.insert("trainable".into(), json!(architecture.trainable));
    config.insert("layers".into(), json!(layers));
    config.insert("input_layers".into(), ends(architecture, &inputs));
    config.insert("output_layers".into(), ends(architecture, &architecture.outputs));
    config
}

/// One triple, or a list of them.
fn ends(architecture: &Architecture, ends: &[TensorRef]) -> Value {
    let triples: Vec<Value> = ends.iter().map(|end| history(architecture, *end)).collect();
    match &triples[..] {
        [one] => one.clone(),
        _ => json!(triples),
    }
}

/// Keras' `keras_history`: layer, node, tensor.
fn history(architecture: &Architecture, tensor: TensorRef) -> Value {
    let call = &architecture.calls[tensor.call];
    json!([architecture.layers[call.layer].name, call.node, tensor.output])
}

fn inbound_node(architecture: &Architecture, call: &Call) -> Value {
    let tensors: Vec<Value> = call
        .inputs
        .iter()
        .map(|input| {
            let ty = &architecture.calls[input.call].outputs[input.output];
            json!({"class_name": "__keras_tensor__", "config": {
                "shape": ty.shape.dims(),
                "dtype": ty.dtype.name(),
                "keras_history": history(architecture, *input),
            }})
        })
        .collect();
    // A layer that merges takes its tensors as one list.
    let args = if tensors.len() == 1 { json!(tensors) } else { json!([tensors]) };
    let kwargs = match architecture.layers[call.layer].layer.class_name() {
        "Dropout" => json!({"training": false}),
        "BatchNormalization" => json!({"mask": null}),
        _ => json!({}),
    };
    json!({"args": args, "kwargs": kwargs})
}

/// Keras' envelope of a layer in a model.
fn layer_envelope(architecture: &Architecture, layer: usize) -> Value {
    let named = &architecture.layers[layer];
    let first_call = architecture.calls.iter().find(|call| call.layer == layer);
    let input_shape = first_call.and_then(|call| call.inputs.first()).map(|input| {
        let ty = &architecture.calls[input.call].outputs[input.output];
        json!(ty.shape.dims())
    });
    let mut envelope = object_envelope(&named.layer, &named.name);
    if let Some(shape) = input_shape {
        envelope["build_config"] = json!({"input_shape": shape});
    }
    envelope
}

/// Keras' envelope of a layer under the name that it has in a model.
pub(crate) fn object_envelope(layer: &LayerRef, name: &str) -> Value {
    let mut config = layer.config();
    config.insert("name".into(), json!(name));
    let registered = layer.registered_name();
    let (module, registered) = match (layer.as_architecture().map(|inner| inner.kind), registered) {
        (Some(Kind::Functional), _) => ("keras.src.models.functional", Some("Functional")),
        (Some(Kind::Sequential), _) => ("keras", None),
        (None, Some(registered)) => ("", Some(registered)),
        (None, None) => ("keras.layers", None),
    };
    json!({"module": module, "class_name": layer.class_name(), "config": config, "registered_name": registered})
}
