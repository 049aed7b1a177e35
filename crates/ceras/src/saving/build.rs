//! From a file's JSON to an architecture.

use std::cell::RefCell;
use std::panic::Location;
use std::sync::Arc;

use ceras_graph::{DType, Dim, Shape, TensorType};
use serde_json::{Value, json};

use super::custom::CustomObjects;
use super::lambda::{self, Function};
use super::migrate::{self, Words};
use super::{nodes, old_words};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{InputLayer, LAYERS, LayerRef};
use crate::models::{Architecture, Kind, Sequential};
use crate::ops::{Applied, OPERATIONS};

/// What is needed besides the file.
#[derive(Clone, Copy)]
pub(crate) struct Cx<'a> {
    pub(crate) custom: &'a CustomObjects,
    pub(crate) location: &'static Location<'static>,
    /// What was not taken over as it stands, in words.
    pub(crate) warnings: &'a RefCell<Vec<String>>,
    /// The dimensions of a weight that the file has for a layer, where that is known before the model is.
    pub(crate) stored: Option<&'a Stored<'a>>,
}

/// Finds the dimensions of a weight by the names of its layer and its own.
pub(crate) type Stored<'a> = dyn Fn(&str, &str) -> Option<Vec<usize>> + 'a;

impl Cx<'_> {
    fn warn(&self, text: String) {
        self.warnings.borrow_mut().push(text);
    }
}

/// A model as far as its file tells it.
#[derive(Debug)]
pub(crate) enum Built {
    /// All shapes are known.
    Ready(Box<Architecture>),
    /// A Sequential model that has seen no data yet.
    Waiting(Sequential),
}

/// The architecture of a model's envelope.
///
/// # Errors
/// All layers that are not supported, in one error; a layer whose config does not fit; connections that lead nowhere.
pub(crate) fn model(envelope: &Value, cx: Cx<'_>) -> Result<Built> {
    let mut envelope = migrate::plain(envelope.clone());
    old_words::concede(&mut envelope).into_iter().for_each(|said| cx.warn(said));
    let words = migrate::layer(&envelope, "the model itself")?;
    let mut unsupported = Vec::new();
    let mut hint = None;
    scan(&words, cx, &mut unsupported, &mut hint)?;
    if !unsupported.is_empty() {
        let text = match unsupported.len() {
            1 => "the model has a layer that ceras does not support yet".to_owned(),
            count => format!("the model has {count} layers that ceras does not support yet"),
        };
        let error = unsupported.into_iter().fold(Error::new(ErrorKind::Unsupported, text), Error::detail);
        return Err(match hint {
            Some(hint) => error.hint(hint),
            None => error,
        });
    }
    architecture(&words, cx)
}

/// Whether a layer's description is that of a model.
pub(crate) fn is_model(words: &Words) -> bool {
    words.class_name == "Sequential"
        || (words.config.contains_key("layers") && words.config.contains_key("input_layers"))
}

/// The layers of a model's description, in today's words.
pub(crate) fn layers_of(words: &Words) -> Result<Vec<Words>> {
    let name = words.config.get("name").and_then(Value::as_str).unwrap_or("the model");
    let Some(layers) = words.config.get("layers").and_then(Value::as_array) else {
        return Err(Error::new(ErrorKind::File, format!("the config of `{name}` has no list of layers")));
    };
    let count = layers.len();
    let place = |index: usize| format!("layer {} of {count} in `{name}`", index + 1);
    layers.iter().enumerate().map(|(index, layer)| migrate::layer(layer, &place(index))).collect()
}

