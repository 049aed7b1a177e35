//! What beginners do wrong, and what is said: `snapshots/mistakes.txt` holds the texts.
//!
//! With `CERAS_WRITE_SNAPSHOTS=1` the test writes them anew.

use std::path::Path;

use ceras::layers::{Embedding, LayerRef};
use ceras::optimizers::OptimizerRef;
use ceras::optimizers::schedules::ExponentialDecay;
use ceras::prelude::*;
use ceras::training::OnBatch;
use ceras_testkit::snapshot;

fn head(units: usize, activation: &str) -> Model {
    Sequential::new().add(Input::new([4])).add(Dense::new(units).activation(activation)).build().unwrap()
}

fn table(dims: &[usize], value: impl Fn(usize) -> f32) -> Tensor {
    let count: usize = dims.iter().product();
    Tensor::new(dims, (0..count).map(value).collect::<Vec<_>>()).unwrap()
}

/// Fitting a head with this activation on targets of this shape.
fn fit(units: usize, activation: &str, loss: &str, y: &Tensor) -> Result<History> {
    let mut model = head(units, activation);
    model.compile(Compile::new(loss).optimizer("adam"))?;
    model.fit(table(&[y.dims()[0], 4], |n| n as f32 / 8.0), y, quiet())
}

fn quiet() -> Fit {
    Fit::new().verbose(Verbose::Silent)
}

fn wrong<T>(outcome: Result<T>) -> String {
    match outcome {
        Ok(_) => "nothing is wrong\n".to_owned(),
        Err(error) => {
            let line = |line: &str| match line.rsplit_once(".rs:") {
                Some((before, _)) => format!("{before}.rs:N"),
                None => line.to_owned(),
            };
            error.to_string().lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
        }
    }
}

fn heads() -> Vec<(&'static str, String)> {
    let labels = |dims: &[usize]| table(dims, |n| (n % 3) as f32);
    let from_one = table(&[6], |n| (n % 3 + 1) as f32);
    let one_hot = table(&[6, 3], |n| f32::from(n % 4 == 0));
    let signs = table(&[6, 1], |n| if n % 2 == 0 { -1.0 } else { 1.0 });
    vec![
        ("labels from 1", wrong(fit(3, "softmax", "sparse_categorical_crossentropy", &from_one))),
        (
            "too few units for the labels",
            wrong(fit(2, "softmax", "sparse_categorical_crossentropy", &labels(&[6]))),
        ),
        (
            "softmax with one unit",
            wrong(fit(1, "softmax", "binary_crossentropy", &table(&[6, 1], |n| (n % 2) as f32))),
        ),
        (
            "one unit and labels of classes",
            wrong(fit(1, "sigmoid", "sparse_categorical_crossentropy", &labels(&[6]))),
        ),
        (
            "one-hot rows for a loss of labels",
            wrong(fit(3, "softmax", "sparse_categorical_crossentropy", &one_hot)),
        ),
        (
            "labels for a loss of one-hot rows",
            wrong(fit(3, "softmax", "categorical_crossentropy", &labels(&[6]))),
        ),
        (
            "labels for a loss of yes and no",
            wrong(fit(1, "sigmoid", "binary_crossentropy", &labels(&[6, 1]))),
        ),
        ("labels for several yes and no", wrong(fit(3, "sigmoid", "binary_crossentropy", &labels(&[6])))),
        (
            "minus one and one for a loss of yes and no",
            wrong(fit(1, "sigmoid", "binary_crossentropy", &signs)),
        ),
        (
            "categorical with one unit",
            wrong(fit(1, "sigmoid", "categorical_crossentropy", &table(&[6, 1], |n| (n % 2) as f32))),
        ),
        (
            "prices for labels",
            wrong(fit(3, "softmax", "sparse_categorical_crossentropy", &table(&[6], |n| n as f32 + 0.5))),
        ),
        ("one number for three units", wrong(fit(3, "linear", "mse", &table(&[6, 1], |n| n as f32)))),
        (
            "negative targets for poisson",
            wrong(fit(1, "exponential", "poisson", &table(&[6, 1], |n| n as f32 - 3.0))),
        ),
    ]
}

