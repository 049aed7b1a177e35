//! Files of Keras' own, round trips, and files that are broken.

use std::path::PathBuf;

use ceras_testkit::oracle::{Case, Group, TOLERANCE, assert_close, fixtures};
use serde_json::{Value, json};

use super::archive::{Archive, CONFIG, WEIGHTS};
use super::hdf5::Hdf5;
use super::*;
use crate::prelude::*;
use crate::saving::compile_config;

mod attention;
mod damage;
mod damage_everywhere;
mod forms;
mod functional;
mod lambdas;
mod museum;
mod old;
mod spellings;

fn models() -> Group {
    Group::load("models")
}

fn path_of(case: &Case<'_>) -> PathBuf {
    fixtures().join(case.meta["file"].as_str().unwrap())
}

fn tensor(array: &ceras_testkit::oracle::Array) -> Tensor {
    let dims = array.dims.clone();
    match array.kind.as_str() {
        "<f4" => Tensor::new(&dims, array.f32s()).unwrap(),
        _ => {
            Tensor::new(&dims, array.f64s().iter().map(|&value| value as i64).collect::<Vec<i64>>()).unwrap()
        }
    }
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn keras_files_load_and_predict_the_same() {
    for case in models().cases() {
        let mut loaded = load(path_of(&case), &CustomObjects::new()).unwrap();
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{}", case.name);
        assert_eq!(loaded.keras_version.as_deref(), Some("3.15.1"));
        for (number, (weight, expected)) in
            loaded.model.get_weights().iter().zip(case.list("weight")).enumerate()
        {
            assert_eq!(weight.to_f64(), expected.f64s(), "{}: weight {number}", case.name);
        }
        let variables = compile_config::optimizer_variables(&loaded.model).unwrap().unwrap();
        let expected = case.list("slot");
        assert_eq!(variables.len(), expected.len(), "{}", case.name);
        for (number, (variable, expected)) in variables.iter().zip(expected).enumerate() {
            assert_eq!(variable.to_f64(), expected.f64s(), "{}: optimizer variable {number}", case.name);
        }
        let predictions = loaded.model.predict(tensor(case.array("x"))).unwrap();
        assert_close(case.name, &predictions.to_f64(), &case.array("predictions").f64s(), TOLERANCE);
    }
}

#[test]
fn training_goes_on_where_keras_stopped() {
    for case in models().cases().filter(|case| case.meta.get("continued").is_some()) {
        let mut model = load_model(path_of(&case)).unwrap();
        let (x, y) = (tensor(case.array("x")), tensor(case.array("y")));
        let fit = Fit::new().batch_size(x.dims()[0]).epochs(10).shuffle(false).verbose(Verbose::Silent);
        let losses = model.fit(&x, &y, fit).unwrap().get("loss");
        let expected: Vec<f64> =
            case.meta["continued"].as_array().unwrap().iter().map(|loss| loss.as_f64().unwrap()).collect();
        assert_close(case.name, &losses, &expected, 2.0 * TOLERANCE);
    }
}

/// JSON without what Keras makes up anew each time.
fn comparable(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.shift_remove("shared_object_id");
                map.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    // `adapt` makes Keras note the number of rows that it saw; every later call has another.
    for layer in value.pointer_mut("/config/layers").and_then(Value::as_array_mut).into_iter().flatten() {
        if layer["class_name"] == json!("Normalization") {
            layer["build_config"]["input_shape"][0] = Value::Null;
        }
    }
    value
}

#[test]
fn configs_are_keras_configs() {
    for case in models().cases() {
        let model = load_model(path_of(&case)).unwrap();
        let mut archive = Archive::open(std::fs::read(path_of(&case)).unwrap()).unwrap();
        let theirs: Value = serde_json::from_slice(&archive.member(CONFIG).unwrap().unwrap()).unwrap();
        let (ours, theirs) = (comparable(model.config_json().unwrap()), comparable(theirs));
        // The text too: the order of the keys and the form of the numbers.
        assert_eq!(python_json::to_string(&ours), python_json::to_string(&theirs), "{}", case.name);
        assert_eq!(ours, theirs, "{}", case.name);
    }
}

#[test]
fn weights_stand_where_keras_puts_them() {
    let folder = temporary();
    for case in models().cases() {
        let path = folder.path().join("model.keras");
        load_model(path_of(&case)).unwrap().save(&path).unwrap();
        let mut archive = Archive::open(std::fs::read(&path).unwrap()).unwrap();
        let file = Hdf5::open(archive.member(WEIGHTS).unwrap().unwrap()).unwrap();
        let mut theirs = Archive::open(std::fs::read(path_of(&case)).unwrap()).unwrap();
        let theirs = Hdf5::open(theirs.member(WEIGHTS).unwrap().unwrap()).unwrap();
        assert_eq!(listing(&file, ""), listing(&theirs, ""), "{}", case.name);
    }
}

/// Every group and data set with its dimensions and its name.
fn listing(file: &Hdf5, group: &str) -> Vec<String> {
    let below = |name: &str| crate::layers::context::join(group, name);
    let mut lines = vec![format!("{group} {:?}", file.text(group, "name"))];
    let mut names = file.datasets(group).unwrap();
    names.sort();
    lines.extend(names.iter().map(|name| format!("{} {:?}", below(name), file.dims(&below(name)).unwrap())));
    let mut names = file.groups(group).unwrap();
    names.sort();
    lines.extend(names.iter().flat_map(|name| listing(file, &below(name))));
    lines
}

#[test]
fn summaries_are_keras_summaries() {
    for case in models().cases() {
        let model = load_model(path_of(&case)).unwrap();
        assert_eq!(model.summary(), case.meta["summary"].as_str().unwrap(), "{}", case.name);
    }
}

fn data() -> (Tensor, Tensor) {
    let x: Vec<f32> = (0..40 * 4).map(|n| ((n * 37 + 11) % 101) as f32 / 50.0 - 1.0).collect();
    let y: Vec<i32> = (0..40).map(|n| n * 7 % 3).collect();
    (Tensor::new(&[40, 4], x).unwrap(), Tensor::new(&[40], y).unwrap())
}

fn noisy() -> Model {
    let (x, _) = data();
    let mut model = Sequential::new()
        .add(Input::new([4]))
        .add(Normalization::new().adapt(&x).unwrap())
        .add(Dense::new(8).activation("relu"))
        .add(BatchNormalization::new())
        .add(Dropout::new(0.4))
        .add(Dense::new(3))
        .seed(7)
        .build()
        .unwrap();
    let loss = SparseCategoricalCrossentropy::new().from_logits(true);
    model
        .compile(Compile::new(loss).optimizer(Adam::new().learning_rate(0.02)).metrics(["accuracy"]))
        .unwrap();
    model
}

fn epochs(from: usize, to: usize) -> Fit {
    Fit::new().batch_size(16).initial_epoch(from).epochs(to).verbose(Verbose::Silent)
}

#[test]
fn saving_and_loading_changes_no_bit_of_what_follows() {
    let folder = temporary();
    let path = folder.path().join("model.keras");
    let (x, y) = data();
    let mut whole = noisy();
    let first = whole.fit(&x, &y, epochs(0, 3)).unwrap();
    let mut halves = noisy();
    assert_eq!(halves.fit(&x, &y, epochs(0, 3)).unwrap(), first);
    halves.save(&path).unwrap();
    let mut halves = load_model(&path).unwrap();
    assert_eq!(halves.predict(&x).unwrap(), whole.predict(&x).unwrap());
    assert_eq!(halves.fit(&x, &y, epochs(3, 6)).unwrap(), whole.fit(&x, &y, epochs(3, 6)).unwrap());
    assert_eq!(halves.get_weights(), whole.get_weights());
    // The same model gives the same bytes, whichever way it came about.
    let other = folder.path().join("other.keras");
    halves.save(&path).unwrap();
    whole.save(&other).unwrap();
    assert!(std::fs::read(&path).unwrap() == std::fs::read(&other).unwrap());
}

#[test]
fn frozen_layers_stay_frozen_and_their_own_flags_are_kept() {
    let folder = temporary();
    let path = folder.path().join("model.keras");
    let inner =
        Sequential::new().add(Input::new([4])).add(Dense::new(3)).name("inner").architecture(None).unwrap();
    let x = Input::new([4]).tensor();
    let y = Dense::new(1).apply(&LayerRef::from(inner).apply(&x).unwrap()).unwrap();
    let mut model = Model::new(&[x], &[y]).unwrap();
    model.set_trainable("inner", false).unwrap();
    model.save(&path).unwrap();
    let mut again = load_model(&path).unwrap();
    assert_eq!(again.count_trainable_params(), 4);
    assert!(!again.is_trainable("inner") && again.is_trainable("inner/dense"));
    again.set_trainable("inner", true).unwrap();
    assert_eq!(again.count_trainable_params(), 19);
    // Keras reads the flags of the innermost layers only.
    let config = model.config_json().unwrap();
    assert_eq!(config.pointer("/config/layers/1/config/layers/1/config/trainable"), Some(&json!(false)));
}

#[test]
fn extras_travel_with_the_model() {
    let folder = temporary();
    let path = folder.path().join("model.keras");
    let (x, y) = data();
    let mut model = noisy();
    let history = model.fit(&x, &y, epochs(0, 2)).unwrap();
    let feature = |name: &str| Feature {
        name: name.into(),
        dtype: "float32".into(),
        minimum: -1.0,
        maximum: 0.1 + 0.2,
    };
    let contract = Contract {
        task: Task::Classification,
        target: "species".into(),
        features: ["a", "b", "c", "größe"].map(feature).to_vec(),
        classes: vec!["Adelie".into(), "Gentoo".into()],
    };
    let run_started = Some("2026-11-24@21:41:13".to_owned());
    let extras =
        Extras { contract: Some(contract), history: Some(history), run_started, ..Extras::default() };
    model.save_with(&path, &extras).unwrap();
    let again = load_model(&path).unwrap();
    assert_eq!(again.extras().contract, extras.contract);
    assert_eq!(again.extras().history, extras.history);
    assert_eq!(again.extras().run_started, extras.run_started);
    assert_eq!(again.extras().ceras_version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
    let bytes = std::fs::read(&path).unwrap();
    again.save(&path).unwrap();
    assert!(std::fs::read(&path).unwrap() == bytes);
}

#[test]
fn an_unbuilt_model_stays_unbuilt() {
    let folder = temporary();
    let path = folder.path().join("model.keras");
    let model = Sequential::new().add(Dense::new(3)).add(Dense::new(1)).name("later").build().unwrap();
    model.save(&path).unwrap();
    let mut again = load_model(&path).unwrap();
    assert!(!again.is_built());
    assert_eq!(again.predict(Tensor::new(&[2, 4], [0.0f32; 8]).unwrap()).unwrap().dims(), [2, 1]);
}

#[test]
fn weights_go_to_layers_of_the_same_name() {
    let folder = temporary();
    let path = folder.path().join("weights.h5");
    let model = |names: [&str; 2], seed| {
        let layers = Sequential::new().add(Input::new([4])).add(Dense::new(4).name(names[0]));
        layers.add(Dense::new(4).name(names[1])).seed(seed).build().unwrap()
    };
    let saved = model(["a", "b"], 1);
    saved.save_as(&path, FileKind::Hdf5).unwrap();
    let mut other = model(["b", "c"], 2);
    let before = other.get_weights();
    assert_eq!(other.load_weights_by_name(&path).unwrap(), ["b"]);
    assert_eq!(other.get_weights()[..2], saved.get_weights()[2..]);
    assert_eq!(other.get_weights()[2..], before[2..]);
    other.load_weights(&path).unwrap();
    assert_eq!(other.get_weights(), saved.get_weights());
}

#[test]
fn every_kind_of_file_reads_back() {
    let folder = temporary();
    let (x, y) = data();
    let mut model = noisy();
    model.fit(&x, &y, epochs(0, 2)).unwrap();
    let predictions = model.predict(&x).unwrap();
    for kind in [FileKind::Keras, FileKind::Hdf5, FileKind::Safetensors] {
        let path = folder.path().join("no_name_says_the_kind");
        model.save_as(&path, kind).unwrap();
        let mut loaded = load(&path, &CustomObjects::new()).unwrap();
        assert_eq!((loaded.kind, loaded.warnings.len()), (kind, 0));
        assert_eq!(loaded.model.predict(&x).unwrap(), predictions);
        assert_eq!((loaded.model.seed, loaded.model.step), (model.seed, model.step));
        let mut fresh = noisy();
        fresh.load_weights(&path).unwrap();
        assert_eq!(fresh.predict(&x).unwrap(), predictions);
    }
    let path = folder.path().join("m.json");
    model.save_as(&path, FileKind::of_name(&path).unwrap()).unwrap();
    let fresh = load_model(&path).unwrap();
    assert_eq!(fresh.to_json().unwrap(), model.to_json().unwrap());
    assert_ne!(fresh.get_weights(), model.get_weights());
    let path = folder.path().join("m.weights.h5");
    model.save_as(&path, FileKind::of_name(&path).unwrap()).unwrap();
    let mut fresh = noisy();
    fresh.load_weights(&path).unwrap();
    assert_eq!(fresh.get_weights(), model.get_weights());
    // The optimizer's state came along, so the next steps are the same too (dropout depends on the step, which did not).
    let slots = |model: &Model| compile_config::optimizer_variables(model).unwrap().unwrap();
    assert_eq!(slots(&fresh), slots(&model));
}

#[test]
fn summaries_with_options_are_keras_summaries() {
    for case in Group::load("summaries").cases() {
        let model = load_model(path_of(&case)).unwrap();
        let summary = functional::summary_options(&case.meta["options"]);
        let text = model.summary_with(&summary).unwrap();
        assert_eq!(text, case.meta["text"].as_str().unwrap(), "{}:\n{text}", case.name);
    }
}
