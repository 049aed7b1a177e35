//! Sample weights, masks, class weights and outputs without a loss: losses, metrics and weights as in Keras.

use ceras::layers::Masking;
use ceras::losses::LossRef;
use ceras::metrics::MetricRef;
use ceras::optimizers::OptimizerRef;
use ceras::prelude::*;
use ceras::registry::Named;
use ceras::training::{ClassWeight, Inputs, Logs, OnBatch, OutputLoss};
use ceras_testkit::oracle::{Array, Case, Group, TOLERANCE, assert_close};
use serde_json::Value as Json;

fn tensor(array: &Array) -> Tensor {
    let dtype = if array.kind == "<i4" { DType::I32 } else { DType::F32 };
    Tensor::new(&array.dims, array.f64s()).unwrap().cast(dtype)
}

fn tensors(case: &Case<'_>, name: &str) -> Vec<Tensor> {
    case.list(name).into_iter().map(tensor).collect()
}

fn loss(words: &Json) -> OutputLoss {
    match words {
        Json::Null => None::<&str>.into(),
        Json::String(name) => name.as_str().into(),
        words => LossRef::from_json(words).unwrap().into(),
    }
}

fn names(list: &Json) -> Vec<Named<MetricRef>> {
    list.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().into()).collect()
}

/// What Keras' `compile` was given; a name that a dictionary leaves out stands for no loss.
fn compile(case: &Case<'_>) -> Compile {
    let given = &case.meta["compile"];
    let mut compile = match &given["loss"] {
        Json::Array(list) => Compile::new("mse").losses(list.iter().map(loss)),
        Json::Object(map) if !map.contains_key("class_name") => Compile::new("mse").losses_by_output(
            ["a", "b"].map(|name| (name, map.get(name).map_or_else(|| None::<&str>.into(), loss))),
        ),
        one => Compile::new("mse").losses([loss(one)]),
    };
    if let Json::Array(weights) = &given["loss_weights"] {
        compile =
            compile.loss_weights(weights.iter().map(|weight| weight.as_f64().unwrap()).collect::<Vec<_>>());
    }
    for weighted in [false, true] {
        let key = if weighted { "weighted_metrics" } else { "metrics" };
        compile = match (&given[key], weighted) {
            (Json::Array(list), false) if list[0].is_array() => {
                compile.metrics_per_output(list.iter().map(names))
            }
            (Json::Array(list), true) if list[0].is_array() => {
                compile.weighted_metrics_per_output(list.iter().map(names))
            }
            (Json::Object(map), false) => {
                compile.metrics_by_output(map.iter().map(|(name, list)| (name.as_str(), names(list))))
            }
            (Json::Object(map), true) => compile
                .weighted_metrics_by_output(map.iter().map(|(name, list)| (name.as_str(), names(list)))),
            (list, false) => compile.metrics(names(list)),
            (list, true) => compile.weighted_metrics(names(list)),
        };
    }
    compile.optimizer(OptimizerRef::from_json(&case.meta["optimizer"]).unwrap())
}

/// The sample weights, cut to the first rows.
fn weights(case: &Case<'_>, rows: usize) -> Option<Inputs> {
    let cut = |tensor: Tensor| tensor.rows(0, rows).unwrap();
    let weights: Vec<Tensor> = tensors(case, "weight").into_iter().map(cut).collect();
    match &case.meta["sample_weight"] {
        Json::Null => None,
        Json::Array(names) => {
            let named = names.iter().map(|name| name.as_str().unwrap().to_owned()).zip(weights);
            Some(named.collect::<Vec<_>>().into())
        }
        _ => Some(weights.into()),
    }
}

fn class_weight(case: &Case<'_>) -> ClassWeight {
    let weights = case.meta["class_weight"].as_object().into_iter().flatten();
    weights.map(|(class, weight)| (class.parse().unwrap(), weight.as_f64().unwrap())).collect()
}

fn check(case: &Case<'_>, what: &str, keys: Vec<&str>, numbers: impl Fn(&str) -> Vec<f64>) {
    let expected = case.meta[what].as_array().unwrap();
    let expected_keys: Vec<&str> = expected.iter().map(|entry| entry[0].as_str().unwrap()).collect();
    assert_eq!(keys, expected_keys, "{} {what}", case.name);
    for entry in expected {
        let key = entry[0].as_str().unwrap();
        let values: Vec<f64> = match &entry[1] {
            Json::Array(values) => values.iter().map(|value| value.as_f64().unwrap()).collect(),
            one => vec![one.as_f64().unwrap()],
        };
        assert_close(&format!("{} {what} {key}", case.name), &numbers(key), &values, TOLERANCE);
    }
}