fn values() -> Vec<(&'static str, String)> {
    let y = table(&[6, 1], |n| n as f32);
    let run = |x: Tensor, y: &Tensor| {
        let mut model = head(1, "linear");
        model.compile(Compile::new("mse"))?;
        model.fit(x, y, quiet())
    };
    let nan = |place: usize| move |n: usize| if n == place { f32::NAN } else { n as f32 };
    let integers = Tensor::new(&[6, 4], (0..24).collect::<Vec<i32>>()).unwrap();
    let split = |share: f64| {
        let mut model = head(1, "linear");
        model.compile(Compile::new("mse"))?;
        model.fit(table(&[6, 4], |n| n as f32), &y, quiet().validation_split(share))
    };
    let validation = |x: &[usize], y: &[usize]| {
        let mut model = head(1, "linear");
        model.compile(Compile::new("mse"))?;
        let data = quiet().validation_data(table(x, |n| n as f32), table(y, |n| n as f32));
        model.fit(table(&[6, 4], |n| n as f32), table(&[6, 1], |n| n as f32), data)
    };
    let weighted = |classes: Vec<(usize, f64)>, y: &Tensor| {
        let mut model = head(1, "linear");
        model.compile(Compile::new("mse"))?;
        model.fit(table(&[6, 4], |n| n as f32), y, quiet().class_weight(classes))
    };
    vec![
        ("a missing value in x", wrong(run(table(&[6, 4], nan(9)), &y))),
        ("a missing value in y", wrong(run(table(&[6, 4], |n| n as f32), &table(&[6, 1], nan(2))))),
        ("a missing value in predict", wrong(head(1, "linear").predict(table(&[2, 4], nan(5))))),
        ("whole numbers as features", wrong(run(integers, &y))),
        ("one row without its batch axis", wrong(head(1, "linear").predict(table(&[4], |n| n as f32)))),
        ("pictures for rows", wrong(head(1, "linear").predict(table(&[2, 2, 2], |n| n as f32)))),
        ("no rows", wrong(run(table(&[0, 4], |n| n as f32), &table(&[0, 1], |n| n as f32)))),
        ("all rows for validation", wrong(split(1.0))),
        ("too few rows for validation", wrong(split(0.01))),
        ("validation data with other columns", wrong(validation(&[2, 3], &[2, 1]))),
        ("validation data with other targets", wrong(validation(&[2, 4], &[2, 2]))),
        ("validation data with weights of another shape", {
            let mut model = head(1, "linear");
            model.compile(Compile::new("mse")).unwrap();
            let (x, y) = (table(&[2, 4], |n| n as f32), table(&[2, 1], |n| n as f32));
            let data = quiet().weighted_validation_data(x, y, table(&[2, 3], |_| 1.0));
            wrong(model.fit(table(&[6, 4], |n| n as f32), table(&[6, 1], |n| n as f32), data))
        }),
        ("validation data with fewer targets", wrong(validation(&[2, 4], &[3, 1]))),
        ("class weights for numbers", wrong(weighted(vec![(0, 2.0)], &table(&[6, 1], |n| n as f32 / 4.0)))),
        ("numbers too large", {
            let mut model = head(1, "linear");
            model.compile(Compile::new("mse").optimizer(Sgd::new().learning_rate(10.0))).unwrap();
            wrong(model.fit(table(&[6, 4], |n| n as f32 * 1e6), &y, quiet().epochs(20)))
        }),
    ]
}