/// Collects what is not supported: name, class and place.
fn scan(
    words: &Words,
    cx: Cx<'_>,
    unsupported: &mut Vec<String>,
    hint: &mut Option<&'static str>,
) -> Result<()> {
    if !is_model(words) {
        unsupported
            .push(format!("`{}` ({}): a model written as a class of its own", words.key, words.class_name));
        return Ok(());
    }
    let layers = layers_of(words)?;
    let model = words.config.get("name").and_then(Value::as_str).unwrap_or(&words.class_name);
    for (index, layer) in layers.iter().enumerate() {
        if is_model(layer) {
            scan(layer, cx, unsupported, hint)?;
        } else if let Some(inner) = model_in(layer)? {
            scan(&inner, cx, unsupported, hint)?;
        } else if let Some(Found::Not(what)) = lambda_of(layer, cx) {
            let place = format!("layer {} of {} in `{model}`", index + 1, layers.len());
            unsupported.push(format!("`{}` (Lambda), {place}: {}", layer.key, what.words));
            *hint = hint.or(Some(what.hint));
        } else if !lambda::is_lambda(layer) && !is_known(layer, cx) {
            let kind = if is_op(layer) { "operation " } else { "" };
            let class_name = layer.registered.as_deref().unwrap_or(&layer.class_name);
            let place = format!("layer {} of {} in `{model}`", index + 1, layers.len());
            unsupported.push(format!("`{}` ({kind}{class_name}), {place}", layer.key));
        }
    }
    Ok(())
}

/// The description of the model that a layer applies, such as the one inside a `TimeDistributed`.
fn model_in(words: &Words) -> Result<Option<Words>> {
    let inner = words.config.get("layer").filter(|inner| inner.get("class_name").is_some());
    let inner = inner.map(|inner| migrate::layer(inner, &format!("inside `{}`", words.key))).transpose()?;
    Ok(inner.filter(is_model))
}

/// Whether it is an operation on symbolic tensors, such as `x * 2`, which Keras saves like a layer.
pub(crate) fn is_op(words: &Words) -> bool {
    // HDF5 files have no modules, not even those of Keras 3; but an operation has a name and its settings alone.
    let bare = || {
        words.module.is_empty()
            && words.nodes.first().is_some_and(Value::is_object)
            && !words.config.contains_key("trainable")
            && OPERATIONS.knows(&words.class_name)
    };
    words.module.starts_with("keras.src.ops") || words.module.starts_with("keras.ops") || bare()
}

/// What stands in for a `Lambda`.
enum Found {
    /// A layer that the user handed in.
    Own(LayerRef),
    /// The description of a built-in layer, and what to say of it.
    BuiltIn(Box<Words>, String),
    /// Nothing, and why.
    Not(Unsupported),
}

/// Why there is no layer for a `Lambda`, and what to do.
struct Unsupported {
    words: String,
    hint: &'static str,
}

/// What stands in for a layer, if it is a `Lambda` and none of the user's own classes.
fn lambda_of(words: &Words, cx: Cx<'_>) -> Option<Found> {
    const HINT: &str = "hand in a layer of yours for it: `CustomObjects::new().lambda(name, layer)`; the code in a file is never run";
    if !lambda::is_lambda(words) || cx.custom.find_layer(None, "Lambda").is_some() {
        return None;
    }
    if let Some(layer) = cx.custom.find_lambda(&words.key) {
        return Some(Found::Own(layer.clone()));
    }
    let not = |words, hint| Some(Found::Not(Unsupported { words, hint }));
    let replacement = match lambda::function(&words.config) {
        Function::Known(replacement) => replacement,
        Function::Written(source) => return not(format!("it is `{source}`"), HINT),
        Function::Named(name) => {
            return not(format!("the file has only the name of its function, `{name}`"), HINT);
        }
        Function::Opaque => return not("its function is not one that is recognised".into(), HINT),
    };
    let close = if replacement.exact { "" } else { "close to " };
    let said = format!("it is `{}`, {close}`{}`", replacement.source, replacement.call());
    let built_in = lambda::replaced(words, &replacement);
    if !is_known(&built_in, cx) {
        return not(format!("{said}, which is not supported yet"), HINT);
    }
    if !cx.custom.replaces_lambdas() {
        let hint = "to load the built-in layers in the place of the lambdas: `CustomObjects::new().replace_lambdas()`";
        return not(said, hint);
    }
    let warning = format!("the Lambda `{}` was replaced: {said}", words.key);
    Some(Found::BuiltIn(Box::new(built_in), warning))
}

fn is_known(words: &Words, cx: Cx<'_>) -> bool {
    cx.custom.find_layer(words.registered.as_deref(), &words.class_name).is_some() || is_ours(words)
}

