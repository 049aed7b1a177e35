//! TensorFlow's functions on symbolic tensors, as Keras 2.4 to 2.15 saved them, in the words of Keras 3's operations.
//!
//! `x * 2` was a layer `TFOpLambda` with the function `math.multiply`; its call has the first argument as a tensor and the
//! others by name: `["input_1", 0, 0, {"y": 2.0, "name": null}]`. `x[:, 0]` was a `SlicingOpLambda`.

use serde_json::{Map, Value, json};

use super::migrate::Words;

/// Functions of two operands, and Keras' operation.
const BINARY: &[(&str, &str)] = &[
    ("add", "Add"),
    ("subtract", "Subtract"),
    ("multiply", "Multiply"),
    ("truediv", "TrueDivide"),
    ("divide", "Divide"),
    ("floordiv", "FloorDivide"),
    ("floormod", "Mod"),
    ("mod", "Mod"),
    ("pow", "Power"),
    ("maximum", "Maximum"),
    ("minimum", "Minimum"),
    ("equal", "Equal"),
    ("not_equal", "NotEqual"),
    ("greater", "Greater"),
    ("greater_equal", "GreaterEqual"),
    ("less", "Less"),
    ("less_equal", "LessEqual"),
    ("logical_and", "LogicalAnd"),
    ("logical_or", "LogicalOr"),
];

/// Functions of one tensor and nothing else.
const UNARY: &[(&str, &str)] = &[
    ("negative", "Negative"),
    ("abs", "Absolute"),
    ("square", "Square"),
    ("sign", "Sign"),
    ("sqrt", "Sqrt"),
    ("rsqrt", "Rsqrt"),
    ("exp", "Exp"),
    ("log", "Log"),
    ("sin", "Sin"),
    ("cos", "Cos"),
    ("tanh", "Tanh"),
    ("floor", "Floor"),
    ("ceil", "Ceil"),
    ("reciprocal", "Reciprocal"),
    ("logical_not", "LogicalNot"),
    ("sigmoid", "Sigmoid"),
    ("relu", "Relu"),
    ("relu6", "Relu6"),
    ("selu", "Selu"),
    ("silu", "Silu"),
    ("swish", "Silu"),
    ("softplus", "Softplus"),
    ("softsign", "Softsign"),
    ("log_sigmoid", "LogSigmoid"),
];

/// Functions that make one element of many.
const REDUCING: &[(&str, &str)] = &[
    ("reduce_mean", "Mean"),
    ("reduce_sum", "Sum"),
    ("reduce_max", "Max"),
    ("reduce_min", "Min"),
    ("reduce_prod", "Prod"),
    ("reduce_std", "Std"),
    ("reduce_variance", "Var"),
];

/// Keras' words for a call.
struct Translated {
    class_name: &'static str,
    config: Value,
    /// Arguments after the first.
    more: Vec<Value>,
    /// Whether it is a layer and no operation.
    layer: bool,
}

/// Puts a layer's description into the words of an operation, or of a layer that does the same. What is not known stays.
pub(crate) fn translate(words: &mut Words) {
    if !matches!(words.class_name.as_str(), "TFOpLambda" | "SlicingOpLambda") {
        return;
    }
    let Some(calls) = words.nodes.iter().map(call).collect::<Option<Vec<_>>>() else { return };
    let function = words.config.get("function").and_then(Value::as_str).unwrap_or_default();
    let translated: Option<Vec<Translated>> =
        calls.iter().map(|(_, named)| translated(function, named)).collect();
    let Some(first) = translated.as_deref().and_then(<[_]>::first) else { return };
    let mut config = Map::new();
    for key in if first.layer { &["name", "trainable", "dtype"][..] } else { &["name"] } {
        config.extend(words.config.get(*key).map(|value| ((*key).to_owned(), value.clone())));
    }
    config.extend(first.config.as_object().cloned().unwrap_or_default());
    words.class_name = first.class_name.to_owned();
    words.module = if first.layer { "keras.layers" } else { "keras.src.ops.numpy" }.to_owned();
    words.registered = None;
    words.config = config;
    let node = |((first, _), translated): ((Value, _), Translated)| {
        let args: Vec<Value> = [first].into_iter().chain(translated.more).collect();
        json!({"args": args, "kwargs": {}})
    };
    words.nodes = calls.into_iter().zip(translated.unwrap_or_default()).map(node).collect();
}

