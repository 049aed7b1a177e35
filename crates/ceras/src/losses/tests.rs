//! Against Keras' numbers, and the words about targets that do not fit.

use ceras_graph::{DType, Function, Graph, Shape, Tensor, TensorType, Value, autodiff, compose, eval};
use ceras_testkit::oracle::{Case, Group};
use serde_json::Value as Json;

use super::{LOSSES, LossRef, Reduction, compute};
use crate::activations::ActivationRef;
use crate::activations::oracle::{Report, of, same, tensor};
use crate::registry::{Config, to_config};

/// The loss of a case, with the arguments that Keras' config forgets.
fn loss(case: &Case<'_>) -> LossRef {
    let mut config: Config = case.meta["config"].as_object().unwrap().clone();
    let class_name = case.meta["class_name"].as_str().unwrap();
    for (name, value) in case.meta["arguments"].as_object().unwrap() {
        // Keras keeps the axis of the sparse one out of its config; there is no other than the last.
        if !(class_name == "SparseCategoricalCrossentropy" && name == "axis") {
            config.insert(name.clone(), value.clone());
        }
    }
    LossRef::from_json(&serde_json::json!({"class_name": class_name, "config": config})).unwrap()
}

/// The value of a case, its gradient, and their Keras counterparts.
fn run(case: &Case<'_>) -> Result<[(Tensor, Tensor); 2], String> {
    let loss = loss(case);
    let activation = case.meta["activation"].as_str().map(|name| ActivationRef::by_name(name).unwrap());
    let input = if activation.is_some() { "logits" } else { "y_pred" };
    let mut named = vec![(input, of(case, input)), ("y_true", of(case, "y_true"))];
    for name in ["sample_weight", "mask", "cotangent"] {
        named.extend(case.get(name).map(|array| (name, tensor(array))));
    }
    let types: Vec<(&str, TensorType)> = named.iter().map(|(name, tensor)| (*name, tensor.ty())).collect();
    let find =
        |x: &[Value], wanted: &str| types.iter().position(|(name, _)| *name == wanted).map(|index| x[index]);
    let function = Function::trace(&types, |g, x| {
        let y_pred = match &activation {
            Some(activation) => activation.apply(g, x[0])?,
            None => x[0],
        };
        let value = compute(g, &*loss, x[1], y_pred, find(x, "sample_weight"), find(x, "mask"))?;
        let cotangent = match find(x, "cotangent") {
            Some(cotangent) => cotangent,
            None => compose::scalar(g, 1.0, DType::F32)?,
        };
        let gradient = autodiff::vjp(g, &[value], &[cotangent], &[x[0]]).expect("a gradient");
        Ok(vec![value, gradient[0]])
    });
    let function = function.map_err(|error| error.to_string())?;
    let tensors: Vec<Tensor> = named.into_iter().map(|(_, tensor)| tensor).collect();
    let outputs = eval::interpret(function.graph(), &tensors).map_err(|error| error.to_string())?;
    let [value, gradient]: [Tensor; 2] = outputs.try_into().unwrap();
    Ok([(value, of(case, "value")), (gradient, of(case, &format!("grad_{input}")))])
}

/// Where we say on purpose what Keras does not.
fn differs(case: &str) -> bool {
    // A softmax's logits are not taken for a sigmoid's, nor the other way round.
    case == "binary_crossentropy_softmax" || case == "categorical_crossentropy_sigmoid"
        // Keras loses the logits where a class is left out, and with them the gradient of what it clips.
        || case == "sparse_categorical_crossentropy_softmax_ignore_1"
}

#[test]
fn values_and_gradients_are_keras() {
    let mut report = Report::default();
    for group in ["losses", "ctc"] {
        for case in Group::load(group).cases().filter(|case| !differs(case.name)) {
            match run(&case) {
                Ok([(value, keras), (gradient, keras_gradient)]) => {
                    report.compare(case.name, "value", &value, &keras);
                    report.compare(case.name, "gradient", &gradient, &keras_gradient);
                }
                Err(error) => report.wrong(case.name, error),
            }
        }
    }
    report.finish();
}

#[test]
fn configs_are_keras() {
    let group = Group::load("losses");
    for case in group.cases() {
        let envelope =
            serde_json::json!({"class_name": case.meta["class_name"], "config": case.meta["config"]});
        let loss = LossRef::from_json(&envelope).unwrap();
        assert!(same(&loss.config().into(), &case.meta["config"]), "{}: {:?}", case.name, loss.config());
        let keys = |config: &Config| config.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&loss.config()), keys(case.meta["config"].as_object().unwrap()), "{}", case.name);
    }
}

