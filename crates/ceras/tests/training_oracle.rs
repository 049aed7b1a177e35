//! Training against real Keras: ten-step trajectories, and whole histories of `fit`.

use std::sync::atomic::{AtomicUsize, Ordering};

use ceras::layers::{LAYERS, LayerRef};
use ceras::losses::LossRef;
use ceras::metrics::MetricRef;
use ceras::optimizers::OptimizerRef;
use ceras::prelude::Input;
use ceras::registry::Named;
use ceras::{Compile, DType, Evaluate, Fit, Model, Sequential, Tensor, Verbose};
use ceras_testkit::oracle::{Array, Case, Group, TOLERANCE, assert_close};
use serde_json::Value as Json;

fn tensor(array: &Array) -> Tensor {
    let dtype = match array.kind.as_str() {
        "<i4" => DType::I32,
        "<i8" => DType::I64,
        "|u1" => DType::U8,
        _ => DType::F32,
    };
    Tensor::new(&array.dims, array.f64s()).unwrap().cast(dtype)
}

fn model(case: &Case<'_>) -> Model {
    let mut model = ceras::saving::model_from_config(&case.meta["model"]).unwrap();
    let initial: Vec<Tensor> = case.list("initial").into_iter().map(tensor).collect();
    model.set_weights(&initial).unwrap();
    model
}

fn compile(case: &Case<'_>) -> Compile {
    let optimizer = OptimizerRef::from_json(&case.meta["optimizer"]).unwrap();
    // Keras' config of Huber forgets its delta; the case remembers it.
    let mut loss = case.meta["loss"].clone();
    if let Some(delta) = case.meta["loss_arguments"].get("delta") {
        loss["config"]["delta"] = delta.clone();
    }
    let loss = LossRef::from_json(&loss).unwrap();
    let metrics = |key: &str| -> Vec<Named<MetricRef>> {
        let names = case.meta[key].as_array().cloned().unwrap_or_default();
        names.iter().map(|name| name.as_str().unwrap().into()).collect()
    };
    Compile::new(loss)
        .optimizer(optimizer)
        .metrics(metrics("metrics"))
        .weighted_metrics(metrics("weighted_metrics"))
}

fn check_weights(case: &Case<'_>, model: &Model, tolerance: f64) {
    for (index, weight) in model.get_weights().iter().enumerate() {
        let expected = case.array(&format!("final{index}"));
        let what = format!("{}: final weight {}", case.name, model.variables()[index].full_name());
        assert_close(&what, &weight.to_f64(), &expected.f64s(), tolerance);
    }
}

#[test]
fn ten_steps_are_keras() {
    let group = Group::load("trajectories");
    for case in group.cases() {
        let mut model = model(&case);
        model.compile(compile(&case)).unwrap();
        let (x, y) = (tensor(case.array("x")), tensor(case.array("y")));
        let batch_size = case.meta["batch_size"].as_u64().unwrap() as usize;
        let losses: Vec<f64> = (0..10)
            .map(|step| {
                let rows = step * batch_size..(step + 1) * batch_size;
                let (x, y) = (x.rows(rows.start, rows.end).unwrap(), y.rows(rows.start, rows.end).unwrap());
                let fit = Fit::new().batch_size(batch_size).shuffle(false).verbose(Verbose::Silent);
                model.fit(&x, &y, fit).unwrap().last().unwrap().get("loss").unwrap()
            })
            .collect();
        assert_close(&format!("{}: losses", case.name), &losses, &case.array("losses").f64s(), TOLERANCE);
        check_weights(&case, &model, TOLERANCE);
        let predictions = model.predict(x.rows(0, batch_size).unwrap()).unwrap();
        let expected = case.array("predictions");
        assert_eq!(predictions.dims(), expected.dims);
        assert_close(
            &format!("{}: predictions", case.name),
            &predictions.to_f64(),
            &expected.f64s(),
            TOLERANCE,
        );
    }
}