/// A call of a layer of one argument as the call of an operation.
pub(crate) fn plain_call(node: &Value) -> Value {
    let args = match node.get("args") {
        Some(args) => args.clone(),
        None => call(node).map_or(Value::Null, |(first, _)| json!([first])),
    };
    json!({"args": args, "kwargs": {}})
}

/// The first argument of a call, and the others by name.
fn call(node: &Value) -> Option<(Value, Map<String, Value>)> {
    let items = node.as_array()?;
    let named = |triple: &[Value]| triple.get(3).and_then(Value::as_object).cloned().unwrap_or_default();
    if items.first()?.is_string() {
        return Some((tensor_or_number(items)?, named(items)));
    }
    let triples = items.iter().map(|item| item.as_array().map(Vec::as_slice)).collect::<Option<Vec<_>>>()?;
    let mut tensors = triples.iter().map(|triple| tensor_or_number(triple)).collect::<Option<Vec<_>>>()?;
    let first = if tensors.len() == 1 { tensors.pop()? } else { Value::Array(tensors) };
    Some((first, named(triples.first()?)))
}

/// The output of another layer, or a plain value that stands in its place.
fn tensor_or_number(triple: &[Value]) -> Option<Value> {
    match triple {
        [name, _, value, ..] if name == "_CONSTANT_VALUE" => Some(value.clone()),
        [name, call, output, ..] if name.is_string() => {
            Some(json!({"class_name": "__keras_tensor__", "config": {"keras_history": [name, call, output]}}))
        }
        _ => None,
    }
}

/// An argument by name: a tensor, a list of them, or a plain value.
fn argument(value: &Value) -> Value {
    let is_triple = |items: &[Value]| matches!(items, [name, call, output] if name.is_string() && call.is_u64() && output.is_u64());
    match value {
        Value::Array(items) if is_triple(items) => tensor_or_number(items).unwrap_or_else(|| value.clone()),
        Value::Array(items) if is_numbers(items) => {
            json!({"class_name": "__tensor__", "config": {"value": value, "dtype": "float32"}})
        }
        Value::Array(items) => items.iter().map(argument).collect(),
        plain => plain.clone(),
    }
}

/// Whether lists hold numbers and nothing else.
fn is_numbers(items: &[Value]) -> bool {
    !items.is_empty()
        && items.iter().all(|item| item.is_number() || item.as_array().is_some_and(|inner| is_numbers(inner)))
}

