//! `compile_config`: what a model was compiled with, in Keras' words.

use ceras_graph::Tensor;
use serde_json::{Map, Value, json};

use super::custom::CustomObjects;
use super::migrate;
use crate::error::{Error, ErrorKind, Result};
use crate::losses::LossRef;
use crate::metrics::MetricRef;
use crate::models::Model;
use crate::optimizers::{Optimizer, OptimizerRef};
use crate::registry::Named;
use crate::training::{Compile, PerOutput};

/// What a file says of `compile` that cannot be used here: kept for the next save, and for the error of `fit`.
#[derive(Clone, Debug)]
pub(crate) struct Unusable {
    /// The file's words.
    pub(crate) words: Value,
    /// Why they cannot be used.
    pub(crate) error: Error,
}

/// Keras' `compile_config` of a model; an empty object when it is not compiled.
pub(crate) fn to_json(model: &Model) -> Result<Value> {
    let Ok(compiled) = model.compiled() else {
        return Ok(model.unusable_compile().map_or_else(|| json!({}), |unusable| unusable.words.clone()));
    };
    let mut optimizer = compiled.optimizer.to_json();
    if !compiled.optimizer.common().is_scheduled()
        && let Some(config) = optimizer.get_mut("config").map(innermost)
        && let Some(rate) = config.get_mut("learning_rate")
    {
        // Keras writes the single-precision variable, printed as double.
        *rate = json!(f64::from(model.learning_rate()? as f32));
    }
    let loss = given(&compiled.given_losses, |loss| {
        loss.as_ref().map_or(Value::Null, |loss| named(loss, LossRef::to_json))
    });
    let list = |list: &Vec<Named<MetricRef>>| -> Value {
        if list.is_empty() {
            return Value::Null;
        }
        list.iter().map(|metric| named(metric, MetricRef::to_json)).collect()
    };
    let metrics = |metrics: &PerOutput<Vec<Named<MetricRef>>>| given(metrics, list);
    Ok(json!({
        "optimizer": optimizer,
        "loss": loss,
        "loss_weights": compiled.given_loss_weights.as_ref().map(|weights| given(weights, |weight| json!(weight))),
        "metrics": metrics(&compiled.given_metrics),
        "weighted_metrics": metrics(&compiled.given_weighted_metrics),
        "run_eagerly": compiled.run_eagerly,
        "steps_per_execution": 1,
        "jit_compile": false,
    }))
}

/// The config that holds the learning rate: that of the inner optimizer, where there is one.
fn innermost(config: &mut Value) -> &mut Value {
    let path = "/inner_optimizer/config";
    if config.pointer(path).is_some() { config.pointer_mut(path).expect("it is there") } else { config }
}

/// One value, a list or a dictionary, as it was given.
fn given<T>(items: &PerOutput<T>, to_json: impl Fn(&T) -> Value) -> Value {
    match items {
        PerOutput::Same(one) => to_json(one),
        PerOutput::List(items) => items.iter().map(to_json).collect(),
        PerOutput::Named(items) => {
            Value::Object(items.iter().map(|(name, item)| (name.clone(), to_json(item))).collect())
        }
    }
}

fn named<T>(object: &Named<T>, to_json: impl Fn(&T) -> Value) -> Value {
    match object {
        Named::Name(name) => json!(name),
        Named::Object(object) => to_json(object),
    }
}

/// What a file's `compile_config` says, for a model with outputs of these names; `None` when it was not compiled.
///
/// # Errors
/// A loss, a metric or an optimizer that is not known.
pub(crate) fn from_json(words: &Value, outputs: &[&str], custom: &CustomObjects) -> Result<Option<Compile>> {
    custom.at_hand(|| read(words, outputs, custom))
}

fn read(words: &Value, outputs: &[&str], custom: &CustomObjects) -> Result<Option<Compile>> {
    let Some(map) = words.as_object().filter(|map| map.contains_key("optimizer") || map.contains_key("loss"))
    else {
        return Ok(None);
    };
    let get = |key: &str| map.get(key).filter(|value| !value.is_null());
    let Some(loss) = get("loss") else {
        return Err(Error::new(ErrorKind::File, "the file's model was compiled without a loss"));
    };
    let mut compile = Compile::new("mse");
    let maybe = |loss: &Value| (!loss.is_null()).then(|| one_loss(loss, custom)).transpose();
    compile.losses = per_output(loss, outputs, &maybe)?;
    if let PerOutput::Named(losses) = &mut compile.losses {
        // An output that Keras' dictionary does not name has no loss.
        let missing = outputs.iter().filter(|output| losses.iter().all(|(name, _)| name != *output));
        let missing: Vec<_> = missing.map(|output| ((*output).to_owned(), None)).collect();
        losses.extend(missing);
    }
    if let Some(optimizer) = get("optimizer") {
        compile = compile.optimizer(one_optimizer(optimizer, custom)?);
    }
    if let Some(weights) = get("loss_weights") {
        let number = |weight: &Value| {
            weight.as_f64().ok_or_else(|| Error::new(ErrorKind::File, "the weight of a loss is no number"))
        };
        compile.loss_weights = Some(per_output(weights, outputs, &number)?);
    }
    if let Some(metrics) = get("metrics") {
        compile.metrics = metric_lists(metrics, outputs, custom)?;
    }
    if let Some(metrics) = get("weighted_metrics") {
        compile.weighted_metrics = metric_lists(metrics, outputs, custom)?;
    }
    let eagerly = get("run_eagerly").and_then(Value::as_bool).unwrap_or(false);
    Ok(Some(compile.run_eagerly(eagerly)))
}