#[test]
fn every_name_is_found() {
    for (name, class_name) in [
        ("mse", "MeanSquaredError"),
        ("MSE", "MeanSquaredError"),
        ("kld", "KLDivergence"),
        ("BCE", "BinaryCrossentropy"),
    ] {
        assert_eq!(LossRef::by_name(name).unwrap().class_name(), class_name);
    }
    // And the word `crossentropy`.
    assert_eq!(LOSSES.names().len(), 22 + 1);
    let error = LossRef::by_name("sparse_categorical_crossentrpy").unwrap_err();
    assert!(error.to_string().contains("did you mean `sparse_categorical_crossentropy`?"), "{error}");
}

#[test]
fn reductions_are_read_as_keras_writes_them() {
    let read = |word: Json| serde_json::from_value::<Reduction>(word);
    assert_eq!(read("sum_over_batch_size".into()).unwrap(), Reduction::SumOverBatchSize);
    assert_eq!(read(Json::Null).unwrap(), Reduction::None);
    assert!(
        read("mean_over_time".into()).unwrap_err().to_string().contains("there are: sum_over_batch_size")
    );
    let loss = super::MeanSquaredError::new().reduction(Reduction::MeanWithSampleWeight);
    assert_eq!(to_config(&loss)["reduction"], "mean_with_sample_weight");
}

