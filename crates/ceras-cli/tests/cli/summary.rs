//! `ceras summary`.

use ceras_testkit::oracle::Group;

use crate::support::*;

#[test]
fn the_table_is_that_of_keras() {
    let folder = folder();
    for case in Group::load("models").cases() {
        let file = fixture(case.meta["file"].as_str().unwrap());
        assert_eq!(
            done(folder.path(), &["summary", &file]),
            case.meta["summary"].as_str().unwrap(),
            "{file}"
        );
    }
}

#[test]
fn options_are_heard() {
    let folder = folder();
    let frozen = fixture("museum/3.15.1/frozen.keras");
    let summary = |more: &[&str]| done(folder.path(), &[&["summary", &frozen], more].concat());
    assert!(!summary(&[]).contains('└') || !summary(&[]).contains("batch_normalization"));
    says(&summary(&["--expand-nested"]), &["   └ dense (Dense)", "   └ batch_normalization"]);
    says(&summary(&["--show-trainable"]), &["│   N   │", "│   Y   │"]);
    let wide = summary(&["--line-length", "120"]);
    assert_eq!(wide.lines().nth(1).unwrap().chars().count(), 120);
    let part = summary(&["--layer-range", "dense", "dense"]);
    assert!(part.contains("dense_1 (Dense)") && !part.contains("base (Sequential)"), "{part}");
    says(&refused(folder.path(), &["summary", &frozen, "--line-length", "5"]), &["`line_length`"]);
    says(
        &refused(folder.path(), &["summary", &frozen, "--layer-range", "danse", "dense"]),
        &["`danse`, and no layer's name begins so"],
    );
}

#[test]
fn memory_is_planned() {
    let folder = folder();
    let frozen = fixture("museum/3.15.1/frozen.keras");
    let text = done(folder.path(), &["summary", &frozen, "--memory", "--batch-size", "4"]);
    says(&text, &["batch size 4: ", "  weights ", "Arena at its fullest", "(batch)"]);
    says(&refused(folder.path(), &["summary", &frozen, "--memory", "--batch-size", "0"]), &["`batch_size`"]);
}

#[test]
fn files_that_are_no_models_are_refused() {
    let folder = folder();
    let weights = fixture("museum/3.15.1/frozen.weights.h5");
    says(&refused(folder.path(), &["summary", &weights]), &["no architecture", "ceras inspect"]);
    says(&refused(folder.path(), &["summary", "none.keras"]), &["there is no such file"]);
    write(folder.path(), "text.keras", "hello");
    says(&refused(folder.path(), &["summary", "text.keras"]), &["not a model"]);
}
