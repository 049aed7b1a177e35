//! `ceras predict`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use ceras::data::{npy, npz};
use ceras::prelude::*;
use ceras::saving::{Contract, Feature, Task};
use ceras_testkit::oracle::{Group, assert_close};

use crate::support::*;

const TOLERANCE: f64 = 1e-5;

#[test]
fn every_file_of_the_museum_answers_as_keras_did() {
    let folder = folder();
    for version in ["2.15.0", "3.0.5", "3.3.3", "3.6.0", "3.9.2", "3.12.0", "3.15.1"] {
        let group = Group::load(&format!("museum/{version}/{version}"));
        for case in group.cases().filter(|case| case.meta["case"] != "two_outputs") {
            write_case(folder.path(), &case);
            let file = fixture(case.meta["files"][0].as_str().unwrap());
            done(folder.path(), &["predict", &file, "--x", "x.npy", "-o", "answers.npy"]);
            let answers = npy::read(folder.path().join("answers.npy")).unwrap();
            assert_close(&file, &answers.to_f64(), &case.array("predictions").f64s(), TOLERANCE);
        }
    }
}

#[test]
fn several_outputs_go_into_an_archive_or_a_table() {
    let folder = folder();
    let group = newest();
    let case = group.case("two_outputs");
    write_case(folder.path(), &case);
    let file = fixture("museum/3.15.1/two_outputs.h5");
    done(folder.path(), &["predict", &file, "--x", "x.npy", "-o", "answers.npz"]);
    let answers = npz::read(folder.path().join("answers.npz")).unwrap();
    for (index, (name, answer)) in answers.iter().enumerate() {
        assert_eq!(name, ["first", "second"][index]);
        let expected = case.array(&format!("predictions{index}")).f64s();
        assert_close(name, &answer.to_f64(), &expected, TOLERANCE);
    }
    let text = done(folder.path(), &["predict", &file, "--x", "x.npy"]);
    assert_eq!(text.lines().next(), Some("first_0,first_1,first_2,second"));
    assert_eq!(text.lines().count(), 9);
    let text = refused(folder.path(), &["predict", &file, "--x", "x.npy", "-o", "a.npy"]);
    says(&text, &["2 outputs", "`first`, `second`", "write `a.npz`"]);
}

#[test]
fn every_form_of_the_same_rows_gives_the_same_answers() {
    let folder = folder();
    let path = folder.path();
    let model = fixture("models/sequential_dense.keras");
    let whole = Tensor::new(&[2, 4], [1i64, 0, 1, 1, 0, 1, 0, 1]).unwrap();
    let mut texts = Vec::new();
    for dtype in [DType::F32, DType::F64, DType::I32, DType::I64, DType::U8, DType::Bool] {
        npy::write(path.join("x.npy"), &whole.cast(dtype)).unwrap();
        texts.push(done(path, &["predict", &model, "--x", "x.npy"]));
    }
    write(path, "x.csv", "p,q,r,s\n1,0,1,1\n0,1,0,1\n");
    texts.push(done(path, &["predict", &model, "--x", "x.csv"]));
    npz::write(path.join("x.npz"), &[("arr_0", &whole)]).unwrap();
    texts.push(done(path, &["predict", &model, "--x", "x.npz"]));
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
}

