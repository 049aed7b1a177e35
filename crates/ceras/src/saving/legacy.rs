//! HDF5 files of whole models, as Keras 1 to 3 write them under names such as `model.h5`, and files of weights alone.
//!
//! The architecture and the compile state are JSON in attributes of the root. The weights of each layer stand in a group by
//! its name; they are assigned by position, as Keras does: layers without weights are passed over on both sides, and the
//! names say nothing.

use std::collections::HashMap;

use ceras_graph::Tensor;
use serde_json::{Value, json};

use super::build::{self, Built, Cx};
use super::hdf5::{Attribute, Hdf5, Tree};
use super::load::{FileKind, Loaded, compile, parse_json};
use super::load_weights::Outcomes;
use super::weights::{Weight, check_shape};
use super::{migrate, old_words, python_json};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::context::join;
use crate::models::{Architecture, Model};

/// The attribute that has what `ceras.json` has in a `.keras` file; Keras passes over it.
pub(crate) const EXTRAS_ATTRIBUTE: &str = "ceras";

/// Loads a whole model.
pub(crate) fn read(file: &Hdf5, origin: &str, cx: Cx<'_>) -> Result<Loaded> {
    let Some(config) = file.text("", "model_config") else {
        let error = Error::new(ErrorKind::File, "the file holds no architecture");
        let keras_3 = ["layers", super::layout::OLDER, "vars"];
        let weights = weights_group(file).is_some() || keras_3.iter().any(|group| file.has_group(group));
        return Err(match weights.then_some(()) {
            Some(()) => error.hint("it holds weights alone (`ceras inspect` lists them): build the model first, then call `load_weights`"),
            None => error,
        });
    };
    let mut words = parse_json(config.as_bytes(), "model_config")?;
    let keras_version =
        file.text("", "keras_version").or_else(|| file.text("model_weights", "keras_version"));
    let mut warnings = Vec::new();
    let extras = file.text("", EXTRAS_ATTRIBUTE);
    let state = super::load::read_extras(extras.as_deref().map(str::as_bytes), &mut warnings);
    old_words::keep_hard_sigmoid(&mut words, keras_version.as_deref(), state.1.old_hard_sigmoid);
    let stored = |layer: &str, weight: &str| {
        let group = join("model_weights", layer);
        let names = file.texts(&group, "weight_names")?;
        let name =
            names.iter().find(|name| name.rsplit('/').next().is_some_and(|last| last.starts_with(weight)))?;
        file.dims(&join(&group, name)).ok()
    };
    let mut model = match build::model(&words, Cx { stored: Some(&stored), ..cx })? {
        waiting @ Built::Waiting(_) => {
            if !layers_with_weights(file, "model_weights")?.is_empty() {
                warnings
                    .push("the file does not say the shape of the input; its weights are left out".into());
            }
            Model::of_words(waiting, cx.custom.fresh_limit())?
        }
        Built::Ready(architecture) => {
            Model::with_values(*architecture, origin, |architecture, variables| {
                let described: Vec<Weight<'_>> = variables.iter().map(super::state::weight).collect();
                {
                    let flags = own_flags(architecture);
                    let trainable = |path: &str| flags.get(path).is_none_or(|flag| *flag);
                    let values = by_position(file, "model_weights", architecture, &described, &trainable)?;
                    values.into_iter().flatten().collect()
                }
            })?
        }
    };
    if model.is_built()
        && let Some(training) = file.text("", "training_config")
    {
        let words = json!({"compile_config": compile_words(migrate::plain(parse_json(training.as_bytes(), "training_config")?))});
        // Some versions end in the middle of writing the optimizer, and the model is whole by then.
        let optimizer = optimizer(file).unwrap_or_else(|error| {
            warnings.push(format!(
                "the optimizer's state cannot be read, training starts afresh: {}",
                error.message()
            ));
            Some(Vec::new())
        });
        compile(&mut model, &words, optimizer, cx, &mut warnings)?;
    }
    if let Some(unusable) = &mut model.saved.unusable {
        // Words of an older Keras are none that a new file could hold.
        unusable.words = json!({});
    }
    super::load::settle(&mut model, state)?;
    Ok(Loaded { model, kind: FileKind::Hdf5, keras_version, warnings })
}

/// Where a file has its weights, if it has any in this form: in `model_weights` or at the root.
pub(crate) fn weights_group(file: &Hdf5) -> Option<&'static str> {
    ["model_weights", ""]
        .into_iter()
        .find(|group| file.has_group(group) && file.texts(group, "layer_names").is_some())
}

/// The compile state in today's form.
fn compile_words(training: Value) -> Value {
    let Value::Object(mut words) = training else { return Value::Null };
    if let Some(optimizer) = words.shift_remove("optimizer_config") {
        words.insert("optimizer".into(), optimizer);
    }
    Value::Object(words)
}

