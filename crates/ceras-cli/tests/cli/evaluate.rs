//! `ceras evaluate`.

use ceras::data::npy;
use ceras::prelude::*;
use ceras_testkit::oracle::Group;

use crate::support::*;

#[test]
fn numbers_are_those_of_the_next_step_in_keras() {
    let folder = folder();
    let group = Group::load("models");
    let case = group.case("sequential_dense");
    write_case(folder.path(), &case);
    let file = fixture("models/sequential_dense.keras");
    let text = done(folder.path(), &["evaluate", &file, "--x", "x.npy", "--y", "y.npy"]);
    let names: Vec<&str> = text.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["accuracy", "loss"]);
    // The first of the losses that Keras saw when it trained on is that of the file's weights.
    let loss: f64 = text.lines().last().unwrap().split_whitespace().last().unwrap().parse().unwrap();
    let expected = case.meta["continued"][0].as_f64().unwrap();
    assert!((loss - expected).abs() <= 1e-5 * expected, "{loss} {expected}");
}

#[test]
fn one_table_has_inputs_and_target() {
    let folder = folder();
    let path = folder.path();
    let rows: String = (0..40)
        .map(|i| format!("{},{},{}\n", i % 7, i % 5, if i % 7 > i % 5 { "yes" } else { "no" }))
        .collect();
    write(path, "t.csv", &format!("a,b,kind\n{rows}"));
    done(path, &["train", "t.csv", "--target", "kind", "--quiet", "--epochs", "3"]);
    let text = done(path, &["evaluate", "runs/t-1/model.keras", "--x", "t.csv", "--y", "t.csv"]);
    says(&text, &["accuracy", "loss"]);
    // Rows that miss a value are left out, as they were in training.
    write(path, "gaps.csv", &format!("a,b,kind\n{rows},1,yes\n2,3,\n"));
    let output = ceras(path, &["evaluate", "runs/t-1/model.keras", "--x", "gaps.csv", "--y", "gaps.csv"]);
    assert_eq!(stdout(&output), text);
    says(&stderr(&output), &["warning: ", "2 of 42 rows dropped for missing values: row 40 (line 42: `a`)"]);
    done(path, &["fit", "runs/t-1/model.keras", "--x", "gaps.csv", "--y", "gaps.csv", "-o", "more.keras"]);
    write(path, "u.csv", "a,b,kind\n1,2,perhaps\n");
    let text = refused(path, &["evaluate", "runs/t-1/model.keras", "--x", "u.csv", "--y", "u.csv"]);
    says(&text, &["perhaps"]);
    write(path, "v.csv", "a,b,kinds\n1,2,no\n");
    let text = refused(path, &["evaluate", "runs/t-1/model.keras", "--x", "v.csv", "--y", "v.csv"]);
    says(&text, &["no column `kind`", "`kinds`"]);
}

#[test]
fn a_model_that_was_not_compiled_and_targets_that_do_not_fit_are_refused() {
    let folder = folder();
    let path = folder.path();
    let model = Sequential::new().add(Input::new([4])).add(Dense::new(3)).build().unwrap();
    model.save(path.join("bare.keras")).unwrap();
    npy::write(path.join("x.npy"), &Tensor::zeros(DType::F32, &[8, 4]).unwrap()).unwrap();
    npy::write(path.join("labels.npy"), &Tensor::zeros(DType::I64, &[8]).unwrap()).unwrap();
    npy::write(path.join("few.npy"), &Tensor::zeros(DType::F32, &[7, 3]).unwrap()).unwrap();
    let text = refused(path, &["evaluate", "bare.keras", "--x", "x.npy", "--y", "few.npy"]);
    says(&text, &["does not say what to measure", "ceras fit"]);
    let dense = fixture("models/sequential_dense.keras");
    let text = refused(path, &["evaluate", &dense, "--x", "x.npy", "--y", "labels.npy"]);
    says(&text, &["wants targets of 3 numbers each"]);
    let text = refused(path, &["evaluate", &dense, "--x", "x.npy", "--y", "few.npy"]);
    says(&text, &["7 rows", "8"]);
    says(
        &refused(path, &["evaluate", &dense, "--x", "x.npy", "--y", "few.npy", "--batch-size", "0"]),
        &["batch_size"],
    );
}
