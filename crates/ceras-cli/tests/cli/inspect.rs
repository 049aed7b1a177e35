//! `ceras inspect`.

use std::io::Write;

use ceras::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

#[test]
fn every_file_of_the_museum_is_opened_and_none_is_suspicious() {
    let folder = folder();
    let museum = ceras_testkit::oracle::fixtures().join("museum");
    let mut seen = 0;
    for version in std::fs::read_dir(museum).unwrap() {
        for file in std::fs::read_dir(version.unwrap().path()).unwrap() {
            let file = file.unwrap().path().to_str().unwrap().to_owned();
            if !(file.ends_with(".h5") || file.ends_with(".keras")) {
                continue;
            }
            let text = done(folder.path(), &["inspect", &file]);
            if file.contains("lambda") {
                says(&text, &["Lambda", "Runs here  no"]);
                assert!(!text.contains("Nothing suspicious"), "{file}\n{text}");
                continue;
            }
            says(&text, &["Nothing suspicious", "Tensor"]);
            // Keras 2 leaves the state of its older optimizers out of `.keras`.
            let stateless = file.contains("legacy_") && file.ends_with(".keras");
            assert!(stateless || text.contains("steps done"), "{file}\n{text}");
            assert_eq!(text.contains("weights alone"), file.ends_with(".weights.h5"), "{file}\n{text}");
            assert_eq!(text.contains("Runs here  yes"), !file.ends_with(".weights.h5"), "{file}\n{text}");
            seen += 1;
        }
    }
    assert!(seen >= 100, "{seen}");
}

#[test]
fn a_whole_model_is_described() {
    let folder = folder();
    let text = done(folder.path(), &["inspect", &fixture("models/sequential_normalization.keras")]);
    let lines = [
        "Kind       Keras archive (.keras)",
        "Keras      3.15.1",
        "model.weights.h5 (",
        "Model      `penguins` (Sequential), 6 layers",
        "Runs here  yes",
        "Optimizer  Adam, learning rate 0.001, 5 steps done, 14 variables",
        "Metrics    accuracy",
        "batch_normalization   BatchNormalization   (None, 8)          32",
        "layers/dense/vars/0                 float32   [4, 8]",
        "108 numbers in 11 tensors",
    ];
    says(&text, &lines);
    done(folder.path(), &["convert", &fixture("models/sequential_dense.keras"), "m.safetensors"]);
    let text = done(folder.path(), &["inspect", "m.safetensors"]);
    says(
        &text,
        &[
            "weights and architecture in safetensors",
            "dense_1/kernel",
            "dense         Dense        (None, 10)         50",
        ],
    );
    done(folder.path(), &["convert", &fixture("models/sequential_dense.keras"), "m.json"]);
    says(
        &done(folder.path(), &["inspect", "m.json"]),
        &["architecture alone in JSON", "(None, 10)         50"],
    );
}

