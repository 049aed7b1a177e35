//! `config.json`: the architecture in Keras' words.

use serde_json::{Map, Value, json};

use crate::layers::Layer;
use crate::layers::context::join;
use crate::models::{Architecture, Call, Kind, Structure, TensorRef};
use crate::registry::Config;

/// Keras' layers that count as built before they see any data; Keras writes no `build_config` for them.
const BUILT_AT_ONCE: &[&str] = &[
    "Activation",
    "ActivityRegularization",
    "AlphaDropout",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "Dropout",
    "ELU",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "Identity",
    "InputLayer",
    "LeakyReLU",
    "Masking",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "ReLU",
    "Reshape",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "UnitNormalization",
];

/// Whether Keras counts a layer of this class as built before it sees any data.
pub(crate) fn is_built_at_once(class_name: &str) -> bool {
    BUILT_AT_ONCE.contains(&class_name)
}

/// Keras' layers whose `call` has an argument `training` that is off unless said otherwise; Keras writes it down.
const TRAINING_OFF: &[&str] = &[
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "Dropout",
    "GRU",
    "GaussianDropout",
    "GaussianNoise",
    "LSTM",
    "RNN",
    "SimpleRNN",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
];

/// The same, on unless said otherwise.
const TRAINING_ON: &[&str] = &[
    "AugMix",
    "AutoContrast",
    "CenterCrop",
    "CutMix",
    "Equalization",
    "MixUp",
    "Pipeline",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Resizing",
    "Solarization",
];

/// Keras' layers whose `call` has an argument `mask`; Keras writes that there was none.
const MASKED: &[&str] = &[
    "AdditiveAttention",
    "Attention",
    "BatchNormalization",
    "Bidirectional",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "Functional",
    "GRU",
    "GlobalAveragePooling1D",
    "LSTM",
    "Pipeline",
    "RNN",
    "Sequential",
    "SimpleRNN",
    "Softmax",
    "TimeDistributed",
];

/// Whether the layer of a path is trained, where a model says so.
pub(crate) type Trainable<'a> = &'a dyn Fn(&str) -> Option<bool>;

/// Keras' `config` of a model: its layers and how they are connected.
pub(crate) fn architecture_config(architecture: &Architecture) -> Config {
    Writer { trainable: &|_| None }.architecture(architecture, "", false)
}

/// Keras' envelope of a whole model, with what it was built for.
pub(crate) fn model_envelope(architecture: &Architecture, trainable: Trainable<'_>) -> Value {
    let config = Writer { trainable }.architecture(architecture, "", false);
    envelope(architecture, config)
}

/// Keras' envelope of a Sequential model that has seen no data yet.
pub(crate) fn unbuilt_envelope(name: &str, layers: &[(String, crate::layers::LayerRef)]) -> Value {
    let writer = Writer { trainable: &|_| None };
    let layers: Vec<Value> =
        layers.iter().map(|(name, layer)| writer.object(&**layer, name, name, false)).collect();
    let config =
        json!({"name": name, "trainable": true, "dtype": crate::DTypePolicy::FLOAT32, "layers": layers});
    json!({"module": "keras", "class_name": "Sequential", "config": config, "registered_name": null})
}

fn envelope(layer: &dyn Layer, config: Config) -> Value {
    if let Some(operation) = layer.as_operation() {
        let class_name = layer.class_name();
        return json!({"module": operation.module(), "class_name": class_name, "config": config,
            "registered_name": class_name});
    }
    let (module, registered) =
        match (layer.as_architecture().map(Architecture::kind), layer.registered_name()) {
            (Some(Kind::Functional), _) => (json!("keras.src.models.functional"), Some("Functional")),
            (Some(Kind::Sequential), _) => (json!("keras"), None),
            (None, Some(registered)) => (Value::Null, Some(registered)),
            (None, None) => (json!("keras.layers"), None),
        };
    let mut envelope = json!({"module": module, "class_name": layer.class_name(), "config": config, "registered_name": registered});
    if let Some(architecture) = layer.as_architecture() {
        let shape = match architecture.kind() {
            Kind::Sequential => architecture.input_types().first().map(|ty| json!(ty.shape.dims())),
            Kind::Functional => None,
        };
        envelope["build_config"] = json!({"input_shape": shape});
    }
    envelope
}

/// Writes architectures, with the model's say on what is trained.
struct Writer<'a> {
    trainable: Trainable<'a>,
}