fn found(list: &'static [(&str, &str)], name: &str) -> Option<&'static str> {
    list.iter().find(|(known, _)| *known == name).map(|(_, class_name)| *class_name)
}

/// Finds an argument by one of its names; null is none.
type Get<'a> = dyn Fn(&[&str]) -> Option<&'a Value> + 'a;

/// What a function with these arguments is today.
fn translated(function: &str, named: &Map<String, Value>) -> Option<Translated> {
    let name = function.rsplit('.').next()?;
    let get = |keys: &[&str]| keys.iter().find_map(|key| named.get(*key)).filter(|value| !value.is_null());
    let with = |class_name, config, more| Some(Translated { class_name, config, more, layer: false });
    let or = |keys: &[&str], value: Value| get(keys).cloned().unwrap_or(value);
    if let Some(class_name) = found(BINARY, name) {
        return with(class_name, json!({}), vec![argument(get(&["y"])?)]);
    }
    if let Some(class_name) = found(UNARY, name) {
        return with(class_name, json!({}), Vec::new());
    }
    if let Some(class_name) = found(REDUCING, name) {
        let keepdims = or(&["keepdims", "keep_dims"], json!(false));
        let axis = get(&["axis"]).map(|axis| json!({"axis": axis, "keepdims": keepdims}));
        return with(class_name, axis.unwrap_or_else(|| json!({"keepdims": keepdims})), Vec::new());
    }
    match name {
        "softmax" => with("Softmax", json!({"axis": or(&["axis"], json!(-1))}), Vec::new()),
        "reshape" => with("Reshape", json!({"newshape": plain_list(get(&["shape"])?)?}), Vec::new()),
        "expand_dims" => with("ExpandDims", json!({"axis": get(&["axis"])?}), Vec::new()),
        "squeeze" => with(
            "Squeeze",
            get(&["axis"]).map_or_else(|| json!({}), |axis| json!({"axis": axis})),
            Vec::new(),
        ),
        "transpose" => with("Transpose", json!({"axes": plain_list(get(&["perm"])?)?}), Vec::new()),
        "concat" => with("Concatenate", json!({"axis": get(&["axis"])?}), Vec::new()),
        "stack" => with("Stack", json!({"axis": or(&["axis"], json!(0))}), Vec::new()),
        "cast" => with("Cast", json!({"dtype": get(&["dtype"])?.as_str()?}), Vec::new()),
        "clip_by_value" => {
            let (low, high) = (get(&["clip_value_min"])?.as_f64()?, get(&["clip_value_max"])?.as_f64()?);
            with("Clip", json!({"x_min": low, "x_max": high}), Vec::new())
        }
        "matmul" if named.values().all(|value| value != &json!(true)) => {
            with("Matmul", json!({}), vec![argument(get(&["b"])?)])
        }
        "argmax" | "argmin" => {
            let class_name = if name == "argmax" { "Argmax" } else { "Argmin" };
            with(class_name, json!({"axis": or(&["axis", "dimension"], json!(0))}), Vec::new())
        }
        "tile" => with("Tile", json!({"repeats": plain_list(get(&["multiples"])?)?}), Vec::new()),
        "pad" if get(&["constant_values"]).and_then(Value::as_f64).unwrap_or(0.0) == 0.0 => {
            let mode = or(&["mode"], json!("CONSTANT")).as_str()?.to_lowercase();
            with("Pad", json!({"pad_width": get(&["paddings"])?, "mode": mode}), Vec::new())
        }
        "split" => {
            let parts = get(&["num_or_size_splits"])?.as_u64()?;
            with("Split", json!({"indices_or_sections": parts, "axis": or(&["axis"], json!(0))}), Vec::new())
        }
        "norm" if get(&["ord"]).is_none_or(|ord| ord == "euclidean") => {
            let keepdims = or(&["keepdims", "keep_dims"], json!(false));
            with(
                "Norm",
                json!({"ord": null, "axis": or(&["axis"], Value::Null), "keepdims": keepdims}),
                Vec::new(),
            )
        }
        "reduce_logsumexp" => {
            let keepdims = or(&["keepdims"], json!(false));
            with("Logsumexp", json!({"axis": or(&["axis"], Value::Null), "keepdims": keepdims}), Vec::new())
        }
        "reverse" => with("Flip", json!({"axis": get(&["axis"])?}), Vec::new()),
        "zeros_like" => with("ZerosLike", json!({}), Vec::new()),
        "ones_like" => with("OnesLike", json!({}), Vec::new()),
        "where" => with("Where", json!({}), vec![argument(get(&["x"])?), argument(get(&["y"])?)]),
        "bias_add" if get(&["data_format"]).is_none_or(|format| format != "NCHW") => {
            with("Add", json!({}), vec![argument(get(&["bias"])?)])
        }
        "getitem" => {
            let items = get(&["slice_spec"])?.as_array()?.iter().map(index).collect::<Value>();
            with("GetItem", json!({}), vec![items])
        }
        _ => layer(name, &get),
    }
}

/// A layer that does what a function of one tensor does.
fn layer(name: &str, get: &Get<'_>) -> Option<Translated> {
    let (class_name, config) = match name {
        "identity" | "stop_gradient" => ("Identity", json!({})),
        "elu" => ("Activation", json!({"activation": "elu"})),
        "leaky_relu" => {
            let slope = get(&["alpha"]).and_then(Value::as_f64).unwrap_or(0.2);
            ("LeakyReLU", json!({"negative_slope": slope}))
        }
        "l2_normalize" => ("UnitNormalization", json!({"axis": get(&["axis", "dim"])?})),
        "resize" => {
            let [height, width] = plain_list(get(&["size"])?)?.as_array()?.as_slice() else { return None };
            let method = get(&["method"]).and_then(Value::as_str).unwrap_or("bilinear");
            ("Resizing", json!({"height": height, "width": width, "interpolation": method}))
        }
        _ => return None,
    };
    Some(Translated { class_name, config, more: Vec::new(), layer: true })
}

/// A list of plain numbers.
fn plain_list(value: &Value) -> Option<&Value> {
    value.as_array()?.iter().all(|item| item.is_i64() || item.is_null()).then_some(value)
}

/// An index: a slice is an object of three keys in these files.
fn index(item: &Value) -> Value {
    match item.as_object() {
        Some(map) if map.contains_key("start") => json!({"class_name": "__slice__", "config": item}),
        Some(map) if map.get("class_name").is_some_and(|name| name == "__ellipsis__") => {
            json!({"class_name": "__ellipsis__", "config": {}})
        }
        _ => item.clone(),
    }
}