fn check_logs(case: &Case<'_>, what: &str, logs: &Logs) {
    let keys = logs.iter().map(|(key, _)| key).collect();
    check(case, what, keys, |key| logs.get(key).into_iter().collect());
}

#[test]
fn weights_masks_and_classes_count_as_in_keras() {
    for case in Group::load("weighting").cases() {
        let mut model = ceras::saving::model_from_config(&case.meta["model"]).unwrap();
        model.set_weights(&tensors(&case, "initial")).unwrap();
        model.compile(compile(&case)).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let (x, y) = (tensor(case.array("x")), tensors(&case, "target"));
        let size = case.meta["batch_size"].as_u64().unwrap() as usize;
        let mut fit = Fit::new().epochs(2).batch_size(size).shuffle(false).verbose(Verbose::Silent);
        let mut evaluate = Evaluate::new().batch_size(size);
        let mut batch = OnBatch::new();
        if let Some(weights) = weights(&case, x.dims()[0]) {
            fit = fit.sample_weight(weights.clone());
            evaluate = evaluate.sample_weight(weights);
        }
        let history = model
            .fit(&x, y.clone(), fit.class_weight(class_weight(&case)))
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        check(&case, "history", history.keys(), |key| history.get(key));
        check_logs(&case, "evaluate", &model.evaluate(&x, y.clone(), evaluate).unwrap());
        for (index, weight) in model.get_weights().iter().enumerate() {
            let what = format!("{} final weight {index}", case.name);
            assert_close(&what, &weight.to_f64(), &case.array(&format!("final{index}")).f64s(), TOLERANCE);
        }
        let x = x.rows(0, size).unwrap();
        let y: Vec<Tensor> = y.iter().map(|y| y.rows(0, size).unwrap()).collect();
        if let Some(weights) = weights(&case, size) {
            batch = batch.sample_weight(weights);
        }
        model.reset_metrics().unwrap();
        check_logs(&case, "test", &model.test_on_batch(&x, y.clone(), batch.clone()).unwrap());
        model.reset_metrics().unwrap();
        let batch = batch.class_weight(class_weight(&case));
        check_logs(&case, "train", &model.train_on_batch(&x, y, batch).unwrap());
    }
}

fn heads() -> Model {
    let x = Input::new([2]).tensor();
    let hidden = Dense::new(3).activation("tanh").apply(&x).unwrap();
    let a = Dense::new(1).name("a").apply(&hidden).unwrap();
    let b = Dense::new(3).activation("softmax").name("b").apply(&hidden).unwrap();
    Model::new(&[x], &[a, b]).unwrap()
}

fn table(dims: &[usize]) -> Tensor {
    let count: usize = dims.iter().product();
    Tensor::new(dims, (0..count).map(|n| (n % 3) as f32).collect::<Vec<_>>()).unwrap()
}

#[test]
fn targets_of_an_output_without_a_loss_may_be_left_out() {
    let (x, a, b) = (table(&[6, 2]), table(&[6, 1]), table(&[6]));
    let fit = || Fit::new().epochs(2).verbose(Verbose::Silent);
    let run = |y: Inputs| {
        let mut model = heads();
        model.compile(Compile::new("mse").losses([None, Some("sparse_categorical_crossentropy")])).unwrap();
        (model.fit(&x, y, fit()).unwrap(), model.get_weights())
    };
    let whole = run([&a, &b].into());
    assert_eq!(run((&b).into()), whole);
    assert_eq!(run([("b", &b)].into()), whole);
    assert_eq!(whole.0.keys(), ["loss"]);
    // Where the output is measured, its targets are needed.
    let mut model = heads();
    let losses = [("a", None), ("b", Some("sparse_categorical_crossentropy"))];
    model
        .compile(Compile::new("mse").losses_by_output(losses).metrics_by_output([("a", vec!["mae"])]))
        .unwrap();
    let error = model.fit(&x, [("b", &b)], fit()).unwrap_err().to_string();
    assert!(error.starts_with("`y` has no `a`"), "{error}");
    model.fit(&x, [("b", &b), ("a", &a)], fit()).unwrap();
    let error = model.compile(Compile::new("mse").losses([None::<&str>, None])).unwrap_err().to_string();
    assert_eq!(error, "no output has a loss\n\nhint: give one output a loss at least");
}

