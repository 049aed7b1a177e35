//! `ceras convert`.

use ceras::data::npy;
use ceras_testkit::oracle::{Group, assert_close};

use crate::support::*;

#[test]
fn a_model_goes_through_every_kind_of_file() {
    let folder = folder();
    let path = folder.path();
    let group = newest();
    for case in group.cases().filter(|case| case.meta["case"] != "two_outputs") {
        write_case(path, &case);
        let first = fixture(case.meta["files"][0].as_str().unwrap());
        done(path, &["convert", &first, "a.h5"]);
        done(path, &["convert", "a.h5", "b.keras"]);
        done(path, &["convert", "b.keras", "c.safetensors"]);
        done(path, &["convert", "c.safetensors", "d.keras"]);
        assert_eq!(done(path, &["diff", &first, "b.keras"]), "", "{first}");
        done(path, &["predict", "d.keras", "--x", "x.npy", "-o", "answers.npy"]);
        let answers = npy::read(path.join("answers.npy")).unwrap();
        assert_close(&first, &answers.to_f64(), &case.array("predictions").f64s(), 1e-5);
    }
}

#[test]
fn old_files_become_new_ones() {
    let folder = folder();
    let group = Group::load("museum/2.15.0/2.15.0");
    for case in group.cases() {
        let files = case.meta["files"].as_array().unwrap();
        let old = files.iter().map(|file| file.as_str().unwrap()).find(|file| file.ends_with(".h5")).unwrap();
        done(folder.path(), &["convert", &fixture(old), "new.keras"]);
        assert_eq!(done(folder.path(), &["diff", &fixture(old), "new.keras"]), "", "{old}");
    }
}

#[test]
fn parts_of_a_model_have_files_too() {
    let folder = folder();
    let path = folder.path();
    let dense = fixture("models/sequential_dense.keras");
    done(path, &["convert", &dense, "m.json"]);
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path.join("m.json")).unwrap()).unwrap();
    assert_eq!(json["class_name"], "Sequential");
    done(path, &["convert", &dense, "m.weights.h5"]);
    says(&done(path, &["inspect", "m.weights.h5"]), &["weights alone in HDF5", "layers/dense_1/vars/1"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = folder();
    let path = folder.path();
    let dense = fixture("models/sequential_dense.keras");
    says(&refused(path, &["convert", &dense, "m.onnx"]), &["what kind of file", ".safetensors"]);
    says(&refused(path, &["convert", &dense, "none/m.keras"]), &["there is no folder `none`"]);
    says(&refused(path, &["convert", "none.keras", "m.keras"]), &["there is no such file"]);
    let weights = fixture("museum/3.15.1/frozen.weights.h5");
    says(&refused(path, &["convert", &weights, "m.keras"]), &["no architecture", "ceras inspect"]);
}