/// A value, a list of one for each output, or a dictionary by the outputs' names.
fn per_output<T>(
    value: &Value,
    outputs: &[&str],
    read: &dyn Fn(&Value) -> Result<T>,
) -> Result<PerOutput<T>> {
    match value {
        Value::Array(items) => items.iter().map(read).collect::<Result<Vec<_>>>().map(PerOutput::List),
        Value::Object(map) if !map.contains_key("class_name") => by_name(map, outputs, read),
        one => read(one).map(PerOutput::Same),
    }
}

/// A dictionary by the outputs' names. Old files of models that were made with a dictionary have its keys, which need not
/// be the names of the outputs here; Keras sorts them.
fn by_name<T>(
    map: &Map<String, Value>,
    outputs: &[&str],
    read: &dyn Fn(&Value) -> Result<T>,
) -> Result<PerOutput<T>> {
    let known = map.keys().all(|key| outputs.contains(&key.as_str()));
    if known || map.len() != outputs.len() {
        let item = |(key, value): (&String, &Value)| Ok((key.clone(), read(value)?));
        return map.iter().map(item).collect::<Result<Vec<_>>>().map(PerOutput::Named);
    }
    let mut items: Vec<(&String, &Value)> = map.iter().collect();
    items.sort_by_key(|(key, _)| *key);
    items.into_iter().map(|(_, value)| read(value)).collect::<Result<Vec<_>>>().map(PerOutput::List)
}

fn one_loss(words: &Value, custom: &CustomObjects) -> Result<Named<LossRef>> {
    let mut words = words.clone();
    migrate::measure(&mut words);
    let (registered, class_name) = names(&words);
    if let Some(parse) = custom.find_loss(registered, class_name) {
        return parse(&config(&words)).map(Named::Object);
    }
    match &words {
        Value::String(name) => LossRef::by_name(name).map(|_| Named::Name(name.clone())),
        words => LossRef::from_json(words).map(Named::Object),
    }
}

fn one_metric(words: &Value, custom: &CustomObjects) -> Result<Named<MetricRef>> {
    let mut words = words.clone();
    migrate::measure(&mut words);
    let (registered, class_name) = names(&words);
    if let Some(parse) = custom.find_metric(registered, class_name) {
        return parse(&config(&words)).map(Named::Object);
    }
    match &words {
        Value::String(name) => crate::metrics::check_name(name).map(|()| Named::Name(name.clone())),
        words => MetricRef::from_json(words).map(Named::Object),
    }
}

fn one_optimizer(words: &Value, custom: &CustomObjects) -> Result<OptimizerRef> {
    let mut words = words.clone();
    migrate::optimizer(&mut words);
    let (registered, class_name) = names(&words);
    match custom.find_optimizer(registered, class_name) {
        Some(parse) => parse(&config(&words)),
        None => OptimizerRef::from_json(&words),
    }
}

fn names(words: &Value) -> (Option<&str>, &str) {
    let text = |key: &str| words.get(key).and_then(Value::as_str);
    (text("registered_name"), text("class_name").or(words.as_str()).unwrap_or_default())
}

