//! The convolutional networks of the Carpentries lesson: their parameters and the shapes of their layers.

use ceras::layers::{Conv2D, MaxPooling2D};
use ceras::prelude::*;

/// Convolutions of 50 kernels of 3×3, each but the last ones followed by pooling; then a hidden layer of 50 and ten classes.
fn network(convolutions: usize, poolings: usize, hidden: bool, dropout: bool) -> Model {
    let mut stack = Sequential::new().add(Input::new([64, 64, 3]));
    for index in 0..convolutions {
        stack = stack.add(Conv2D::new(50, [3, 3]).activation("relu"));
        if index < poolings {
            stack = stack.add(MaxPooling2D::new([2, 2]));
        }
    }
    if dropout {
        stack = stack.add(Dropout::new(0.8));
    }
    stack = stack.add(Flatten::new());
    if hidden {
        stack = stack.add(Dense::new(50).activation("relu"));
    }
    stack.add(Dense::new(10)).build().unwrap()
}

/// The shapes and the numbers of parameters of all layers, in order, as the summary has them.
fn check(model: &Model, layers: &[(&str, &str)], total: usize) {
    let summary = model.summary();
    let rows: Vec<Vec<&str>> = summary
        .lines()
        .filter(|line| line.contains("(None"))
        .map(|line| line.split('│').map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    let found: Vec<(&str, &str)> = rows.iter().map(|row| (row[1], row[2])).collect();
    assert_eq!(found, layers, "{summary}");
    assert_eq!(model.count_params(), total);
}

#[test]
fn small() {
    let layers = [
        ("(None, 62, 62, 50)", "1,400"),
        ("(None, 60, 60, 50)", "22,550"),
        ("(None, 180000)", "0"),
        ("(None, 10)", "1,800,010"),
    ];
    check(&network(2, 0, false, false), &layers, 1_823_960);
}

#[test]
fn pooled() {
    let layers = [
        ("(None, 62, 62, 50)", "1,400"),
        ("(None, 31, 31, 50)", "0"),
        ("(None, 29, 29, 50)", "22,550"),
        ("(None, 14, 14, 50)", "0"),
        ("(None, 9800)", "0"),
        ("(None, 50)", "490,050"),
        ("(None, 10)", "510"),
    ];
    check(&network(2, 2, true, false), &layers, 514_510);
}

#[test]
fn deeper_with_and_without_dropout() {
    let mut layers = vec![
        ("(None, 62, 62, 50)", "1,400"),
        ("(None, 31, 31, 50)", "0"),
        ("(None, 29, 29, 50)", "22,550"),
        ("(None, 14, 14, 50)", "0"),
        ("(None, 12, 12, 50)", "22,550"),
        ("(None, 6, 6, 50)", "0"),
        ("(None, 1800)", "0"),
        ("(None, 50)", "90,050"),
        ("(None, 10)", "510"),
    ];
    check(&network(3, 3, true, false), &layers, 137_060);
    layers.insert(6, ("(None, 6, 6, 50)", "0"));
    check(&network(3, 3, true, true), &layers, 137_060);
}

#[test]
fn of_the_dropout_loop() {
    let layers = [
        ("(None, 62, 62, 50)", "1,400"),
        ("(None, 31, 31, 50)", "0"),
        ("(None, 29, 29, 50)", "22,550"),
        ("(None, 14, 14, 50)", "0"),
        ("(None, 12, 12, 50)", "22,550"),
        ("(None, 12, 12, 50)", "0"),
        ("(None, 7200)", "0"),
        ("(None, 50)", "360,050"),
        ("(None, 10)", "510"),
    ];
    check(&network(3, 2, true, true), &layers, 407_060);
}