#[test]
fn a_loss_of_none_survives_a_file() {
    let mut model = heads();
    model.compile(Compile::new("mse").losses_by_output([("a", Some("mse")), ("b", None)])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heads.keras");
    model.save(&path).unwrap();
    let again = ceras::saving::load_model(&path).unwrap();
    let losses: Vec<bool> = again.compiled().unwrap().losses.iter().map(Option::is_some).collect();
    assert_eq!(losses, [true, false]);
}

#[test]
fn weights_that_do_not_fit_are_told() {
    let (x, y) = (table(&[6, 2]), [&table(&[6, 1]), &table(&[6])]);
    let error = |weight: Inputs| {
        let mut model = heads();
        model.compile(Compile::new("mse").losses(["mse", "sparse_categorical_crossentropy"])).unwrap();
        model.fit(&x, y, Fit::new().sample_weight(weight).verbose(Verbose::Silent)).unwrap_err().to_string()
    };
    let ones = |dims: &[usize]| Tensor::new(dims, vec![1.0f32; dims.iter().product()]).unwrap();
    let (six, five) = (ones(&[6]), ones(&[5]));
    assert!(error((&five).into()).starts_with("`sample_weight` has shape [5]; the data has 6 rows"));
    assert!(
        error([&six, &six, &six].into())
            .starts_with("`sample_weight` holds 3 tensors, and there are 2 targets")
    );
    let unknown = error([("c", &six)].into());
    assert!(unknown.starts_with("`sample_weight` names `c`, which is no output of the model"), "{unknown}");
    let wide = error(ones(&[6, 4]).into());
    assert!(wide.contains("sample_weight"), "{wide}");
}

#[test]
fn classes_of_steps_have_their_weights() {
    let mut model =
        Sequential::new().add(Input::new([2, 1])).add(Dense::new(2).activation("softmax")).build().unwrap();
    model.compile(Compile::new("sparse_categorical_crossentropy").optimizer("sgd")).unwrap();
    let (x, y) = (table(&[1, 2, 1]), Tensor::new(&[1, 2], [0, 1]).unwrap());
    let mut loss = |batch: OnBatch| {
        model.reset_metrics().unwrap();
        model.test_on_batch(&x, &y, batch).unwrap().get("loss").unwrap()
    };
    let weight = Tensor::new(&[1, 2], [2.0f32, 0.5]).unwrap();
    let by_hand = loss(OnBatch::new().sample_weight(&weight));
    assert_eq!(loss(OnBatch::new().class_weight([(0, 2.0), (1, 0.5)])), by_hand);
    let both =
        OnBatch::new().sample_weight(Tensor::from_slice(&[4.0f32])).class_weight([(0, 0.5), (1, 0.125)]);
    assert_eq!(loss(both), by_hand);
}

/// What a mask leaves out counts in no metric, also in those where Keras counts it.
#[test]
fn masked_steps_count_in_no_metric() {
    let stack = Sequential::new().add(Input::new([2, 1])).add(Masking::new());
    let head = Dense::new(1).activation("sigmoid").kernel_initializer("ones");
    let mut model = stack.add(head).build().unwrap();
    model
        .compile(Compile::new("binary_crossentropy").metrics(["auc", "precision", "recall", "accuracy"]))
        .unwrap();
    let x = Tensor::new(&[2, 2, 1], [2.0f32, 0.0, -2.0, 0.0]).unwrap();
    // The masked steps, with a prediction of 0.5, are wrong whatever the threshold.
    let y = Tensor::new(&[2, 2, 1], [1.0f32, 0.0, 0.0, 1.0]).unwrap();
    let logs = model.evaluate(&x, &y, Evaluate::new()).unwrap();
    for key in ["auc", "precision", "recall", "accuracy"] {
        assert!((logs.get(key).unwrap() - 1.0).abs() < 1e-6, "{key}: {:?}", logs.get(key));
    }
}
