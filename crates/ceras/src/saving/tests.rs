//! Files of Keras' own, round trips, and files that are broken.

use std::path::PathBuf;

use ceras_testkit::oracle::{Case, Group, TOLERANCE, assert_close, fixtures};
use serde_json::{Value, json};

use super::archive::{Archive, CONFIG, WEIGHTS};
use super::hdf5::Hdf5;
use super::*;
use crate::prelude::*;
use crate::saving::compile_config;

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

/// A `.keras` file with this config and the weights of another file.
fn with_config(case: &str, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    let models = models();
    let mut archive = Archive::open(std::fs::read(path_of(&models.case(case))).unwrap()).unwrap();
    let mut config: Value = serde_json::from_slice(&archive.member(CONFIG).unwrap().unwrap()).unwrap();
    edit(&mut config);
    let weights = archive.member(WEIGHTS).unwrap().unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    let config = config.to_string();
    archive::write_members(&mut bytes, &[(CONFIG, config.as_bytes()), (WEIGHTS, &weights)]).unwrap();
    bytes.into_inner()
}

fn load_bytes(bytes: &[u8]) -> Result<Loaded> {
    load_bytes_with(bytes, &CustomObjects::new())
}

fn load_bytes_with(bytes: &[u8], custom: &CustomObjects) -> Result<Loaded> {
    let folder = temporary();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    load(path, custom)
}

#[test]
fn every_unsupported_layer_is_named_with_its_place() {
    let bytes = with_config("sequential_normalization", |config| {
        config["config"]["layers"][2]["class_name"] = json!("Conv9D");
        config["config"]["layers"][4]["module"] = json!("keras.src.ops.numpy");
        config["config"]["layers"][5]["registered_name"] = json!("mine>Dense");
    });
    let error = load_bytes(&bytes).unwrap_err().to_string();
    assert!(error.starts_with("the model has 3 layers that ceras does not support yet"), "{error}");
    assert!(error.contains("(Conv9D), layer 3 of 6 in `penguins`"), "{error}");
    assert!(error.contains("operation BatchNormalization"), "{error}");
    assert!(error.contains("(mine>Dense), layer 6 of 6"), "{error}");
}

#[test]
fn a_users_own_layer_is_handed_in() {
    let edit = |config: &mut Value| config["config"]["layers"][1]["registered_name"] = json!("mine>Twice");
    let bytes = with_config("sequential_dense", edit);
    assert!(load_bytes(&bytes).is_err());
    let dense =
        |config: &crate::registry::Config| crate::registry::parse_config::<Dense>(config).map(LayerRef::from);
    let custom = CustomObjects::new().layer("mine>Twice", dense);
    assert!(load_bytes_with(&bytes, &custom).is_ok());
}