fn config(words: &Value) -> Map<String, Value> {
    words.get("config").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The metrics: one list, a list of lists, or a dictionary by the outputs' names.
fn metric_lists(
    words: &Value,
    outputs: &[&str],
    custom: &CustomObjects,
) -> Result<PerOutput<Vec<Named<MetricRef>>>> {
    let list = |words: &Value| -> Result<Vec<Named<MetricRef>>> {
        match words {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => items.iter().map(|metric| one_metric(metric, custom)).collect(),
            one => one_metric(one, custom).map(|metric| vec![metric]),
        }
    };
    match words {
        Value::Array(items) if items.iter().any(|item| item.is_array() || item.is_null()) => {
            items.iter().map(list).collect::<Result<Vec<_>>>().map(PerOutput::List)
        }
        Value::Object(map) if !map.contains_key("class_name") => by_name(map, outputs, &list),
        flat => list(flat).map(PerOutput::Same),
    }
}

/// The optimizer's variables in Keras' order: the steps done, the learning rate (where no schedule gives it), the slots.
/// Slots that do not exist yet are those of the first step.
pub(crate) fn optimizer_variables(model: &Model) -> Result<Option<Vec<Tensor>>> {
    let Ok(compiled) = model.compiled() else { return Ok(None) };
    if !model.is_built() {
        return Ok(None);
    }
    let (iterations, mut slots) = model.optimizer_values()?;
    let rest = slots.split_off(compiled.optimizer.leading_slots());
    let mut variables = slots;
    variables.push(Tensor::scalar(iterations));
    if !compiled.optimizer.common().is_scheduled() {
        variables.push(Tensor::scalar(model.learning_rate()? as f32));
    }
    variables.extend(rest);
    Ok(Some(variables))
}

/// Gives a compiled model the optimizer's variables of a file; what does not fit is said in a warning, as in Keras.
pub(crate) fn restore_optimizer(model: &mut Model, variables: &[Tensor]) -> Result<Option<String>> {
    let optimizer = &model.compiled()?.optimizer;
    let (scheduled, leading) = (optimizer.common().is_scheduled(), optimizer.leading_slots());
    let variables = if leading == 0 { unwrapped(variables) } else { variables };
    let Some((first, variables)) = variables.split_at_checked(leading) else {
        return Ok(Some(UNREADABLE.into()));
    };
    let Some(iterations) = variables.first().filter(|first| first.len() == 1) else {
        return Ok(Some(UNREADABLE.into()));
    };
    let iterations = iterations.cast(ceras_graph::DType::I64).slice::<i64>()[0];
    // The learning rate is the one scalar of floats at the second place; Keras 2 and schedules leave it out.
    let second =
        variables.get(1).filter(|second| second.rank() == 0 && second.dtype() == ceras_graph::DType::F32);
    let (_, expected) = model.optimizer_values()?;
    let own = expected.len() - leading;
    let with_rate = second.is_some() && (variables.len() != own + 1 || !scheduled);
    let (rate, rest) = if with_rate { (second, &variables[2..]) } else { (None, &variables[1..]) };
    let slots = todays_slots(&**optimizer, iterations, [first, rest].concat(), &expected);
    let fits = slots.len() == expected.len()
        && slots.iter().zip(&expected).all(|(slot, own)| slot.dims() == own.dims());
    let rate = rate.filter(|_| !scheduled).map(|rate| rate.to_f64()[0]);
    model.set_optimizer_values(iterations, rate, fits.then_some(&slots[..]))?;
    if fits || slots.is_empty() {
        return Ok(None);
    }
    let text = format!(
        "the file's optimizer has {} slots, the model's {}; only the number of steps and the learning rate were taken over",
        slots.len(),
        expected.len()
    );
    Ok(Some(text))
}

/// The variables of the optimizer itself where a mixed policy wrapped it in one that scales the loss, which `compile_config`
/// does not say: that one's steps, learning rate, counter and scale come before the steps of the optimizer inside.
fn unwrapped(variables: &[Tensor]) -> &[Tensor] {
    use ceras_graph::DType::{F32, I64};
    let begins = [I64, F32, I64, F32, I64];
    let wrapped = variables.len() > begins.len()
        && variables.iter().zip(begins).all(|(own, dtype)| own.rank() == 0 && own.dtype() == dtype);
    if wrapped { &variables[4..] } else { variables }
}

/// The slots of another version's optimizer in today's order.
fn todays_slots(
    optimizer: &dyn Optimizer,
    iterations: i64,
    mut slots: Vec<Tensor>,
    expected: &[Tensor],
) -> Vec<Tensor> {
    match optimizer.class_name() {
        // Keras 2.11 to 2.15 kept momenta that nobody used.
        "SGD" if expected.is_empty() => slots.clear(),
        // Early versions of Keras 3 had the product of the momenta first; Keras 2 did not write it.
        "Nadam" if slots.first().is_some_and(|first| first.rank() == 0) => slots.rotate_left(1),
        "Nadam" if slots.len() + 1 == expected.len() => {
            let beta_1 = optimizer.config().get("beta_1").and_then(Value::as_f64).unwrap_or(0.9);
            // Later factors change nothing: the product is zero by then.
            let steps = (1..=iterations.min(100_000)).map(|step| step as f64);
            let product: f64 = steps.map(|step| beta_1 * (1.0 - 0.5 * 0.96f64.powf(step))).product();
            slots.push(Tensor::scalar(product as f32));
        }
        // Keras 2 left out the slots of vectors that Keras 3 fills with zeros.
        "Adafactor" if slots.len() < expected.len() => {
            for (place, own) in expected.iter().enumerate() {
                if own.rank() == 0 && slots.get(place).is_none_or(|slot| slot.rank() != 0) {
                    slots.insert(place.min(slots.len()), own.clone());
                }
            }
        }
        _ => {}
    }
    slots
}

const UNREADABLE: &str = "the file's optimizer state is not readable; training starts afresh";
