//! Old spellings, put into today's words before anything is parsed.
//!
//! A layer's struct knows the keys of Keras 3.15 only. What other versions wrote is renamed here, or dropped where its
//! value says nothing; a key that is dropped for no reason stays and becomes an error that names it.

use serde_json::{Map, Value, json};

use super::tf_ops;
use crate::error::{Error, ErrorKind, Result};

/// A layer as a file describes it, in today's words.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// The name that connections use.
    pub(crate) key: String,
    /// Keras' class.
    pub(crate) class_name: String,
    /// The module of the class, where the file has it.
    pub(crate) module: String,
    /// The package and name of a class that is not Keras' own.
    pub(crate) registered: Option<String>,
    /// The config, with `name` in it.
    pub(crate) config: Map<String, Value>,
    /// The shape of its input, the batch included, where the file has it.
    pub(crate) input_shape: Option<Value>,
    /// The shape that a layer was built for, as its file says beside its config.
    pub(crate) built_shape: Option<Value>,
    /// The calls of the layer, in the file's own form.
    pub(crate) nodes: Vec<Value>,
}

/// Class names that Keras has given up.
const CLASSES: &[(&str, &str)] = &[
    ("Model", "Functional"),
    ("BatchNormalizationV1", "BatchNormalization"),
    ("BatchNormalizationV2", "BatchNormalization"),
    ("SyncBatchNormalization", "BatchNormalization"),
    ("DenseV1", "Dense"),
    ("DropoutV1", "Dropout"),
    ("Convolution1D", "Conv1D"),
    ("Convolution2D", "Conv2D"),
    ("Convolution3D", "Conv3D"),
    ("Convolution2DTranspose", "Conv2DTranspose"),
    ("Convolution3DTranspose", "Conv3DTranspose"),
    ("Convolution1DTranspose", "Conv1DTranspose"),
    ("Deconvolution2D", "Conv2DTranspose"),
    ("SeparableConvolution2D", "SeparableConv2D"),
    ("SeparableConvolution1D", "SeparableConv1D"),
    ("ThresholdedReLU", "ReLU"),
    ("LSTMV1", "LSTM"),
    ("LSTMV2", "LSTM"),
    ("GRUV1", "GRU"),
    ("GRUV2", "GRU"),
    ("GlobalAvgPool1D", "GlobalAveragePooling1D"),
    ("GlobalAvgPool2D", "GlobalAveragePooling2D"),
    ("GlobalMaxPool1D", "GlobalMaxPooling1D"),
    ("GlobalMaxPool2D", "GlobalMaxPooling2D"),
    ("GlobalMaxPool3D", "GlobalMaxPooling3D"),
    ("MaxPool1D", "MaxPooling1D"),
    ("MaxPool2D", "MaxPooling2D"),
    ("MaxPool3D", "MaxPooling3D"),
    ("GlobalAvgPool3D", "GlobalAveragePooling3D"),
    ("AvgPool3D", "AveragePooling3D"),
    ("AvgPool1D", "AveragePooling1D"),
    ("AvgPool2D", "AveragePooling2D"),
];

/// Keys that say nothing when they have one of these values: class (`*` is any), key, values (none: any value).
const DROPPED: &[(&str, &str, &[&str])] = &[
    ("*", "batch_size", &["null"]),
    ("*", "dynamic", &["false"]),
    ("*", "_layer_name", &[]),
    ("*", "autocast", &["true"]),
    ("Dense", "quantization_config", &["null"]),
    ("BatchNormalization", "fused", &[]),
    ("BatchNormalization", "virtual_batch_size", &["null"]),
    ("BatchNormalization", "adjustment", &["null"]),
    ("BatchNormalization", "mode", &["0"]),
    ("DepthwiseConv2D", "groups", &["1"]),
    ("DepthwiseConv1D", "groups", &["1"]),
    ("Conv1DTranspose", "groups", &["1"]),
    ("Conv2DTranspose", "groups", &["1"]),
    ("Conv3DTranspose", "groups", &["1"]),
    ("SeparableConv1D", "groups", &["1"]),
    ("SeparableConv2D", "groups", &["1"]),
    ("LSTM", "time_major", &["false"]),
    ("GRU", "time_major", &["false"]),
    ("SimpleRNN", "time_major", &["false"]),
    ("RNN", "time_major", &["false"]),
    ("ConvLSTM1D", "time_major", &["false"]),
    ("ConvLSTM2D", "time_major", &["false"]),
    ("ConvLSTM3D", "time_major", &["false"]),
    ("LSTM", "implementation", &[]),
    ("GRU", "implementation", &[]),
    ("LSTMCell", "implementation", &[]),
    ("GRUCell", "implementation", &[]),
    ("Embedding", "input_length", &[]),
    ("MultiHeadAttention", "query_shape", &[]),
    ("MultiHeadAttention", "key_shape", &[]),
    ("MultiHeadAttention", "value_shape", &[]),
    ("MultiHeadAttention", "flash_attention", &["null", "false"]),
    ("Normalization", "max_tokens", &["null"]),
    // Until Keras 3.5 it was written, and never used.
    ("RandomRotation", "value_range", &[]),
];