#[test]
fn an_archive_has_an_array_for_each_input_in_any_order() {
    let folder = folder();
    let path = folder.path();
    let (a, b) = (Input::new([2]).name("a").tensor(), Input::new([2]).name("b").tensor());
    let first = Dense::new(1).name("first").apply(&a).unwrap();
    let second = Dense::new(1).name("second").apply(&b).unwrap();
    let mut model = Model::new(&[a, b], &[first, second]).unwrap();
    model.save(path.join("m.keras")).unwrap();
    let x = [Tensor::new(&[1, 2], [1.0f32, 2.0]).unwrap(), Tensor::new(&[1, 2], [-3.0f32, 4.0]).unwrap()];
    let expected = model.predict_all(&x[..], 32).unwrap();
    npz::write(path.join("x.npz"), &[("b", &x[1]), ("a", &x[0])]).unwrap();
    done(path, &["predict", "m.keras", "--x", "x.npz", "-o", "y.npz"]);
    let answers = npz::read(path.join("y.npz")).unwrap();
    assert_eq!(
        answers,
        [("first".to_owned(), expected[0].clone()), ("second".to_owned(), expected[1].clone())]
    );
    npz::write(path.join("x.npz"), &[("c", &x[1]), ("a", &x[0])]).unwrap();
    says(&refused(path, &["predict", "m.keras", "--x", "x.npz"]), &["has no array `b`", "`a`, `b`"]);
    npy::write(path.join("x.npy"), &x[0]).unwrap();
    says(&refused(path, &["predict", "m.keras", "--x", "x.npy"]), &["one array", "2 inputs", ".npz"]);
}

/// A model whose file says that it was trained on `length` (0 to 10) and `width` (0 to 5).
fn with_contract(folder: &std::path::Path) {
    let mut model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build().unwrap();
    model
        .set_weights(&[Tensor::new(&[2, 1], [1.0f32, 100.0]).unwrap(), Tensor::new(&[1], [0.0f32]).unwrap()])
        .unwrap();
    let feature = |name: &str, maximum: f64| Feature {
        name: name.into(),
        dtype: "float32".into(),
        minimum: 0.0,
        maximum,
    };
    model.extras_mut().contract = Some(Contract {
        task: Task::Regression,
        target: "mass".into(),
        features: vec![feature("length", 10.0), feature("width", 5.0)],
        classes: Vec::new(),
    });
    model.save(folder.join("m.keras")).unwrap();
}

#[test]
fn a_table_is_checked_against_the_contract() {
    let folder = folder();
    let path = folder.path();
    with_contract(path);
    write(path, "x.csv", "width,note,length,mass\n2,a,1,0\n3,b,40,0\n");
    let output = ceras(path, &["predict", "m.keras", "--x", "x.csv"]);
    assert_eq!(stdout(&output), "mass\n201.0\n340.0\n");
    let warnings = stderr(&output);
    says(
        &warnings,
        &["column `note` left out", "`length` is outside", "(0 to 10) in 1 of 2 rows", "row 1", "with 40"],
    );
    assert!(!warnings.contains("`width`") && !warnings.contains("mass"), "{warnings}");
    let quiet = ceras(path, &["predict", "m.keras", "--x", "x.csv", "--quiet"]);
    assert!(quiet.status.success() && quiet.stderr.is_empty() && quiet.stdout == output.stdout);
    write(path, "less.csv", "lenght,width\n1,2\n");
    let text = refused(path, &["predict", "m.keras", "--x", "less.csv"]);
    says(
        &text,
        &[
            "lacks `length`, which the model was trained on",
            "it has: `lenght`, `width`",
            "is `lenght` meant?",
        ],
    );
    for (cell, said) in [
        ("", "column `length` has no value in row 1 (line 3)"),
        ("inf", "column `length` is inf in row 1 (line 3)"),
        ("x", "it is `x` in row 1 (line 3)"),
    ] {
        write(path, "bad.csv", &format!("length,width\n1,2\n{cell},2\n"));
        says(&refused(path, &["predict", "m.keras", "--x", "bad.csv"]), &[said]);
    }
}

#[test]
fn numbers_that_are_none_are_named() {
    let folder = folder();
    let x = Tensor::new(&[2, 4], [0.0f32, 0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN, 0.0]).unwrap();
    npy::write(folder.path().join("x.npy"), &x).unwrap();
    let output =
        ceras(folder.path(), &["predict", &fixture("models/sequential_dense.keras"), "--x", "x.npy"]);
    assert!(output.status.success());
    says(&stderr(&output), &["holds NaN at row 1, column 2"]);
}