/// Whether it is a layer or an operation of this library.
pub(crate) fn is_ours(words: &Words) -> bool {
    match (is_op(words), &words.registered) {
        (true, _) => OPERATIONS.knows(&words.class_name),
        (false, None) => LAYERS.knows(&words.class_name),
        (false, Some(_)) => false,
    }
}

/// The architecture of a model's description.
pub(crate) fn architecture(words: &Words, cx: Cx<'_>) -> Result<Built> {
    let layers = layers_of(words)?;
    let name = words.config.get("name").and_then(Value::as_str).unwrap_or("model").to_owned();
    let trainable = words.config.get("trainable").and_then(Value::as_bool).unwrap_or(true);
    let built = if words.class_name == "Sequential" {
        sequential(words, &name, &layers, cx)
    } else {
        nodes::functional(&words.config, &name, &layers, cx).map(|inner| Built::Ready(Box::new(inner)))
    };
    match built.map_err(|error| error.context(format!("in model `{name}`")))? {
        Built::Ready(mut architecture) => {
            architecture.trainable = trainable;
            Ok(Built::Ready(architecture))
        }
        waiting => Ok(waiting),
    }
}

fn sequential(words: &Words, name: &str, layers: &[Words], cx: Cx<'_>) -> Result<Built> {
    let mut model = Sequential::new().name(name);
    let mut input = None;
    for (index, layer) in layers.iter().enumerate() {
        let made = match made(layer, cx)? {
            Made::Layer(made) if index == 0 => known_features(made, layers.get(1), cx),
            Made::Layer(made) => made,
            Made::Waiting(inner) => {
                let text = format!("`{}` inside does not know the shape of its input", layer.key);
                let shape = given_shape(words, layers)
                    .filter(|_| index == 0)
                    .ok_or_else(|| Error::new(ErrorKind::File, text))?;
                inner.architecture(Some(&shape))?.into()
            }
        };
        if index == 0 {
            input = match (made.input_type(), made.as_architecture()) {
                (Some(_), _) => None,
                (None, inner) => {
                    given_shape(words, layers).or_else(|| inner?.input_types().into_iter().next())
                }
            };
            if made.input_type().is_none() && input.is_none() && !layers.is_empty() {
                model = model.add(made);
                return rest_unbuilt(model, &layers[1..], cx);
            }
        }
        model = model.add(made);
    }
    let mut built = model.architecture(input.as_ref())?;
    if built.layers.iter().any(|named| named.layer.as_operation().is_some()) {
        // Keras has no operations in a Sequential model.
        built.kind = Kind::Functional;
    }
    Ok(Built::Ready(Box::new(built)))
}

/// The input of a model that begins with a Normalization adapted before the model was built. Keras 2 wrote it without the
/// features; the Normalization, or its mean in the file, knows them.
fn known_features(made: LayerRef, next: Option<&Words>, cx: Cx<'_>) -> LayerRef {
    let Some((input, next)) = made.input_type().zip(next.filter(|next| next.class_name == "Normalization"))
    else {
        return made;
    };
    if input.shape.rank() != 2 || input.shape.last().is_some() {
        return made;
    }
    let built = next.built_shape.as_ref().and_then(shape).and_then(|shape| shape.last());
    let stored = || cx.stored?(&next.key, "mean")?.last().copied();
    match built.or_else(stored) {
        Some(features) => {
            let layer = InputLayer::with_batch_shape(input.shape.with(1, Some(features))).dtype(input.dtype);
            match made.info().name {
                Some(name) => layer.name(name).into(),
                None => layer.into(),
            }
        }
        None => made,
    }
}

/// The layers after the first of a Sequential model without a known input.
fn rest_unbuilt(mut model: Sequential, layers: &[Words], cx: Cx<'_>) -> Result<Built> {
    for layer in layers {
        match made(layer, cx)? {
            Made::Layer(made) => model = model.add(made),
            Made::Waiting(_) => {
                let text = format!("`{}` inside does not know the shape of its input", layer.key);
                return Err(Error::new(ErrorKind::File, text));
            }
        }
    }
    Ok(Built::Waiting(model))
}

