//! `ceras diff`.

use ceras::prelude::*;

use crate::support::*;

fn model(units: usize, activation: &str) -> Model {
    Sequential::new()
        .add(Input::new([2]))
        .add(Dense::new(units).activation(activation).name("head"))
        .build()
        .unwrap()
}

#[test]
fn the_exit_code_is_that_of_diff() {
    let folder = folder();
    let path = folder.path();
    model(1, "relu").save(path.join("a.keras")).unwrap();
    model(1, "tanh").save(path.join("b.keras")).unwrap();
    let code = |a: &str, b: &str| ceras(path, &["diff", a, b]).status.code();
    assert_eq!(code("a.keras", "a.keras"), Some(0));
    assert_eq!(code("a.keras", "b.keras"), Some(1));
    assert_eq!(code("a.keras", "none.keras"), Some(2));
    write(path, "text.keras", "hello");
    assert_eq!(code("text.keras", "a.keras"), Some(2));
    assert_eq!(code("a.keras", "--nope"), Some(2));
    let output = ceras(path, &["diff", "--quiet", "a.keras", "b.keras"]);
    assert!(output.stdout.is_empty() && output.status.code() == Some(1));
}

#[test]
fn every_part_that_differs_is_named() {
    let folder = folder();
    let path = folder.path();
    let x = Tensor::new(&[4, 2], [0.0f32, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0]).unwrap();
    let y = Tensor::new(&[4, 1], [1.0f32, 1.0, 0.0, 0.0]).unwrap();
    let mut a = model(1, "relu");
    a.compile(Compile::new("mse").optimizer(Adam::new())).unwrap();
    a.save(path.join("a.keras")).unwrap();
    let mut b = model(1, "tanh");
    b.compile(Compile::new("mae").optimizer(Adam::new())).unwrap();
    b.fit(&x, &y, Fit::new().verbose(Verbose::Silent)).unwrap();
    let mut weights = b.get_weights();
    weights[1] = Tensor::new(&[1], [0.5f32]).unwrap();
    b.set_weights(&weights).unwrap();
    b.save(path.join("b.keras")).unwrap();
    let text = stdout(&ceras(path, &["diff", "a.keras", "b.keras"]));
    let expected = [
        "Config\n  layers.head.activation: \"relu\" | \"tanh\"\n",
        "Weights\n  head/kernel: max|Δ| = 0.00",
        "Optimizer\n  steps done: 0 | 1\n  momentum of head/kernel: max|Δ| = ",
        "Compile\n  loss: `mean_squared_error` (MeanSquaredError) | `mean_absolute_error` (MeanAbsoluteError)\n",
        "Extras\n  step: 0 | 1\n",
    ];
    says(&text, &expected);
}

#[test]
fn layers_and_shapes_that_do_not_match_are_named() {
    let folder = folder();
    let path = folder.path();
    model(1, "relu").save(path.join("a.keras")).unwrap();
    model(3, "relu").save(path.join("b.keras")).unwrap();
    let deeper = Sequential::new().add(Input::new([2])).add(Dense::new(1).activation("relu").name("head"));
    deeper.add(Dense::new(1).name("more")).build().unwrap().save(path.join("c.keras")).unwrap();
    let text = stdout(&ceras(path, &["diff", "a.keras", "b.keras"]));
    says(&text, &["layers.head.units: 1 | 3", "head/kernel: float32 [2, 1] | float32 [2, 3]"]);
    let text = stdout(&ceras(path, &["diff", "a.keras", "c.keras"]));
    says(
        &text,
        &[
            "layers.more: `more` (Dense), only in the second",
            "more/kernel: only in the second, float32 [1, 1]",
        ],
    );
}
