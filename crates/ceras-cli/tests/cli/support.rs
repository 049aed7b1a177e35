//! What all tests of the program need.

use std::path::Path;
use std::process::{Command, Output};

use ceras::Tensor;
use ceras::data::npy;
use ceras_testkit::oracle::{Array, Case, Group, fixtures};
use tempfile::TempDir;

pub(crate) fn ceras(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ceras"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program starts")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Runs a command that must fail: an error on standard error, exit code 1 or 2, nothing left behind.
#[track_caller]
pub(crate) fn refused(folder: &Path, arguments: &[&str]) -> String {
    let before = entries(folder);
    let output = ceras(folder, arguments);
    let text = stderr(&output);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{arguments:?}: {:?}\n{text}", output.status);
    assert!(text.starts_with("error: "), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    assert_eq!(entries(folder), before, "{arguments:?} left something behind");
    text
}

pub(crate) fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a file");
}

/// The path of a fixture.
pub(crate) fn fixture(name: &str) -> String {
    fixtures().join(name).to_str().expect("a path of UTF-8").to_owned()
}

/// Runs a command that must do its work, and gives what it prints.
#[track_caller]
pub(crate) fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = ceras(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

/// An array of the oracle as a tensor.
pub(crate) fn tensor(array: &Array) -> Tensor {
    Tensor::new(&array.dims, array.f32s()).expect("as many numbers as the shape says")
}

/// Writes `x.npy` and `y.npy` of a case.
pub(crate) fn write_case(folder: &Path, case: &Case<'_>) {
    for name in ["x", "y"] {
        npy::write(folder.join(format!("{name}.npy")), &tensor(case.array(name))).expect("a file");
    }
}

/// The museum's cases of the newest Keras.
pub(crate) fn newest() -> Group {
    Group::load("museum/3.15.1/3.15.1")
}

/// Checks that an error says all of these.
#[track_caller]
pub(crate) fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}