/// Puts a layer's description into today's words. `place` says where it stands, for errors.
pub(crate) fn layer(envelope: &Value, place: &str) -> Result<Words> {
    let broken = |what: &str| Error::new(ErrorKind::File, format!("{what} ({place})"));
    let map = envelope.as_object().ok_or_else(|| broken("a layer is not a JSON object"))?;
    let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    let given = text("class_name").ok_or_else(|| broken("a layer has no `class_name`"))?;
    let renamed = CLASSES.iter().find(|(old, _)| *old == given).map(|(_, new)| (*new).to_owned());
    let mut config = match map.get("config") {
        Some(Value::Object(config)) => config.clone(),
        // Keras 1 wrote the layers of a Sequential model as a bare list.
        Some(Value::Array(layers)) => Map::from_iter([("layers".to_owned(), json!(layers))]),
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(broken("the config of a layer is not a JSON object")),
    };
    let class_name = renamed.unwrap_or(given);
    let named = config.get("name").and_then(Value::as_str).map(str::to_owned);
    let key = text("name").or(named.clone()).unwrap_or_default();
    if let Some(name) = named.or_else(|| text("name")) {
        // Keras 3 forbids slashes in names; old files have them.
        config.insert("name".into(), json!(name.replace('/', "_")));
    }
    let input_shape = layer_config(&class_name, &mut config);
    let built = map.get("build_config").and_then(|built| built.get("input_shape")).cloned();
    let registered = text("registered_name").filter(|name| is_a_users(name));
    let nodes = map.get("inbound_nodes").and_then(Value::as_array).cloned().unwrap_or_default();
    let built_shape = built.filter(|shape| !shape.is_null());
    let input_shape = input_shape.filter(|shape| !shape.is_null()).or_else(|| built_shape.clone());
    let module = text("module").unwrap_or_default();
    let mut words = Words { key, class_name, module, registered, config, input_shape, built_shape, nodes };
    tf_ops::translate(&mut words);
    Ok(words)
}

/// Whether a registered name is that of a user's own class: `package>Class`, the package none of Keras' own.
fn is_a_users(registered: &str) -> bool {
    registered
        .split_once('>')
        .is_some_and(|(package, _)| !matches!(package, "keras" | "Keras" | "keras.layers"))
}