fn layers() -> Vec<(&'static str, String)> {
    let build =
        |shape: &[usize], layer: LayerRef| wrong(Sequential::new().add(Input::new(shape)).add(layer).build());
    let twice =
        Sequential::new().add(Input::new([2])).add(Dense::new(1).name("a")).add(Dense::new(1).name("a"));
    let slash = Sequential::new().add(Input::new([2])).add(Dense::new(1).name("a/b"));
    let middle = Sequential::new().add(Dense::new(1)).add(Input::new([2]));
    let pictures = Sequential::new().add(Input::new([4, 4])).add(Dense::new(3).activation("softmax"));
    let mut pictures = pictures.build().unwrap();
    pictures.compile(Compile::new("sparse_categorical_crossentropy")).unwrap();
    let words = Sequential::new().add(Input::new([2])).add(Embedding::new(5, 2)).add(Flatten::new()).build();
    vec![
        ("no units", build(&[2], Dense::new(0).into())),
        ("a class for an activation", build(&[2], Dense::new(1).activation("ReLU").into())),
        ("capitals in an activation", build(&[2], Dense::new(1).activation("Softmax").into())),
        ("a share above 1", build(&[2], Dropout::new(20.0).into())),
        ("a single number as input", build(&[], Dense::new(1).into())),
        ("two layers of one name", wrong(twice.build())),
        ("a slash in a name", wrong(slash.build())),
        ("an input after a layer", wrong(middle.build())),
        ("no layers", wrong(Sequential::new().build())),
        (
            "a forgotten Flatten",
            wrong(pictures.fit(table(&[6, 4, 4], |n| n as f32), table(&[6], |n| (n % 3) as f32), quiet())),
        ),
        (
            "words that are no numbers of words",
            wrong(words.unwrap().predict(table(&[1, 2], |n| n as f32 + 4.0))),
        ),
        ("a layer that is not there", wrong(head(1, "linear").get_layer("dens").map(|_| ()))),
        ("freezing a layer that is not there", wrong(head(1, "linear").set_trainable("dense1", false))),
        (
            "weights of another shape",
            wrong(head(1, "linear").set_weights(&[table(&[1, 4], |_| 0.0), table(&[1], |_| 0.0)])),
        ),
        ("too few weights", wrong(head(1, "linear").set_weights(&[table(&[4, 1], |_| 0.0)]))),
    ]
}

fn training() -> Vec<(&'static str, String)> {
    let compile =
        |optimizer: OptimizerRef| wrong(head(1, "linear").compile(Compile::new("mse").optimizer(optimizer)));
    let (x, y) = (table(&[6, 4], |n| n as f32), table(&[6, 1], |n| n as f32));
    let run = |fit: Fit| {
        let mut model = head(1, "linear");
        model.compile(Compile::new("mse")).unwrap();
        wrong(model.fit(&x, &y, fit.verbose(Verbose::Silent)))
    };
    let mut untrained = head(1, "linear");
    vec![
        ("a negative learning rate", compile(Sgd::new().learning_rate(-0.1).into())),
        ("a learning rate that is no number", compile(Sgd::new().learning_rate(f64::NAN).into())),
        ("a momentum above 1", compile(Sgd::new().momentum(1.5).into())),
        ("a beta of 1", compile(Adam::new().beta_1(1.0).into())),
        ("a negative limit of the gradients", compile(Adam::new().clipnorm(-1.0).into())),
        ("two limits of the gradients", compile(Adam::new().clipnorm(1.0).clipvalue(1.0).into())),
        (
            "a schedule of no steps",
            compile(Sgd::new().learning_rate(ExponentialDecay::new(0.1, 0, 0.5)).into()),
        ),
        ("batches of no rows", run(Fit::new().batch_size(0))),
        ("no epochs", run(Fit::new().epochs(0))),
        ("measured after no epochs", run(Fit::new().validation_freq(0))),
        ("evaluate without compile", wrong(untrained.evaluate(&x, &y, Evaluate::new()))),
        ("a batch without compile", wrong(untrained.train_on_batch(&x, &y, OnBatch::new()))),
        ("a loss weight too many", wrong(untrained.compile(Compile::new("mse").loss_weights([1.0, 2.0])))),
        (
            "a loss weight that is no number",
            wrong(untrained.compile(Compile::new("mse").loss_weights([f64::NAN]))),
        ),
        ("a metric that needs more", wrong(untrained.compile(Compile::new("mse").metrics(["mean_io_u"])))),
        (
            "an optimizer that needs more",
            wrong(untrained.compile(Compile::new("mse").optimizer("LossScaleOptimizer"))),
        ),
    ]
}

#[test]
fn mistakes_are_answered_in_words() {
    let mut text = String::new();
    for (name, said) in [heads(), values(), layers(), training()].into_iter().flatten() {
        text += &format!("== {name}\n{said}\n");
    }
    snapshot::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/words/snapshots/mistakes.txt"), &text);
}
