//! Several outputs: losses, their weights and metrics by list and by name, with Keras' names, order and numbers.

use ceras::layers::LayerRef;
use ceras::losses::LossRef;
use ceras::metrics::MetricRef;
use ceras::prelude::*;
use ceras::registry::Named;
use ceras::saving::load_model;
use ceras::training::{Inputs, Logs};
use ceras_testkit::oracle::{Array, Case, Group, TOLERANCE, assert_close, fixtures};
use serde_json::Value as Json;

fn tensor(array: &Array) -> Tensor {
    let dtype = if array.kind == "<i4" { DType::I32 } else { DType::F32 };
    Tensor::new(&array.dims, array.f64s()).unwrap().cast(dtype)
}

fn tensors(case: &Case<'_>, name: &str) -> Vec<Tensor> {
    case.list(name).into_iter().map(tensor).collect()
}

fn names(list: &Json) -> Vec<Named<MetricRef>> {
    match list {
        Json::Array(list) => list.iter().map(|name| Named::from(name.as_str().unwrap())).collect(),
        _ => Vec::new(),
    }
}

/// What Keras' `compile` was given, said in this library's words.
fn compile(case: &Case<'_>) -> Compile {
    let given = &case.meta["compile"];
    let loss = |loss: &Json| Named::<LossRef>::from(loss.as_str().unwrap());
    let mut compile = match &given["loss"] {
        Json::Array(list) => Compile::new("mse").losses(list.iter().map(loss)),
        Json::Object(map) => {
            Compile::new("mse").losses_by_output(map.iter().map(|(name, one)| (name.as_str(), loss(one))))
        }
        one => Compile::new(loss(one)),
    };
    compile = match &given["loss_weights"] {
        Json::Array(list) => {
            compile.loss_weights(list.iter().map(|weight| weight.as_f64().unwrap()).collect::<Vec<_>>())
        }
        Json::Object(map) => compile.loss_weights_by_output(
            map.iter().map(|(name, weight)| (name.as_str(), weight.as_f64().unwrap())),
        ),
        _ => compile,
    };
    compile = match &given["metrics"] {
        Json::Array(list) if list.iter().all(Json::is_string) => compile.metrics(names(&given["metrics"])),
        Json::Array(list) => compile.metrics_per_output(list.iter().map(names)),
        Json::Object(map) => {
            compile.metrics_by_output(map.iter().map(|(name, list)| (name.as_str(), names(list))))
        }
        _ => compile,
    };
    if let Json::Array(list) = &given["weighted_metrics"] {
        compile = compile.weighted_metrics_per_output(list.iter().map(names));
    }
    compile.optimizer("sgd")
}

fn check(case: &Case<'_>, what: &str, expected: &Json, numbers: impl Fn(&str) -> Vec<f64>) {
    for entry in expected.as_array().unwrap() {
        let key = entry[0].as_str().unwrap();
        let values: Vec<f64> = match &entry[1] {
            Json::Array(values) => values.iter().map(|value| value.as_f64().unwrap()).collect(),
            one => vec![one.as_f64().unwrap()],
        };
        assert_close(&format!("{} {what} {key}", case.name), &numbers(key), &values, TOLERANCE);
    }
}

fn keys(expected: &Json) -> Vec<&str> {
    expected.as_array().unwrap().iter().map(|entry| entry[0].as_str().unwrap()).collect()
}

#[test]
fn several_outputs_are_trained_and_measured_as_in_keras() {
    for case in Group::load("functional").cases().filter(|case| case.meta.get("compile").is_some()) {
        let mut model = load_model(fixtures().join(case.meta["file"].as_str().unwrap())).unwrap();
        model.compile(compile(&case)).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let (x, y) = (tensors(&case, "x"), tensors(&case, "target"));
        let given = &case.meta["fit"];
        let mut fit = Fit::new()
            .epochs(given["epochs"].as_u64().unwrap() as usize)
            .batch_size(given["batch_size"].as_u64().unwrap() as usize)
            .validation_split(given["validation_split"].as_f64().unwrap_or(0.0))
            .shuffle(false)
            .verbose(Verbose::Silent);
        if let Some(weight) = case.get("sample_weight") {
            fit = fit.sample_weight(tensor(weight));
        }
        let history = model.fit(x.clone(), y.clone(), fit).unwrap();
        assert_eq!(history.keys(), keys(&case.meta["history"]), "{}", case.name);
        check(&case, "fit", &case.meta["history"], |key| history.get(key));
        let logs: Logs = model.evaluate(x, y, Evaluate::new()).unwrap();
        check(&case, "evaluate", &case.meta["evaluate"], |key| logs.get(key).into_iter().collect());
        let evaluated: Vec<&str> = logs.iter().map(|(key, _)| key).collect();
        assert_eq!(evaluated, keys(&case.meta["evaluate"]), "{}", case.name);
    }
}