/// Puts the keys of a layer's config into today's words; gives the input's shape where the config had it.
fn layer_config(class_name: &str, config: &mut Map<String, Value>) -> Option<Value> {
    if matches!(class_name, "Functional" | "Sequential") {
        return None;
    }
    drop_what_says_nothing(class_name, config);
    if class_name == "InputLayer" {
        rename(config, "batch_input_shape", "batch_shape");
        if config.get("dtype").is_some_and(Value::is_object) {
            let name = config["dtype"].pointer("/config/name").cloned().unwrap_or_else(|| json!("float32"));
            config.insert("dtype".into(), name);
        }
        return None;
    }
    let input_shape = config.shift_remove("batch_input_shape").or_else(|| config.shift_remove("batch_shape"));
    if class_name != "Embedding" {
        config.shift_remove("input_dim");
    }
    if class_name.starts_with("SeparableConv") || class_name.starts_with("DepthwiseConv") {
        // Keras 2 wrote what the class below it has, and did not use it.
        for key in ["kernel_initializer", "kernel_regularizer", "kernel_constraint"] {
            config.shift_remove(key);
        }
    }
    if class_name == "ReLU" {
        rename(config, "theta", "threshold");
    }
    if class_name == "LeakyReLU" {
        rename(config, "alpha", "negative_slope");
    }
    if class_name == "Dropout" || class_name.starts_with("SpatialDropout") {
        rename(config, "p", "rate");
    }
    if class_name == "Dense" {
        rename(config, "output_dim", "units");
        rename(config, "bias", "use_bias");
        rename(config, "init", "kernel_initializer");
        rename(config, "W_regularizer", "kernel_regularizer");
        rename(config, "b_regularizer", "bias_regularizer");
        rename(config, "W_constraint", "kernel_constraint");
        rename(config, "b_constraint", "bias_constraint");
    }
    if class_name == "RandomContrast"
        && let Some(factor) = config.get("factor").and_then(Value::as_f64)
    {
        // Until Keras 3.3 one number meant less and more contrast alike; since then it is never written.
        config.insert("factor".into(), json!([factor, factor]));
    }
    if class_name == "BatchNormalization"
        && let Some([axis]) = config.get("axis").and_then(Value::as_array).map(Vec::as_slice)
    {
        let axis = axis.clone();
        config.insert("axis".into(), axis);
    }
    if let Some(class) = config.get_mut("dtype").and_then(|dtype| dtype.get_mut("class_name"))
        && matches!(class.as_str(), Some("FloatDTypePolicy" | "Policy"))
    {
        *class = json!("DTypePolicy");
    }
    config.iter_mut().for_each(|(key, value)| object(key, value));
    input_shape
}

/// Drops the keys whose value says nothing.
fn drop_what_says_nothing(class_name: &str, config: &mut Map<String, Value>) {
    for (class, key, values) in DROPPED {
        let applies = *class == "*" || *class == class_name;
        let says_nothing = |value: &Value| values.is_empty() || values.contains(&value.to_string().as_str());
        if applies && config.get(*key).is_some_and(says_nothing) {
            config.shift_remove(*key);
        }
    }
}

/// Old JSON without the envelopes that Keras put around tuples.
pub(crate) fn plain(mut value: Value) -> Value {
    fn open(value: &mut Value) {
        if let Value::Object(map) = value
            && map.get("class_name").and_then(Value::as_str) == Some("__tuple__")
        {
            *value = map.shift_remove("items").unwrap_or(Value::Null);
        }
        match value {
            Value::Object(map) => map.values_mut().for_each(open),
            Value::Array(items) => items.iter_mut().for_each(open),
            _ => {}
        }
    }
    open(&mut value);
    value
}

/// Puts an object inside a config into today's words.
pub(crate) fn object(key: &str, value: &mut Value) {
    let Some(map) = value.as_object() else { return };
    // A function is an envelope around its name.
    if map.get("class_name").and_then(Value::as_str) == Some("function") {
        if let Some(name) = map.get("config").and_then(Value::as_str) {
            *value = json!(name.rsplit('>').next().unwrap_or(name));
        }
        return;
    }
    let of =
        |module: &str| map.get("module").and_then(Value::as_str).is_some_and(|given| given.contains(module));
    let initializer = key.ends_with("initializer") || of("initializers");
    if let Some(config) = value.get_mut("config").and_then(Value::as_object_mut) {
        if initializer {
            config.shift_remove("dtype");
        }
        config.iter_mut().for_each(|(key, value)| object(key, value));
    }
}

