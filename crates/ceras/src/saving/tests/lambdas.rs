//! Models with `Lambda` layers: named, offered, replaced, never run.

use super::damage::{load_bytes, load_bytes_with, with_config};
use super::museum::{check_predictions, files, museum_of};
use super::*;
use crate::layers::LAYERS;

/// The config of a `Lambda` of `fixtures/lambdas.json`.
fn config_of(name: &str, python: &str) -> Value {
    let path = fixtures().join("lambdas.json");
    let cases: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let is = |case: &&Value| case["case"] == json!(name) && case["python"] == json!(python);
    cases.as_array().unwrap().iter().find(is).unwrap()["config"].clone()
}

fn with_lambda(name: &str) -> Vec<u8> {
    with_config("sequential_dense", |config| {
        let layers = config.pointer_mut("/config/layers").and_then(Value::as_array_mut).unwrap();
        let mut lambda = config_of(name, "3.11");
        lambda["name"] = json!("mystery");
        layers.insert(
            1,
            json!({"module": "keras.layers", "class_name": "Lambda", "config": lambda, "registered_name": null}),
        );
    })
}

#[test]
fn a_lambda_is_named_and_what_would_do_is_offered() {
    let error = load_bytes(&with_lambda("relu")).unwrap_err();
    assert_eq!(error.details().len(), 1);
    let expected = "`mystery` (Lambda), layer 2 of 4 in `sequential`: it is `tf.nn.relu(x)`, `Activation(activation=\"relu\")`";
    assert_eq!(error.details()[0], expected);
    assert!(error.hint_text().unwrap().contains("replace_lambdas()"), "{error}");
    for (name, words) in [
        ("square", "it is `x ** 2`"),
        ("distance", "it is `K.abs(x[0] - x[1])`"),
        ("branch", "its function is not one that is recognised"),
        ("evil", "its function is not one that is recognised"),
    ] {
        let error = load_bytes_with(&with_lambda(name), &CustomObjects::new().replace_lambdas()).unwrap_err();
        assert!(error.details()[0].contains(words), "{error}");
        assert!(error.hint_text().unwrap().contains("never run"), "{error}");
    }
}

#[test]
fn a_layer_of_the_users_takes_a_lambdas_place() {
    let custom = CustomObjects::new().lambda("mystery", Activation::new("tanh"));
    let mut model = load_bytes_with(&with_lambda("evil"), &custom).unwrap().model;
    assert!(model.predict(data().0).is_ok());
}

#[test]
fn lambdas_of_keras_are_replaced_when_asked_for() {
    let mut replaced = 0;
    for (version, group) in museum_of("lambdas") {
        for case in group.cases() {
            let classes = case.meta["layers"].as_array().unwrap();
            if !classes.iter().all(|class| LAYERS.knows(class.as_str().unwrap())) {
                continue;
            }
            for file in files(&case) {
                let what = format!("{file} of Keras {version}");
                assert!(load_model(fixtures().join(file)).is_err(), "{what}");
                let loaded = load(fixtures().join(file), &CustomObjects::new().replace_lambdas());
                let mut loaded = loaded.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert!(loaded.warnings[0].starts_with("the Lambda `"), "{what}: {:?}", loaded.warnings);
                check_predictions(&what, &case, &mut loaded.model);
                replaced += 1;
            }
        }
    }
    assert!(replaced > 0);
}