/// Two inputs and two outputs in dictionaries.
pub(super) fn dictionaries() -> Model {
    let (size, age) = (Input::new([2]).name("size").tensor(), Input::new([3]).name("age").tensor());
    let hidden = Dense::new(4).activation("relu").apply(&size).unwrap() * Dense::new(4).apply(&age).unwrap();
    let price = Dense::new(1).name("price_head").apply(&hidden).unwrap();
    let kind = Dense::new(3).activation("softmax").name("kind_head").apply(&hidden).unwrap();
    Model::new([("size", &size), ("age", &age)], [("price", &price), ("kind", &kind)]).unwrap()
}

#[test]
fn data_is_given_and_got_by_name() {
    let mut model = dictionaries();
    let losses = [("kind", "sparse_categorical_crossentropy"), ("price", "mse")];
    model.compile(Compile::new("mse").losses_by_output(losses)).unwrap();
    let size = Tensor::new(&[4, 2], (0..8).map(|n| n as f32 / 8.0).collect::<Vec<_>>()).unwrap();
    let age = Tensor::new(&[4, 3], (0..12).map(|n| 1.0 - n as f32 / 12.0).collect::<Vec<_>>()).unwrap();
    let price = Tensor::new(&[4, 1], [0.0f32, 1.0, 2.0, 3.0]).unwrap();
    let kind = Tensor::new(&[4], [0, 1, 2, 0]).unwrap();
    let x = Inputs::from([("size", &size), ("age", &age)]);
    let y = Inputs::from([("price", &price), ("kind", &kind)]);
    let fit = || Fit::new().epochs(2).verbose(Verbose::Silent);
    let by_name = model.fit(x.clone(), y, fit()).unwrap();
    assert_eq!(by_name.keys(), ["kind_loss", "loss", "price_loss"]);
    let mut again = dictionaries();
    again.compile(Compile::new("mse").losses(["sparse_categorical_crossentropy", "mse"])).unwrap();
    // Keras' flat order is that of the sorted keys.
    assert_eq!(again.fit([&age, &size], [&kind, &price], fit()).unwrap(), by_name);
    let named = model.predict_named(x).unwrap();
    assert_eq!(named.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["kind", "price"]);
    assert_eq!(named[0].1.dims(), [4, 3]);
}

#[test]
fn a_trained_model_inside_another_keeps_its_weights() {
    let mut inner = Sequential::new()
        .add(Input::new([3]))
        .add(Dense::new(2).activation("tanh"))
        .add(BatchNormalization::new())
        .name("inner")
        .seed(5)
        .build()
        .unwrap();
    let x = Tensor::new(&[2, 3], [0.5f32, -1.0, 2.0, 0.0, 1.0, -0.5]).unwrap();
    inner.compile(Compile::new("mse").optimizer("adam")).unwrap();
    let target = Tensor::new(&[2, 2], [1.0f32, 0.0, 0.0, 1.0]).unwrap();
    inner.fit(&x, &target, Fit::new().epochs(3).verbose(Verbose::Silent)).unwrap();
    let layer: LayerRef = inner.as_layer().unwrap();
    let input = Input::new([3]).tensor();
    let middle = layer.apply(&input).unwrap();
    let mut outer = Model::new(&input, &(middle * 2.0)).unwrap();
    let doubled: Vec<f32> = inner.predict(&x).unwrap().to_f32().iter().map(|value| value * 2.0).collect();
    assert_eq!(outer.predict(&x).unwrap().to_f32(), doubled);
    assert_eq!(outer.layer_weights("inner").unwrap(), inner.get_weights());
}