fn fit_arguments(case: &Case<'_>) -> Fit {
    let arguments = &case.meta["fit"];
    let number = |key: &str| arguments.get(key).and_then(Json::as_u64).map(|number| number as usize);
    let mut fit = Fit::new().shuffle(false).verbose(Verbose::Silent).epochs(number("epochs").unwrap_or(1));
    if let Some(size) = number("batch_size") {
        fit = fit.batch_size(size);
    }
    if let Some(epoch) = number("initial_epoch") {
        fit = fit.initial_epoch(epoch);
    }
    if let Some(freq) = number("validation_freq") {
        fit = fit.validation_freq(freq);
    }
    if let Some(size) = number("validation_batch_size") {
        fit = fit.validation_batch_size(size);
    }
    if let Some(split) = arguments.get("validation_split").and_then(Json::as_f64) {
        fit = fit.validation_split(split);
    }
    if let Some(weights) = arguments.get("class_weight").and_then(Json::as_object) {
        let weights: Vec<(usize, f64)> = weights
            .iter()
            .map(|(class, weight)| (class.parse().unwrap(), weight.as_f64().unwrap()))
            .collect();
        fit = fit.class_weight(weights);
    }
    if let Some(weight) = case.get("sample_weight") {
        fit = fit.sample_weight(tensor(weight));
    }
    match (case.get("val_x"), case.get("val_y"), case.get("val_sample_weight")) {
        (Some(x), Some(y), Some(weight)) => {
            fit.weighted_validation_data(tensor(x), tensor(y), tensor(weight))
        }
        (Some(x), Some(y), None) => fit.validation_data(tensor(x), tensor(y)),
        _ => fit,
    }
}

#[test]
fn histories_of_fit_are_keras() {
    let group = Group::load("fits");
    for case in group.cases() {
        let mut model = model(&case);
        model.compile(compile(&case)).unwrap();
        let (x, y) = (tensor(case.array("x")), tensor(case.array("y")));
        let history =
            model.fit(&x, &y, fit_arguments(&case)).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let expected = case.meta["history"].as_object().unwrap();
        assert_eq!(history.keys(), expected.keys().map(String::as_str).collect::<Vec<_>>(), "{}", case.name);
        for (key, values) in expected {
            let values: Vec<f64> =
                values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
            let actual: Vec<f64> = history.get(key).into_iter().filter(|value| !value.is_nan()).collect();
            assert_close(&format!("{}: {key}", case.name), &actual, &values, TOLERANCE);
        }
        check_weights(&case, &model, TOLERANCE);
        let batch_size = case.meta["fit"].get("batch_size").and_then(Json::as_u64).unwrap_or(32) as usize;
        let evaluated = model.evaluate(&x, &y, Evaluate::new().batch_size(batch_size)).unwrap();
        for (key, value) in case.meta["evaluate"].as_object().unwrap() {
            let actual =
                evaluated.get(key).unwrap_or_else(|| panic!("{}: evaluate says nothing of {key}", case.name));
            assert_close(
                &format!("{}: evaluate {key}", case.name),
                &[actual],
                &[value.as_f64().unwrap()],
                TOLERANCE,
            );
        }
        let predictions = model.predict(&x).unwrap();
        assert_close(
            &format!("{}: predictions", case.name),
            &predictions.to_f64(),
            &case.array("predictions").f64s(),
            TOLERANCE,
        );
    }
}

/// What all cases of a loss family start from.
struct Start {
    x: Tensor,
    y: Tensor,
    weights: Vec<Tensor>,
}

/// The net of a case of `every_trajectory` or `trajectory_options`.
fn small_net(case: &Case<'_>) -> Model {
    let dense = |units: usize, activation: &Json| {
        let mut config = serde_json::json!({"units": units, "activation": activation});
        if let Some(regularizer) = case.meta.get("regularizer") {
            config["kernel_regularizer"] = regularizer.clone();
        }
        for (key, value) in case.meta.get("layers").and_then(Json::as_object).into_iter().flatten() {
            config[key] = value.clone();
        }
        let words = serde_json::json!({"class_name": "Dense", "config": config});
        LayerRef(LAYERS.from_json(&words).unwrap())
    };
    let layers = [dense(3, &"tanh".into()), dense(2, &case.meta["activation"])];
    layers.into_iter().fold(Sequential::new().add(Input::new([4])), Sequential::add).build().unwrap()
}

/// How far from Keras losses and final weights may be, in units of [`TOLERANCE`].
///
/// Ftrl works weights out of its sums anew, as if they began at 0, and its first steps have kernels close to 0: angles between
/// their columns, and their norms, amplify rounding. Keras in single precision then differs from itself in double precision.
fn allowed(optimizer: &str, case: &Case<'_>, number: usize) -> f64 {
    if optimizer != "Ftrl" {
        return 1.0;
    }
    let places = [&case.meta["regularizer"], &case.meta["layers"]["activity_regularizer"]];
    if places.iter().any(|own| own["class_name"] == "OrthogonalRegularizer") {
        return 5.0;
    }
    let own = &case.meta["float64"][number];
    let rounding = own[0].as_f64().unwrap_or(0.0).max(own[1].as_f64().unwrap_or(0.0));
    if rounding > 0.5 { 2.0 * rounding } else { 1.0 }
}