/// Puts an optimizer's description into today's words.
pub(crate) fn optimizer(envelope: &mut Value) {
    if let Some(class_name) = envelope.get("class_name").and_then(Value::as_str) {
        let bare = class_name.rsplit('>').next().unwrap_or(class_name);
        let bare = if bare == "LossScaleOptimizerV3" { "LossScaleOptimizer" } else { bare };
        envelope["class_name"] = json!(bare);
    }
    let Some(config) = envelope.get_mut("config").and_then(Value::as_object_mut) else { return };
    rename(config, "lr", "learning_rate");
    let decay = config.shift_remove("decay").and_then(|decay| decay.as_f64()).unwrap_or(0.0);
    if decay > 0.0
        && let Some(rate) = config.get("learning_rate").and_then(Value::as_f64)
    {
        // Keras 2's `decay` is what this schedule does.
        let schedule = json!({"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay,
            "staircase": false, "name": "InverseTimeDecay"});
        let schedule = json!({"module": "keras.optimizers.schedules", "class_name": "InverseTimeDecay",
            "config": schedule, "registered_name": null});
        config.insert("learning_rate".into(), schedule);
    }
    for key in ["jit_compile", "is_legacy_optimizer", "jit_compile_optimizer", "schedule_decay"] {
        config.shift_remove(key);
    }
    for key in ["clipvalue", "clipnorm", "global_clipnorm", "weight_decay"] {
        if config.get(key).is_some_and(|value| value == &json!(false)) {
            config.insert(key.into(), Value::Null);
        }
    }
    if config.get("ema_overwrite_frequency").is_some_and(|value| value == &json!(100)) {
        // Keras 2 wrote this default though averages were off.
        if config.get("use_ema") != Some(&json!(true)) {
            config.insert("ema_overwrite_frequency".into(), Value::Null);
        }
    }
    if let Some(schedule) = config.get_mut("learning_rate") {
        object("learning_rate", schedule);
    }
}

/// Puts a loss's or a metric's description into today's words.
pub(crate) fn measure(value: &mut Value) {
    object("", value);
    let class_name = value.get("class_name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(config) = value.get_mut("config").and_then(Value::as_object_mut) else { return };
    if class_name == "MeanMetricWrapper" || class_name == "LossFunctionWrapper" {
        // A function and what it is called.
        let function = config.get("fn").cloned();
        if let Some(name) = function.as_ref().and_then(Value::as_str).or_else(|| config.get("name")?.as_str())
        {
            *value = json!(name);
        }
        return;
    }
    config.shift_remove("fn");
    if config.get("reduction").and_then(Value::as_str) == Some("auto") {
        config.insert("reduction".into(), json!("sum_over_batch_size"));
    }
}

fn rename(config: &mut Map<String, Value>, old: &str, new: &str) {
    if let Some(value) = config.shift_remove(old) {
        config.entry(new.to_owned()).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keras_2_dense() {
        let envelope = json!({"class_name": "Dense", "config": {
            "name": "a/b", "trainable": true, "batch_input_shape": [null, 4], "dtype": "float32", "units": 3,
            "activation": {"class_name": "function", "config": "relu"},
            "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": null, "dtype": "float32"}},
        }});
        let words = layer(&envelope, "").unwrap();
        assert_eq!(words.key, "a/b");
        assert_eq!(words.config["name"], json!("a_b"));
        assert_eq!(words.input_shape, Some(json!([null, 4])));
        assert_eq!(words.config["activation"], json!("relu"));
        assert_eq!(words.config["kernel_initializer"]["config"], json!({"seed": null}));
        assert!(!words.config.contains_key("batch_input_shape"));
    }

    #[test]
    fn one_number_of_contrast_was_for_both_directions() {
        let words = |factor: Value| {
            let config = json!({"name": "contrast", "factor": factor, "seed": null});
            layer(&json!({"class_name": "RandomContrast", "config": config}), "").unwrap().config
        };
        assert_eq!(words(json!(0.2))["factor"], json!([0.2, 0.2]));
        assert_eq!(words(json!([0.0, 0.2]))["factor"], json!([0.0, 0.2]));
    }

    #[test]
    fn keras_2_compile_state() {
        let mut adam = json!({"class_name": "Custom>Adam", "config": {"name": "Adam", "lr": 0.1, "decay": 0.0,
            "jit_compile": false, "is_legacy_optimizer": false}});
        optimizer(&mut adam);
        assert_eq!(adam, json!({"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.1}}));
        let mut metric =
            json!({"class_name": "MeanMetricWrapper", "config": {"name": "acc", "fn": "binary_accuracy"}});
        measure(&mut metric);
        assert_eq!(metric, json!("binary_accuracy"));
        let mut loss = json!({"class_name": "Huber", "config": {"reduction": "auto", "delta": 2.0}});
        measure(&mut loss);
        assert_eq!(loss["config"]["reduction"], json!("sum_over_batch_size"));
    }
}