#[test]
fn nothing_is_repeated_to_fit() {
    let y_true = Tensor::new(&[4, 1], [0.0f32; 4]).unwrap();
    let y_pred = Tensor::new(&[4, 3], [0.0f32; 12]).unwrap();
    for name in ["mse", "mae", "huber", "binary_crossentropy", "poisson", "hinge"] {
        let error = LossRef::by_name(name).unwrap().eval(&y_true, &y_pred).unwrap_err().to_string();
        assert!(
            error.contains("targets of shape [4, 1] do not fit predictions of shape [4, 3]"),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_sigmoid_at_zero_pulls_by_half() {
    let mut g = Graph::new();
    let logits = g.input(TensorType::new(DType::F32, [1usize, 2]), "logits");
    let y_true = g.input(TensorType::new(DType::F32, [1usize, 2]), "y_true");
    let p = ActivationRef::by_name("sigmoid").unwrap().apply(&mut g, logits).unwrap();
    let loss = LossRef::by_name("bce").unwrap();
    let value = compute(&mut g, &*loss, y_true, p, None, None).unwrap();
    let gradient = autodiff::gradients(&mut g, value, &[logits]).unwrap();
    g.set_outputs(gradient);
    let inputs = [Tensor::new(&[1, 2], [0.0f32, 0.0]).unwrap(), Tensor::new(&[1, 2], [1.0f32, 0.0]).unwrap()];
    assert_eq!(eval::interpret(&g, &inputs).unwrap()[0].slice::<f32>(), [-0.25, 0.25]);
}

/// The words about targets that do not fit an output.
fn complaint(loss: &str, y: Tensor, output: &[Option<usize>]) -> String {
    let output = TensorType { dtype: DType::F32, shape: Shape::from(output.to_vec()) };
    LossRef::by_name(loss)
        .unwrap()
        .check_targets(&y, &output)
        .expect_err("targets that do not fit")
        .to_string()
}

fn fits(loss: &str, y: Tensor, output: &[Option<usize>]) {
    let output = TensorType { dtype: DType::F32, shape: Shape::from(output.to_vec()) };
    LossRef::by_name(loss).unwrap().check_targets(&y, &output).unwrap();
}

#[test]
fn labels_that_do_not_fit_are_told_in_words() {
    let sparse = "sparse_categorical_crossentropy";
    let three = [None, Some(3)];
    let one_based = complaint(sparse, Tensor::from_slice(&[1i32, 2, 3]), &three);
    assert_eq!(
        one_based,
        "the labels do not fit the output\n  the output has 3 units, so labels run from 0 to 2; these run from 1 to 3\n\n\
         hint: labels count from 0: subtract 1 from them, or give the output 4 units"
    );
    assert!(complaint(sparse, Tensor::from_slice(&[0i32, 7]), &three).contains("give the output 8 units"));
    assert!(complaint(sparse, Tensor::from_slice(&[-1i64, 2]), &three).contains("ignore_class"));
    assert!(
        complaint(sparse, Tensor::from_slice(&[0i32, 1]), &[None, Some(1)]).contains("`binary_crossentropy`")
    );
    let half = complaint(sparse, Tensor::from_slice(&[0.0f32, 0.5]), &three);
    assert!(half.contains("row 1 holds 0.5") && half.contains("whole numbers"), "{half}");
    let rows = Tensor::new(&[2, 3], [0.0f32, 1.0, 0.0, 1.0, 0.0, 0.0]).unwrap();
    assert!(complaint(sparse, rows, &three).contains("use `categorical_crossentropy`"));
    let image = [None, Some(62), Some(62), Some(10)];
    assert!(complaint(sparse, Tensor::from_slice(&[0i32, 1]), &image).contains("add `Flatten`"));
    fits(sparse, Tensor::from_slice(&[0i32, 1, 2]), &three);
    fits(sparse, Tensor::new(&[3, 1], [0.0f32, 1.0, 2.0]).unwrap(), &three);
}

#[test]
fn classes_that_do_not_fit_are_told_in_words() {
    let (categorical, three) = ("categorical_crossentropy", [None, Some(3)]);
    let labels = complaint(categorical, Tensor::from_slice(&[0i32, 2]), &three);
    assert!(labels.contains("use `sparse_categorical_crossentropy`"), "{labels}");
    let four = Tensor::new(&[1, 4], [0.0f32, 1.0, 0.0, 0.0]).unwrap();
    let wide = complaint(categorical, four, &three);
    assert!(wide.contains("the output has 3 units, each target has 4 classes"), "{wide}");
    let negative = Tensor::new(&[1, 3], [0.0f32, -1.0, 0.0]).unwrap();
    assert!(complaint(categorical, negative, &three).contains("lie between 0 and 1"));
    fits(categorical, Tensor::from_bools(&[1, 3], &[true, false, false]).unwrap(), &three);
}

#[test]
fn numbers_that_do_not_fit_are_told_in_words() {
    let one = [None, Some(1)];
    fits("mse", Tensor::from_slice(&[1.0f32, 2.0]), &one);
    fits("bce", Tensor::from_bools(&[2], &[true, false]).unwrap(), &one);
    let missing = complaint("mse", Tensor::from_slice(&[1.0f32, f32::NAN]), &one);
    assert!(missing.contains("row 1 holds NaN"), "{missing}");
    let two = complaint("mse", Tensor::new(&[2, 2], [0.0f32; 4]).unwrap(), &one);
    assert!(two.contains("the output needs 2 units"), "{two}");
    assert!(complaint("mse", Tensor::from_slice(&[0.0f32]), &[None, Some(3)]).contains("1 unit"));
    assert!(complaint("bce", Tensor::from_slice(&[1i32, 2]), &one).contains("subtract 1"));
    assert!(complaint("bce", Tensor::from_slice(&[-1i32, 1]), &one).contains("`hinge`"));
}

#[test]
fn sequences_that_do_not_fit_are_told_in_words() {
    let (three_steps, rows) = ([None, Some(3), Some(4)], |rows: &[i32]| Tensor::new(&[1, rows.len()], rows));
    let refuse = |labels: &[i32]| complaint("ctc", rows(labels).unwrap(), &three_steps);
    assert!(refuse(&[1, 1, 2]).contains("row 0 needs 4 steps for its labels; the output has 3"));
    assert!(refuse(&[1, 0, 2]).contains("a label after a 0"));
    assert!(refuse(&[4, 0, 0]).contains("row 0 holds 4; labels are whole numbers from 1 to 3"));
    assert!(complaint("ctc", Tensor::from_slice(&[1i32]), &three_steps).contains("labels [batch, length]"));
    fits("ctc", rows(&[1, 2, 3]).unwrap(), &three_steps);
    let logits = Tensor::new(&[1, 3, 4], [0.0f32; 12]).unwrap();
    let impossible = LossRef::by_name("ctc").unwrap().eval(&rows(&[1, 1, 2]).unwrap(), &logits).unwrap();
    assert_eq!(impossible, f64::INFINITY);
}

#[test]
fn words_and_functions_are_found() {
    let function = serde_json::json!({"module": "builtins", "class_name": "function", "config": "huber",
        "registered_name": "function"});
    assert_eq!(LossRef::from_json(&function).unwrap().class_name(), "Huber");
    let unknown = serde_json::json!({"class_name": "function", "config": "hubert"});
    assert!(LossRef::from_json(&unknown).unwrap_err().to_string().contains("did you mean `huber`?"));
    let loss = LossRef::by_name("ce").unwrap();
    assert_eq!(loss.to_json(), "crossentropy");
    // As Keras chooses: by the shapes of targets and predictions.
    let types = |dims: &[usize]| TensorType::new(DType::F32, dims);
    for (y_true, y_pred, class_name) in [
        (&[6][..], &[6, 1][..], "BinaryCrossentropy"),
        (&[6, 1], &[6, 1], "BinaryCrossentropy"),
        (&[6], &[6, 3], "SparseCategoricalCrossentropy"),
        (&[6, 1], &[6, 3], "SparseCategoricalCrossentropy"),
        (&[6, 4], &[6, 4, 3], "SparseCategoricalCrossentropy"),
        (&[6, 3], &[6, 3], "CategoricalCrossentropy"),
        (&[6, 4, 3], &[6, 4, 3], "CategoricalCrossentropy"),
    ] {
        let chosen = loss.for_types(&types(y_true), &types(y_pred)).unwrap();
        assert_eq!(chosen.class_name(), class_name, "{y_true:?} {y_pred:?}");
    }
    fits("ce", Tensor::from_slice(&[0i32, 2]), &[None, Some(3)]);
    assert!(
        complaint("ce", Tensor::from_slice(&[0i32, 3]), &[None, Some(3)]).contains("labels run from 0 to 2")
    );
}