/// The `.keras` file of a model with another config and more members.
fn tampered(folder: &std::path::Path, name: &str, change: impl FnOnce(&mut Value), more: &[(&str, &[u8])]) {
    let model =
        Sequential::new().add(Input::new([2])).add(Dense::new(3).name("a")).add(Dense::new(1).name("b"));
    let model = model.build().unwrap();
    model.save(folder.join("whole.keras")).unwrap();
    let mut config: Value = serde_json::from_str(&model.to_json().unwrap()).unwrap();
    change(&mut config);
    let bytes = std::fs::read(folder.join("whole.keras")).unwrap();
    std::fs::remove_file(folder.join("whole.keras")).unwrap();
    let mut old = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut new = zip::ZipWriter::new(std::fs::File::create(folder.join(name)).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..old.len() {
        let mut member = old.by_index(index).unwrap();
        let member_name = member.name().unwrap().into_owned();
        new.start_file(member_name.as_str(), options).unwrap();
        if member_name == "config.json" {
            new.write_all(config.to_string().as_bytes()).unwrap();
        } else {
            std::io::copy(&mut member, &mut new).unwrap();
        }
    }
    for (member, bytes) in more {
        new.start_file(*member, options).unwrap();
        new.write_all(bytes).unwrap();
    }
    new.finish().unwrap();
}

#[test]
fn what_is_suspicious_is_said() {
    let folder = folder();
    let path = folder.path();
    let layer = |config: &mut Value, index: usize, layer: Value| config["config"]["layers"][index] = layer;
    let inspect = |parts: &[&str]| says(&done(path, &["inspect", "m.keras"]), parts);
    let lambda = json!({"module": "keras.layers", "class_name": "Lambda", "config": {"name": "evil", "function":
        {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": null, "closure": null}}},
        "registered_name": null});
    tampered(path, "m.keras", |config| layer(config, 1, lambda), &[]);
    inspect(&[
        "evil",
        "Lambda",
        "not supported",
        "runs Python code, which is never run here",
        "It cannot be run here",
    ]);
    let custom = json!({"module": "my_package.nets", "class_name": "Magic", "config": {"name": "magic"},
        "registered_name": "my>Magic"});
    tampered(path, "m.keras", |config| layer(config, 1, custom), &[]);
    inspect(&["my>Magic", "class of somebody's own, from `my_package.nets`", "Runs here  no"]);
    let call = json!({"module": "os", "class_name": "function", "config": "system", "registered_name": null});
    tampered(path, "m.keras", |config| config["config"]["layers"][1]["config"]["activation"] = call, &[]);
    inspect(&["refers to the Python function `system` of `os`, which is never run here"]);
    tampered(
        path,
        "m.keras",
        |config| config["config"]["layers"][1]["config"]["units"] = json!(99_999_999_999u64),
        &[],
    );
    inspect(&["is 99999999999, an absurd size"]);
    let members: [(&str, &[u8]); 2] = [("../../evil.sh", b"rm"), ("extra.pkl", b"x")];
    tampered(path, "m.keras", |_| {}, &members);
    inspect(&[
        "`../../evil.sh` would be unpacked outside",
        "member `extra.pkl` is none that Keras writes",
        "Runs here  yes",
    ]);
}

#[test]
fn a_class_of_keras_that_is_not_there_yet_is_no_reason_for_suspicion() {
    let folder = folder();
    let later = json!({"module": "keras.layers", "class_name": "Later", "config": {"name": "later"}, "registered_name": null});
    tampered(folder.path(), "m.keras", |config| config["config"]["layers"][1] = later, &[]);
    let text = done(folder.path(), &["inspect", "m.keras"]);
    says(
        &text,
        &["later", "not supported", "Runs here  no", "`later` (Later), layer 2 of 3", "Nothing suspicious"],
    );
}

#[test]
fn weights_that_are_not_finite_are_counted() {
    let folder = folder();
    let mut model = Sequential::new().add(Input::new([2])).add(Dense::new(2)).build().unwrap();
    let kernel = Tensor::new(&[2, 2], [1.0f32, f32::NAN, 3.0, f32::INFINITY]).unwrap();
    model.set_weights(&[kernel, Tensor::new(&[2], [0.0f32, 0.0]).unwrap()]).unwrap();
    model.save(folder.path().join("m.keras")).unwrap();
    let text = done(folder.path(), &["inspect", "m.keras"]);
    says(
        &text,
        &["`layers/dense/vars/0` holds 2 of 4 numbers that are not finite; the first, number 1, is NaN"],
    );
}

#[test]
fn damaged_files_are_opened_as_far_as_they_can_be() {
    let folder = folder();
    let path = folder.path();
    let whole = std::fs::read(fixture("museum/3.15.1/functional.h5")).unwrap();
    for end in (8..whole.len()).step_by(997) {
        std::fs::write(path.join("m.h5"), &whole[..end]).unwrap();
        let output = ceras(path, &["inspect", "m.h5"]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{end}: {}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"), "{end}: {}", stderr(&output));
    }
    write(path, "text.txt", "hello");
    write(path, "empty.keras", "");
    std::fs::create_dir(path.join("folder")).unwrap();
    says(&refused(path, &["inspect", "text.txt"]), &["neither a model nor weights"]);
    says(&refused(path, &["inspect", "empty.keras"]), &["the file is empty"]);
    says(&refused(path, &["inspect", "folder"]), &["neither a model nor weights", "config.json"]);
    says(&refused(path, &["inspect", "none.keras"]), &["there is no such file"]);
}