#[test]
fn arrays_that_do_not_fit_are_refused_with_what_to_do() {
    let folder = folder();
    let path = folder.path();
    let model = fixture("models/sequential_dense.keras");
    let refuse = |dims: &[usize], parts: &[&str]| {
        npy::write(path.join("x.npy"), &Tensor::zeros(DType::F32, dims).unwrap()).unwrap();
        says(&refused(path, &["predict", &model, "--x", "x.npy"]), parts);
    };
    refuse(
        &[4],
        &["takes shape [?, 4]", "the data has shape [4]", "reshape `input_layer` from [4] to [1, 4]"],
    );
    refuse(&[7, 5], &["layer `dense` (Dense) cannot take this input", "must be 4", "it is 5"]);
    refuse(&[7, 2, 2], &["reshape `input_layer` to [7, 4]"]);
    refuse(&[0, 4], &["no rows"]);
    refuse(&[], &["batch axis"]);
    write(path, "wide.csv", "a,b,c,d,e\n1,2,3,4,5\n");
    says(
        &refused(path, &["predict", &model, "--x", "wide.csv"]),
        &["takes 4 numbers a row", "has 5 columns"],
    );
}

#[test]
fn files_that_cannot_be_are_refused() {
    let folder = folder();
    let path = folder.path();
    let model = fixture("models/sequential_dense.keras");
    npy::write(path.join("x.npy"), &Tensor::zeros(DType::F32, &[8, 4]).unwrap()).unwrap();
    let bytes = std::fs::read(path.join("x.npy")).unwrap();
    std::fs::write(path.join("short.npy"), &bytes[..150]).unwrap();
    std::fs::write(path.join("header.npy"), &bytes[..20]).unwrap();
    std::fs::write(path.join("broken.npz"), b"PK\x03\x04 and nothing").unwrap();
    write(path, "text.npy", "not an array");
    std::fs::create_dir(path.join("folder.npy")).unwrap();
    let x = |file: &str, parts: &[&str]| says(&refused(path, &["predict", &model, "--x", file]), parts);
    x("short.npy", &["cannot read `short.npy`", "cut off"]);
    x("header.npy", &["cut off"]);
    x("broken.npz", &["cannot read `broken.npz`"]);
    x("text.npy", &["cannot read `text.npy`"]);
    x("folder.npy", &["it is a folder"]);
    x("y.npy", &["there is no such file", "did you mean `x.npy`?"]);
    let out = |file: &str, parts: &[&str]| {
        says(&refused(path, &["predict", &model, "--x", "x.npy", "-o", file]), parts);
    };
    out("none/y.npy", &["cannot write `none/y.npy`", "there is no folder `none`"]);
    out("folder.npy", &["it is a folder"]);
    out("y.txt", &["`y.txt` is none of .csv, .npy and .npz"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let folder = folder();
    npy::write(folder.path().join("x.npy"), &Tensor::zeros(DType::F32, &[8, 4]).unwrap()).unwrap();
    let model = fixture("models/sequential_dense.keras");
    let text = refused(folder.path(), &["predict", &model, "--x", "x.npy", "-o", "/dev/full"]);
    says(&text, &["cannot write `/dev/full`", "no space is left"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ceras"))
        .args(["predict", &model, "--x", "x.npy"])
        .current_dir(folder.path())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    says(&stderr(&output), &["standard output", "no space is left"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = folder();
    npy::write(folder.path().join("x.npy"), &Tensor::zeros(DType::F32, &[20_000, 4]).unwrap()).unwrap();
    let model = fixture("models/sequential_dense.keras");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ceras"))
        .args(["predict", &model, "--x", "x.npy"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(line, "y0,y1,y2\n");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
}

#[test]
fn damaged_models_are_refused() {
    let folder = folder();
    write(folder.path(), "model.keras", "PK\u{3}\u{4} but then nothing of the kind");
    write(folder.path(), "x.csv", "a\n1\n");
    refused(folder.path(), &["predict", "model.keras", "--x", "x.csv"]);
    refused(folder.path(), &["predict", "none.keras", "--x", "x.csv"]);
}