/// The layers of a file that have weights: the group, and the paths of the weights in order.
fn layers_with_weights(file: &Hdf5, group: &str) -> Result<Vec<(String, Vec<String>)>> {
    let Some(names) = file.texts(group, "layer_names") else {
        return Err(Error::new(ErrorKind::File, "the file has no list of layers with weights"));
    };
    let mut layers = Vec::new();
    for name in names {
        let path = join(group, &name);
        let weights = file.texts(&path, "weight_names").unwrap_or_default();
        if !weights.is_empty() {
            layers.push((name, weights.iter().map(|weight| join(&path, weight)).collect()));
        }
    }
    Ok(layers)
}

/// What each layer says of itself: whether it is trained.
fn own_flags(architecture: &Architecture) -> HashMap<String, bool> {
    let mut flags = HashMap::new();
    architecture.visit("", &mut |path, layer| {
        flags.insert(path.to_owned(), layer.info().trainable);
    });
    flags
}

/// The weights of each layer of the model itself, as numbers: those that are trained now first.
fn weights_of_layers(
    architecture: &Architecture,
    weights: &[Weight<'_>],
    trainable: &dyn Fn(&str) -> bool,
) -> Vec<(String, Vec<usize>)> {
    let mut frozen: Vec<String> = Vec::new();
    architecture.visit("", &mut |path, _| {
        if !trainable(path) {
            frozen.push(path.to_owned());
        }
    });
    let is_frozen =
        |path: &str| frozen.iter().any(|frozen| path == frozen || path.starts_with(&join(frozen, "")));
    let mut layers: Vec<(String, Vec<usize>)> = Vec::new();
    for (number, weight) in weights.iter().enumerate() {
        let layer = weight.path.split('/').next().unwrap_or_default();
        match layers.last_mut().filter(|(last, _)| last == layer) {
            Some((_, numbers)) => numbers.push(number),
            None => layers.push((layer.to_owned(), vec![number])),
        }
    }
    for (_, numbers) in &mut layers {
        numbers.sort_by_key(|&number| !weights[number].trainable || is_frozen(weights[number].path));
    }
    layers
}

/// The values of a model's weights, taken by position.
///
/// # Errors
/// Another number of layers with weights. Of weights in a layer, or another shape, is an error of these weights.
pub(crate) fn by_position(
    file: &Hdf5,
    group: &str,
    architecture: &Architecture,
    weights: &[Weight<'_>],
    trainable: &dyn Fn(&str) -> bool,
) -> Result<Outcomes> {
    let stored = layers_with_weights(file, group)?;
    let wanted = weights_of_layers(architecture, weights, trainable);
    if stored.len() != wanted.len() {
        let text =
            format!("the model has {} layers with weights; the file has {}", wanted.len(), stored.len());
        let hint =
            "layers without weights are not counted; to take over those of the same name only, load by name";
        return Err(Error::new(ErrorKind::File, text).hint(hint));
    }
    let mut values: Outcomes = vec![None; weights.len()];
    for ((layer, numbers), (name, paths)) in wanted.iter().zip(&stored) {
        take(file, layer, numbers, name, paths, weights, &mut values);
    }
    Ok(values)
}

/// The values of the weights of those layers that the file has under the same name; the others stay as they are.
///
/// # Errors
/// The file has no list of layers.
pub(crate) fn by_name(
    file: &Hdf5,
    group: &str,
    architecture: &Architecture,
    weights: &[Weight<'_>],
    trainable: &dyn Fn(&str) -> bool,
) -> Result<Outcomes> {
    let stored = layers_with_weights(file, group)?;
    let mut values: Outcomes = vec![None; weights.len()];
    for (layer, numbers) in weights_of_layers(architecture, weights, trainable) {
        if let Some((name, paths)) = stored.iter().find(|(name, _)| *name == layer) {
            take(file, &layer, &numbers, name, paths, weights, &mut values);
        }
    }
    Ok(values)
}

/// Reads the weights of one layer.
fn take(
    file: &Hdf5,
    layer: &str,
    numbers: &[usize],
    name: &str,
    paths: &[String],
    weights: &[Weight<'_>],
    values: &mut Outcomes,
) {
    if numbers.len() != paths.len() {
        let text = format!(
            "layer `{layer}` has {} weights; the file has {} in `{name}`",
            numbers.len(),
            paths.len()
        );
        let error = Error::new(ErrorKind::File, text);
        numbers.iter().for_each(|&number| values[number] = Some(Err(error.clone())));
        return;
    }
    for (&number, path) in numbers.iter().zip(paths) {
        let read = || -> Result<Tensor> {
            check_shape(&weights[number], &file.dims(path)?)?;
            Ok(file.tensor(path)?.cast(weights[number].ty.dtype))
        };
        values[number] = Some(read());
    }
}

/// The optimizer's variables in today's order: the steps, the learning rate where it is there, the slots weight by weight.
fn optimizer(file: &Hdf5) -> Result<Option<Vec<Tensor>>> {
    const GROUP: &str = "optimizer_weights";
    let Some(names) = file.texts(GROUP, "weight_names").filter(|_| file.has_group(GROUP)) else {
        return Ok(None);
    };
    let values = names.iter().map(|name| file.tensor(&join(GROUP, name))).collect::<Result<Vec<_>>>()?;
    // Until Keras 2.10 all slots of one kind stood together; their names end in the kind.
    let kinds = ["/m:0", "/v:0", "/vhat:0", "/rms:0", "/momentum:0", "/mg:0", "/accumulator:0"];
    let kind = |name: &String| kinds.iter().position(|kind| name.ends_with(kind));
    let slots = names.iter().skip(1).map(kind).collect::<Option<Vec<usize>>>();
    let old = names.iter().skip(1).all(|name| name.contains("/Variable"));
    let groups = match slots {
        Some(slots) => slots.chunk_by(|a, b| a == b).count(),
        // The oldest names say nothing; two slots for each weight are Adam's and by far the most common.
        None if old && names.len() % 2 == 1 => 2,
        None => 1,
    };
    if groups < 2 || (values.len() - 1) % groups != 0 {
        return Ok(Some(values));
    }
    let count = (values.len() - 1) / groups;
    let places = (0..count).flat_map(|weight| (0..groups).map(move |kind| 1 + kind * count + weight));
    Ok(Some([0].into_iter().chain(places).map(|place| values[place].clone()).collect()))
}

/// The file of a whole model.
pub(crate) fn tree(model: &Model) -> Result<Tree> {
    let mut tree = Tree::default();
    let envelope = model.keras_config()?.0;
    let mut text = |name: &str, value: String| tree.attribute(name, Attribute::Text(value));
    text("keras_version", super::save::KERAS_VERSION.to_owned());
    text("backend", "ceras".to_owned());
    let config = json!({"class_name": envelope["class_name"], "config": envelope["config"]});
    text("model_config", python_json::to_string(&config));
    text(EXTRAS_ATTRIBUTE, model.extras_json(model.extras()));
    if let Value::Object(mut words) = envelope["compile_config"].clone()
        && let Some(optimizer) = words.shift_remove("optimizer")
    {
        let optimizer = json!({"class_name": optimizer["class_name"], "config": optimizer["config"]});
        words.insert("optimizer_config".into(), optimizer);
        if let Some(loss) = words.get_mut("loss") {
            as_objects(loss);
        }
        text("training_config", python_json::to_string(&Value::Object(words)));
    }
    weight_groups(tree.group("model_weights"), model)?;
    if let Some(variables) = super::compile_config::optimizer_variables(model)? {
        let names = optimizer_names(model, variables.len())?;
        let group = tree.group("optimizer_weights");
        for (name, value) in names.iter().zip(variables) {
            let (path, last) = name.rsplit_once('/').unwrap_or(("", name));
            group.group(path).tensor(last, value);
        }
        group.attribute("weight_names", Attribute::Texts(names));
    }
    Ok(tree)
}

/// Writes losses as objects: Keras 3 does not find `mse` and the like in HDF5 files, not even in its own.
fn as_objects(loss: &mut Value) {
    match loss {
        Value::String(name) => {
            if let Ok(known) = crate::losses::LossRef::by_name(name) {
                *loss = json!({"class_name": known.class_name(), "config": known.config()});
            }
        }
        Value::Array(losses) => losses.iter_mut().for_each(as_objects),
        _ => {}
    }
}

/// The groups of the layers.
fn weight_groups(group: &mut Tree, model: &Model) -> Result<()> {
    let mut names = Vec::new();
    if let Ok(architecture) = model.architecture() {
        let weights = model.weights_with_values();
        let described: Vec<Weight<'_>> = weights.iter().map(|(weight, _)| Weight { ..*weight }).collect();
        let mut of_layer: HashMap<String, Vec<usize>> =
            weights_of_layers(architecture, &described, &|path| model.is_trainable(path))
                .into_iter()
                .collect();
        for layer in architecture.counted_layers() {
            let numbers = of_layer.remove(&layer.name).unwrap_or_default();
            let inner = group.group(&layer.name);
            let mut stored = Vec::with_capacity(numbers.len());
            for number in numbers {
                let (weight, value) = &weights[number];
                stored.push(join(weight.path, weight.name));
                inner.group(weight.path).tensor(weight.name, value.clone());
            }
            inner.attribute("weight_names", Attribute::Texts(stored));
            names.push(layer.name.clone());
        }
    }
    group.attribute("layer_names", Attribute::Texts(names));
    group.attribute("keras_version", Attribute::Text(super::save::KERAS_VERSION.to_owned()));
    group.attribute("backend", Attribute::Text("ceras".to_owned()));
    group.group("top_level_model_weights").attribute("weight_names", Attribute::Texts(Vec::new()));
    Ok(())
}

/// Names for the optimizer's variables; Keras goes by their order.
fn optimizer_names(model: &Model, count: usize) -> Result<Vec<String>> {
    let compiled = model.compiled()?;
    let optimizer = super::state::optimizer_name(model)?;
    let scheduled = compiled.optimizer.common().is_scheduled();
    let first = if scheduled { &["iteration"][..] } else { &["iteration", "learning_rate"] };
    let named = first.iter().map(|name| format!("{optimizer}/{name}"));
    Ok(named
        .chain((0..count.saturating_sub(first.len())).map(|slot| format!("{optimizer}/slot_{slot}")))
        .collect())
}