#[test]
fn unknown_compile_words_wait_for_fit() {
    for (pointer, word) in
        [("/compile_config/loss", "lossy"), ("/compile_config/optimizer/class_name", "Adamant")]
    {
        let edit = |config: &mut Value| *config.pointer_mut(pointer).unwrap() = json!(word);
        let mut loaded = load_bytes(&with_config("sequential_dense", edit)).unwrap();
        assert_eq!(loaded.warnings.len(), 1);
        let (x, y) = data();
        assert_eq!(loaded.model.predict(&x).unwrap().dims(), [40, 3]);
        let error = loaded.model.fit(&x, &y, Fit::new()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        // The words are written back as they were.
        assert_eq!(loaded.model.config_json().unwrap().pointer(pointer), Some(&json!(word)));
    }
}

#[test]
fn an_unknown_key_is_an_error_unless_it_is_null() {
    let with = |value: Value| {
        with_config("sequential_dense", |config| config["config"]["layers"][1]["config"]["new_key"] = value)
    };
    assert!(load_bytes(&with(Value::Null)).is_ok());
    let error = load_bytes(&with(json!(1))).unwrap_err().to_string();
    assert!(error.contains("new_key") && error.contains("`dense`"), "{error}");
}

#[test]
fn a_weight_of_the_wrong_shape_is_named() {
    let bytes = with_config("sequential_dense", |config| {
        config["config"]["layers"][1]["config"]["units"] = json!(11)
    });
    let error = load_bytes(&bytes).unwrap_err().to_string();
    assert!(
        error.contains("dense/kernel") && error.contains("[4, 11]") && error.contains("[4, 10]"),
        "{error}"
    );
}

#[test]
fn sizes_that_no_file_holds_are_refused_before_anything_is_allocated() {
    for units in [json!(1u64 << 40), json!(1u64 << 62)] {
        let edit = |config: &mut Value| config["config"]["layers"][1]["config"]["units"] = units.clone();
        assert!(load_bytes(&with_config("sequential_dense", edit)).is_err());
    }
}

#[test]
fn what_is_no_model_is_said_to_be_none() {
    for (bytes, words) in [
        (&b""[..], "the file is empty"),
        (b"PK\x03\x04 and then nothing", "damaged or cut off"),
        (b"just text", "this is not a model"),
    ] {
        let error = load_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let mut bytes = std::io::Cursor::new(Vec::new());
    archive::write_members(&mut bytes, &[(CONFIG, nested.as_bytes())]).unwrap();
    let error = load_bytes(&bytes.into_inner()).unwrap_err().to_string();
    assert!(error.contains("not readable as JSON"), "{error}");
}

/// A small generator for the damage below; the damage is the same on every run.
fn xorshift(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state as usize
}

#[test]
fn damaged_files_give_errors_and_nothing_else() {
    let mut state = 0x2545_F491_4F6C_DD1D;
    let whole = std::fs::read(path_of(&models().case("functional_shared"))).unwrap();
    for round in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..1 + xorshift(&mut state) % 8 {
            let place = xorshift(&mut state) % bytes.len();
            bytes[place] = match xorshift(&mut state) % 3 {
                0 => bytes[place] ^ (1 << (xorshift(&mut state) % 8)),
                1 => 0xff,
                _ => xorshift(&mut state) as u8,
            };
        }
        if round % 5 == 0 {
            bytes.truncate(xorshift(&mut state) % bytes.len());
        }
        // Either is right; what matters is that it returns.
        let _ = load_bytes(&bytes);
    }
}

/// The cases of every Keras in the museum.
fn museum() -> Vec<(String, Group)> {
    let folders = std::fs::read_dir(fixtures().join("museum")).unwrap();
    let mut versions: Vec<String> =
        folders.map(|folder| folder.unwrap().file_name().to_string_lossy().into_owned()).collect();
    versions.sort();
    let group = |version: String| (version.clone(), Group::load(&format!("museum/{version}/{version}")));
    versions.into_iter().map(group).collect()
}

fn check_predictions(what: &str, case: &Case<'_>, model: &mut Model) {
    let outputs = model.predict_all(tensor(case.array("x")), 32).unwrap();
    let expected =
        if outputs.len() == 1 { vec![case.array("predictions")] } else { case.list("predictions") };
    assert_eq!(outputs.len(), expected.len(), "{what}");
    for (output, expected) in outputs.iter().zip(expected) {
        assert_close(what, &output.to_f64(), &expected.f64s(), TOLERANCE);
    }
}

#[test]
fn the_museum_loads_predicts_and_trains_on() {
    for (version, group) in museum() {
        for case in group.cases() {
            let files = case.meta["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap());
            for file in files.filter(|file| !file.ends_with(".weights.h5")) {
                let what = format!("{file} of Keras {version}");
                let loaded = load(fixtures().join(file), &CustomObjects::new());
                let mut loaded = loaded.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(loaded.warnings, Vec::<String>::new(), "{what}");
                check_predictions(&what, &case, &mut loaded.model);
                let Some(expected) = case.meta.get("continued").and_then(Value::as_array) else { continue };
                let expected: Vec<f64> = expected.iter().map(|loss| loss.as_f64().unwrap()).collect();
                let fit = Fit::new().batch_size(8).epochs(10).shuffle(false).verbose(Verbose::Silent);
                let history =
                    loaded.model.fit(tensor(case.array("x")), tensor(case.array("y")), fit).unwrap();
                assert_close(&what, &history.get("loss"), &expected, 3.0 * TOLERANCE);
            }
        }
    }
}

#[test]
fn the_museums_weights_alone_load() {
    for (version, group) in museum() {
        for case in group.cases() {
            let files: Vec<&str> =
                case.meta["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
            let of =
                |end: &str| files.iter().find(|file| file.ends_with(end)).map(|file| fixtures().join(file));
            let (Some(whole), Some(alone)) = (of(".keras"), of(".weights.h5")) else { continue };
            let mut model = load_model(&whole).unwrap();
            for from in [alone, of(".h5").unwrap(), whole] {
                let other: Vec<Tensor> = model
                    .get_weights()
                    .iter()
                    .map(|weight| Tensor::zeros(weight.dtype(), weight.dims()).unwrap())
                    .collect();
                model.set_weights(&other).unwrap();
                model.load_weights(&from).unwrap();
                check_predictions(&format!("{} of Keras {version}", from.display()), &case, &mut model);
            }
        }
    }
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