impl Writer<'_> {
    fn architecture(&self, architecture: &Architecture, path: &str, frozen: bool) -> Config {
        match architecture.kind {
            Kind::Sequential => self.sequential(architecture, path, frozen),
            Kind::Functional => self.functional(architecture, path, frozen),
        }
    }

    fn sequential(&self, architecture: &Architecture, path: &str, frozen: bool) -> Config {
        let layers = 0..architecture.layers.len();
        let layers: Vec<Value> = layers.map(|layer| self.layer(architecture, layer, path, frozen)).collect();
        let input = architecture.input_types().first().map(|ty| json!(ty.shape.dims()));
        let mut config = Map::new();
        config.insert("name".into(), json!(architecture.name));
        config.insert("trainable".into(), json!(architecture.trainable));
        config.insert("dtype".into(), json!(crate::DTypePolicy::FLOAT32));
        config.insert("layers".into(), json!(layers));
        config.insert("build_input_shape".into(), json!(input));
        config
    }

    fn functional(&self, architecture: &Architecture, path: &str, frozen: bool) -> Config {
        let mut nodes: Vec<Vec<&Call>> = vec![Vec::new(); architecture.layers.len()];
        architecture.calls.iter().for_each(|call| nodes[call.layer].push(call));
        nodes.iter_mut().for_each(|calls| calls.sort_by_key(|call| call.node));
        let layers: Vec<Value> = nodes
            .iter()
            .enumerate()
            .map(|(layer, calls)| {
                let mut envelope = self.layer(architecture, layer, path, frozen);
                envelope["name"] = json!(architecture.layers[layer].name);
                let inner = calls.iter().filter(|call| !call.inputs.is_empty());
                envelope["inbound_nodes"] = inner.map(|call| inbound_node(architecture, call)).collect();
                envelope
            })
            .collect();
        let inputs: Vec<TensorRef> =
            architecture.inputs.iter().map(|&call| TensorRef { call, output: 0 }).collect();
        let mut config = Map::new();
        config.insert("name".into(), json!(architecture.name));
        config.insert("trainable".into(), json!(architecture.trainable));
        config.insert("layers".into(), json!(layers));
        let ends = |structure: &Structure, ends: &[TensorRef]| {
            structure.pack(&mut ends.iter().map(|end| triple(architecture, *end)))
        };
        config.insert("input_layers".into(), ends(&architecture.input_structure, &inputs));
        config.insert("output_layers".into(), ends(&architecture.output_structure, &architecture.outputs));
        config
    }

    /// Keras' envelope of a layer in a model.
    fn layer(&self, architecture: &Architecture, layer: usize, path: &str, frozen: bool) -> Value {
        let named = &architecture.layers[layer];
        let mut envelope = self.object(&*named.layer, &named.name, &join(path, &named.name), frozen);
        let shapes = || {
            let call = architecture.calls.iter().find(|call| call.layer == layer)?;
            let shapes: Vec<Value> = call.inputs.iter().map(|input| shape(architecture, *input)).collect();
            match (named.layer.as_called(), &shapes[..]) {
                (_, []) => None,
                (Some(called), _) => Some(called.build_config(shapes)),
                (None, [one]) => Some(json!({"input_shape": one})),
                (None, _) => Some(json!({"input_shape": shapes})),
            }
        };
        match named.layer.as_architecture() {
            Some(_) => envelope["compile_config"] = json!({}),
            None if named.layer.as_operation().is_some() => {}
            None if is_built_at_once(named.layer.class_name()) => {}
            None => {
                if let Some(shapes) = shapes() {
                    envelope["build_config"] = shapes;
                }
            }
        }
        envelope
    }

    /// Keras' envelope of a layer under the name that it has in a model.
    fn object(&self, layer: &dyn Layer, name: &str, path: &str, frozen: bool) -> Value {
        let frozen = frozen || !(self.trainable)(path).unwrap_or(layer.info().trainable);
        let mut config = match layer.as_architecture() {
            Some(inner) => self.architecture(inner, path, frozen),
            None => layer.config(),
        };
        config.insert("name".into(), json!(name));
        if config.contains_key("trainable") {
            config.insert("trainable".into(), json!(!frozen));
        }
        envelope(layer, config)
    }
}

/// The triple of an input or output of the model.
fn triple(architecture: &Architecture, end: TensorRef) -> Value {
    let mut triple = history(architecture, end);
    let layer = &architecture.layers[architecture.calls[end.call].layer].layer;
    if layer.as_architecture().is_some_and(|inner| inner.kind() == Kind::Functional) {
        // In this place, and in no other, Keras counts the call that made a functional model as its first.
        triple[1] = json!(architecture.calls[end.call].node + 1);
    }
    triple
}

/// Keras' `keras_history`: layer, node, tensor.
fn history(architecture: &Architecture, tensor: TensorRef) -> Value {
    let call = &architecture.calls[tensor.call];
    json!([architecture.layers[call.layer].name, call.node, tensor.output])
}

fn shape(architecture: &Architecture, tensor: TensorRef) -> Value {
    json!(architecture.calls[tensor.call].outputs[tensor.output].shape.dims())
}

fn inbound_node(architecture: &Architecture, call: &Call) -> Value {
    let tensor = |input: &TensorRef| {
        let dtype = architecture.calls[input.call].outputs[input.output].dtype.name();
        json!({"class_name": "__keras_tensor__", "config": {
            "shape": shape(architecture, *input),
            "dtype": dtype,
            "keras_history": history(architecture, *input),
        }})
    };
    let tensors: Vec<Value> = call.inputs.iter().map(tensor).collect();
    let layer = &architecture.layers[call.layer].layer;
    if let Some(operation) = layer.as_operation() {
        return json!({"args": operation.args(tensors), "kwargs": operation.kwargs()});
    }
    if let Some(called) = layer.as_called() {
        let (args, kwargs) = called.node(tensors);
        return json!({"args": args, "kwargs": kwargs});
    }
    let unmasked = tensors.len();
    let args = match layer.as_architecture().map(Architecture::input_structure) {
        Some(structure @ Structure::Dict(_)) => json!([structure.pack(&mut tensors.into_iter())]),
        _ if tensors.len() == 1 => json!(tensors),
        // A layer that merges takes its tensors as one list.
        _ => json!([tensors]),
    };
    let class_name = layer.class_name();
    let mut kwargs = Map::new();
    match class_name {
        name if TRAINING_OFF.contains(&name) => kwargs.insert("training".into(), json!(false)),
        name if TRAINING_ON.contains(&name) => kwargs.insert("training".into(), json!(true)),
        _ => None,
    };
    if MASKED.contains(&class_name) {
        let mask = match layer.as_architecture().map(Architecture::input_structure) {
            Some(structure @ Structure::Dict(_)) => structure.pack(&mut std::iter::repeat(Value::Null)),
            _ if unmasked == 1 => Value::Null,
            _ => json!(vec![Value::Null; unmasked]),
        };
        kwargs.insert("mask".into(), mask);
    }
    json!({"args": args, "kwargs": kwargs})
}