/// The input of a Sequential model where its first layer is no `InputLayer`.
fn given_shape(words: &Words, layers: &[Words]) -> Option<TensorType> {
    let shapes = [
        layers.first().and_then(|layer| layer.input_shape.as_ref()),
        words.config.get("build_input_shape"),
        words.input_shape.as_ref(),
    ];
    // The first that knows most; what some layers say of their input is less than what the model was built for.
    let unknown = |shape: &Shape| shape.dims().iter().skip(1).filter(|dim| dim.is_none()).count();
    let shape = shapes.into_iter().flatten().filter_map(shape).min_by_key(unknown)?;
    Some(TensorType::new(DType::F32, shape))
}

/// Keras' list of dimensions, the batch included.
fn shape(value: &Value) -> Option<Shape> {
    let dim = |dim: &Value| -> Option<Dim> {
        if dim.is_null() { Some(None) } else { Some(Some(usize::try_from(dim.as_u64()?).ok()?)) }
    };
    let dims = value.as_array()?.iter().map(dim).collect::<Option<Vec<Dim>>>()?;
    (!dims.is_empty()).then(|| Shape::from(dims))
}

/// A layer made of its description.
pub(crate) enum Made {
    Layer(LayerRef),
    /// A Sequential model that is built by its first call.
    Waiting(Sequential),
}

/// Makes the layer of a description.
pub(crate) fn made(words: &Words, cx: Cx<'_>) -> Result<Made> {
    if is_model(words) {
        return Ok(match architecture(words, cx)? {
            Built::Ready(inner) => Made::Layer((*inner).into()),
            Built::Waiting(inner) => Made::Waiting(inner),
        });
    }
    let mut words = words;
    let replacement;
    match lambda_of(words, cx) {
        Some(Found::Own(layer)) => return Ok(Made::Layer(layer)),
        Some(Found::BuiltIn(built_in, warning)) => {
            cx.warn(warning);
            replacement = built_in;
            words = &replacement;
        }
        Some(Found::Not(_)) | None => {}
    }
    if is_op(words) {
        return operation(words).map_err(|error| error.context(format!("in operation `{}`", words.key)));
    }
    let parsed =
        cx.custom.at_hand(|| match cx.custom.find_layer(words.registered.as_deref(), &words.class_name) {
            Some(parse) => parse(&words.config),
            None => LAYERS
                .from_json(&json!({"class_name": words.class_name, "config": words.config}))
                .map(LayerRef),
        });
    parsed.map(Made::Layer).map_err(|error| error.context(format!("in layer `{}`", words.key)))
}

/// Makes the model of a description that stands in the config of a layer.
#[track_caller]
pub(crate) fn model_inside(words: &Words) -> Result<LayerRef> {
    let (custom, warnings) = (super::custom::at_hand(), RefCell::default());
    let cx = Cx { custom: &custom, location: Location::caller(), warnings: &warnings, stored: None };
    match made(words, cx)? {
        Made::Layer(layer) => Ok(layer),
        Made::Waiting(_) => {
            let text = format!("the model `{}` inside does not know the shape of its input", words.key);
            Err(Error::new(ErrorKind::File, text))
        }
    }
}

/// Makes the operation of a description, with the plain arguments of its call.
fn operation(words: &Words) -> Result<Made> {
    let arguments = |node: &Value| node.get("args").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut calls = words.nodes.iter().map(arguments);
    // A Sequential model says nothing of calls: each is of one tensor.
    let one = || vec![json!({"class_name": "__keras_tensor__"})];
    let applied = Applied::from_file(&words.class_name, &words.config, &calls.next().unwrap_or_else(one))?;
    let given = |value: &Value| !value.is_null();
    let keywords = |node: &Value| {
        node.get("kwargs").and_then(Value::as_object).is_some_and(|map| map.values().any(given))
    };
    if words.nodes.iter().any(keywords) || !calls.all(|call| applied.same_arguments(&call)) {
        let text = format!("`{}` is called with arguments by name or with several different ones", words.key);
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    Ok(Made::Layer(applied.into()))
}

impl From<Architecture> for Arc<dyn crate::layers::Layer> {
    fn from(architecture: Architecture) -> Self {
        Arc::new(architecture)
    }
}
