//! Typos and misfits are found at `build` and `compile`, or before the first step of `fit`: what is said, word for word.
//!
//! `snapshots/errors.txt` holds the texts; with `CERAS_WRITE_SNAPSHOTS=1` the test writes it anew.

use std::path::Path;

use ceras::prelude::*;
use ceras::training::OnBatch;
use ceras::{ops, optimizers};
use ceras_testkit::snapshot;

use crate::histories::dictionaries;

fn dense() -> Model {
    Sequential::new().add(Input::new([4])).add(Dense::new(3).activation("softmax")).build().unwrap()
}

fn zeros(dims: &[usize]) -> Tensor {
    Tensor::new(dims, vec![0.0f32; dims.iter().product()]).unwrap()
}

fn compiled(loss: &str) -> Model {
    let mut model = dense();
    model.compile(Compile::new(loss)).unwrap();
    model
}

fn compile(mut model: Model, compile: Compile) -> Error {
    model.compile(compile).unwrap_err()
}

fn words() -> Vec<(&'static str, Error)> {
    let layer = |layer: Dense| Sequential::new().add(Input::new([4])).add(layer).build().unwrap_err();
    vec![
        ("a loss", compile(dense(), Compile::new("sparse_categorical_crossentrpy"))),
        ("a metric", compile(dense(), Compile::new("mse").metrics(["acuracy"]))),
        ("a weighted metric", compile(dense(), Compile::new("mse").weighted_metrics(["presision"]))),
        ("an optimizer", compile(dense(), Compile::new("mse").optimizer("adm"))),
        ("an activation", layer(Dense::new(3).activation("rleu"))),
        ("an initializer", layer(Dense::new(3).kernel_initializer("he_normall"))),
        ("a regularizer", layer(Dense::new(3).kernel_regularizer("l3"))),
        ("a constraint", layer(Dense::new(3).kernel_constraint("nonneg"))),
        (
            "an activation, the shapes still unknown",
            Sequential::new().add(Dense::new(3).activation("rleu")).build().unwrap_err(),
        ),
    ]
}

fn outputs() -> Vec<(&'static str, Error)> {
    let mse = || Compile::new("mse");
    vec![
        ("too few losses", compile(dictionaries(), mse().losses(["mse"]))),
        (
            "an unknown output in the losses",
            compile(dictionaries(), mse().losses_by_output([("prise", "mse")])),
        ),
        ("an output without a loss", compile(dictionaries(), mse().losses_by_output([("price", "mse")]))),
        ("too many loss weights", compile(dictionaries(), mse().loss_weights([1.0, 2.0, 3.0]))),
        (
            "an unknown output in the loss weights",
            compile(dictionaries(), mse().loss_weights_by_output([("knd", 1.0)])),
        ),
        ("one metric for two outputs", compile(dictionaries(), mse().metrics(["mae"]))),
        (
            "an unknown output in the metrics",
            compile(dictionaries(), mse().metrics_by_output([("prices", vec!["mae"])])),
        ),
    ]
}

fn data() -> Vec<(&'static str, Error)> {
    let fit = |loss: &str, x: &[usize], y: &[usize]| {
        compiled(loss).fit(zeros(x), zeros(y), Fit::new()).unwrap_err()
    };
    let mut by_name = dictionaries();
    by_name.compile(Compile::new("mse")).unwrap();
    let (size, age) = (zeros(&[2, 2]), zeros(&[2, 3]));
    let y = [&zeros(&[2, 3]), &zeros(&[2, 1])];
    let mut on_batch = |x: Vec<(String, Tensor)>| by_name.train_on_batch(x, y, OnBatch::new()).unwrap_err();
    let named = |name: &str, tensor: &Tensor| (name.to_owned(), tensor.clone());
    vec![
        ("targets of another width", fit("mse", &[8, 4], &[8, 2])),
        ("labels for one-hot rows", fit("categorical_crossentropy", &[8, 4], &[8])),
        ("too few features", fit("mse", &[8, 3], &[8, 3])),
        ("rows that differ", fit("mse", &[8, 4], &[7, 3])),
        ("a misspelt input", on_batch(vec![named("sise", &size), named("age", &age)])),
        ("a missing input", on_batch(vec![named("age", &age)])),
        ("too few inputs", dictionaries().predict(&size).unwrap_err()),
        ("not compiled", dense().fit(zeros(&[8, 4]), zeros(&[8, 3]), Fit::new()).unwrap_err()),
    ]
}

fn shapes() -> Vec<(&'static str, Error)> {
    let (a, b) = (Input::new([3]).name("a").tensor(), Input::new([4]).name("b").tensor());
    let sum = &a + &b;
    let second = Model::new(&[a.clone(), b.clone()], &[&sum * 2.0]).unwrap_err();
    let applied = Dense::new(2).apply(&(&a - &b)).unwrap_err();
    let image = Input::new([8, 8]).tensor();
    let mut chain = Sequential::new().add(Input::new([4])).add(Dense::new(3)).name("chain").build().unwrap();
    let unconnected = Model::new(std::slice::from_ref(&a), &[Dense::new(1).apply(&b).unwrap()]).unwrap_err();
    vec![
        ("an operator whose shapes do not fit", second),
        ("a layer after such an operator", applied),
        ("a place that is not there", ops::get_item(&image, (.., 8)).unwrap_err()),
        ("an axis that is not there", ops::mean(&image, 3, false).unwrap_err()),
        (
            "elements that do not fill a shape",
            ops::reshape(&Input::with_batch_shape([2, 3]).tensor(), &[4, -1]).unwrap_err(),
        ),
        ("a product of matrices", ops::matmul(&image, &Input::new([7, 8]).tensor()).unwrap_err()),
        ("predict with too many features", chain.predict(zeros(&[2, 5])).unwrap_err()),
        ("an input that is not named", unconnected),
        ("an input twice", Model::new(&[a.clone(), a.clone()], &[a * 2.0]).unwrap_err()),
    ]
}

/// The text without the lines of source files.
fn stable(error: &Error) -> String {
    let line = |line: &str| match line.rsplit_once(".rs:") {
        Some((before, after)) => {
            format!("{before}.rs:N{}", after.trim_start_matches(|letter: char| letter.is_ascii_digit()))
        }
        None => line.to_owned(),
    };
    error.to_string().lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn errors_read_as_designed() {
    assert!(optimizers::OptimizerRef::by_name("adam").is_ok());
    let mut text = String::new();
    for (name, error) in [words(), outputs(), data(), shapes()].into_iter().flatten() {
        text += &format!("== {name}\n{}\n\n", stable(&error));
    }
    snapshot::check(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/functional/snapshots/errors.txt"),
        &text,
    );
}