/// All optimizers with the loss and the regularizer of a case; what is wrong.
fn trajectories(case: &Case<'_>, optimizers: &[Json], start: &Start) -> Vec<String> {
    let mut model = small_net(case);
    let (losses, finals) = (case.array("losses").f64s(), case.array("finals").f64s());
    let width = finals.len() / optimizers.len();
    let mut wrong = Vec::new();
    for (number, words) in optimizers.iter().enumerate() {
        let optimizer = OptimizerRef::from_json(words).unwrap();
        let allowed = allowed(optimizer.class_name(), case, number) * TOLERANCE;
        let loss = LossRef::from_json(&case.meta["loss"]).unwrap();
        model.compile(Compile::new(loss).optimizer(optimizer)).unwrap();
        model.set_weights(&start.weights).unwrap();
        let step = |step: usize| {
            let (first, last) = (6 * step, 6 * step + 6);
            let (x, y) = (start.x.rows(first, last).unwrap(), start.y.rows(first, last).unwrap());
            let fit = Fit::new().batch_size(6).shuffle(false).verbose(Verbose::Silent);
            model.fit(&x, &y, fit).unwrap().last().unwrap().get("loss").unwrap()
        };
        let ours: Vec<f64> = (0..10).map(step).collect();
        let weights: Vec<f64> = model.get_weights().iter().flat_map(Tensor::to_f64).collect();
        for (what, ours, keras) in [
            ("losses", &ours, &losses[10 * number..10 * number + 10]),
            ("weights", &weights, &finals[width * number..width * (number + 1)]),
        ] {
            let size = keras.iter().fold(1e-3f64, |size, value| size.max(value.abs()));
            let errors = || ours.iter().zip(keras).map(|(a, b)| (a - b).abs());
            if !errors().all(|error| error <= allowed * size) {
                let class_name = words["class_name"].as_str().unwrap();
                wrong.push(format!(
                    "{} {class_name} {what}: {:.2} of what is allowed",
                    case.name,
                    errors().fold(0.0f64, f64::max) / (allowed * size)
                ));
            }
        }
    }
    wrong
}

/// All cases of a group, on two threads; `start` names the case that a case shares its data with, `optimizers` gives what it is
/// trained with.
fn all_go_the_way_of_keras<'a>(
    group: &'a Group,
    start: impl Fn(&Case<'_>) -> String + Sync,
    optimizers: impl Fn(&Case<'a>) -> Vec<Json> + Sync,
) {
    let cases: Vec<Case<'_>> = group.cases().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let first = group.case(&start(case));
            let weights = first.list("initial").into_iter().map(tensor).collect();
            let start = Start { x: tensor(first.array("x")), y: tensor(first.array("y")), weights };
            wrong.extend(trajectories(case, &optimizers(case), &start));
        }
        wrong
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The whole product of 15 optimizers, 7 loss families and 5 regularizers.
#[test]
fn every_optimizer_loss_and_regularizer_goes_the_way_of_keras() {
    let group = Group::load("every_trajectory");
    let optimizers = group.cases().next().unwrap().meta["optimizers"].as_array().unwrap().clone();
    assert_eq!((group.cases().count(), optimizers.len()), (7 * 5, 15));
    let start = |case: &Case<'_>| format!("{}_plain", case.meta["family"].as_str().unwrap());
    all_go_the_way_of_keras(&group, start, |_| optimizers.clone());
}

/// All optimizers with 4 activity regularizers, 7 constraints and 10 learning-rate schedules, with two loss families.
#[test]
fn activity_regularizers_constraints_and_schedules_go_the_way_of_keras() {
    let group = Group::load("trajectory_options");
    assert_eq!(group.cases().count(), 2 * (4 + 7 + 10));
    let start = |case: &Case<'_>| format!("{}_activity_l1", case.meta["family"].as_str().unwrap());
    all_go_the_way_of_keras(&group, start, |case| {
        let optimizers = case.meta["optimizers"].as_array().unwrap();
        assert_eq!(optimizers.len(), 15);
        optimizers.clone()
    });
}
