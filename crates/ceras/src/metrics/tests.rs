//! Against Keras' numbers.

use ceras_graph::{DType, Function, Shape, Tensor, TensorType, eval};
use ceras_testkit::oracle::{Case, Group};

use super::{METRICS, MetricRef, resolve};
use crate::activations::oracle::{Report, of, same, tensor};
use crate::registry::Named;

/// One batch of a case: targets, predictions, weights.
fn batch(case: &Case<'_>, step: usize) -> (Tensor, Tensor, Option<Tensor>) {
    let array = |name: &str| case.get(&format!("{name}{step}")).map(tensor);
    let values = array("values");
    let y_pred = array("y_pred").or_else(|| values.clone()).unwrap();
    (array("y_true").or(values).unwrap(), y_pred, array("sample_weight"))
}

fn check(case: &Case<'_>, metric: &MetricRef, report: &mut Report) {
    let (_, first, _) = batch(case, 0);
    let described = metric.state(&first.ty());
    let mut state: Vec<Tensor> = described
        .iter()
        .map(|(_, ty, initial)| {
            let dims = ty.shape.to_known().unwrap();
            Tensor::new(&dims, vec![*initial; dims.iter().product()]).unwrap().cast(ty.dtype)
        })
        .collect();
    for step in 0..3 {
        let (y_true, y_pred, weight) = batch(case, step);
        let mut inputs = vec![y_true, y_pred];
        inputs.extend(weight.clone());
        inputs.extend(state);
        let types: Vec<(&str, TensorType)> = inputs.iter().map(|tensor| ("", tensor.ty())).collect();
        let weighted = usize::from(weight.is_some());
        let function = Function::trace(&types, |g, x| {
            metric.update(g, &x[2 + weighted..], x[0], x[1], weight.as_ref().map(|_| x[2]))
        });
        let function = match function {
            Ok(function) => function,
            Err(error) => return report.wrong(case.name, error),
        };
        state = eval::interpret(function.graph(), &inputs).unwrap();
        let result = Tensor::scalar(metric.result(&state) as f32);
        report.compare(case.name, &format!("result {step}"), &result, &of(case, &format!("result{step}")));
    }
    for (index, (name, _, _)) in described.iter().enumerate() {
        report.compare(case.name, name, &state[index], &of(case, &format!("state{index}")));
        let variable = &case.meta["variables"][index];
        assert_eq!(variable["name"], name.as_str(), "{}", case.name);
    }
    assert_eq!(case.meta["variables"].as_array().unwrap().len(), described.len(), "{}", case.name);
}

#[test]
fn states_and_results_are_keras() {
    let group = Group::load("metrics");
    let mut report = Report::default();
    for case in group.cases().filter(|case| !case.name.starts_with("compiled_")) {
        let class_name = case.meta["class_name"].as_str().unwrap();
        let envelope = serde_json::json!({"class_name": class_name, "config": case.meta["config"]});
        let metric = MetricRef::from_json(&envelope).unwrap();
        assert!(same(&metric.config().into(), &case.meta["config"]), "{}: {:?}", case.name, metric.config());
        check(&case, &metric, &mut report);
    }
    report.finish();
}

fn ty(case: &Case<'_>, name: &str) -> TensorType {
    let dims = case.meta[name].as_array().unwrap();
    let dims: Vec<Option<usize>> = dims.iter().map(|dim| dim.as_u64().map(|dim| dim as usize)).collect();
    TensorType { dtype: DType::F32, shape: Shape::from(dims) }
}

#[test]
fn words_stand_for_the_metrics_of_keras() {
    let group = Group::load("metrics");
    for case in group.cases().filter(|case| case.name.starts_with("compiled_")) {
        let word = case.meta["identifier"].as_str().unwrap();
        let found =
            resolve(&Named::from(word), &ty(&case, "y_true_shape"), &ty(&case, "y_pred_shape"), false);
        let Some(class_name) = case.meta["class_name"].as_str() else {
            // The words for losses alone are words for metrics here.
            assert!(found.is_err() || ["crossentropy", "ce"].contains(&word), "{word}");
            continue;
        };
        let metric = found.unwrap();
        assert_eq!(metric.class_name(), class_name, "{}", case.name);
        assert_eq!(metric.name(), case.meta["name"], "{}", case.name);
        assert!(same(&metric.config().into(), &case.meta["config"]), "{}: {:?}", case.name, metric.config());
    }
}

#[test]
fn every_name_is_found_and_read_back() {
    // Keras counts 45 with `MeanMetricWrapper`, which is what others are made of.
    assert_eq!(METRICS.names().len(), 44);
    for name in METRICS.names() {
        let metric = MetricRef::by_name(name).unwrap();
        let again = MetricRef::from_json(&metric.to_json()).unwrap();
        assert_eq!(again.to_json(), metric.to_json(), "{name}");
        assert_eq!(again.renamed("other").name(), "other");
    }
}

#[test]
fn accuracy_of_logits_compares_with_zero() {
    let types = [TensorType::new(DType::F32, [2usize, 1]), TensorType::new(DType::F32, [2usize, 1])];
    let y_true = Tensor::new(&[2, 1], [1.0f32, 0.0]).unwrap();
    let logits = Tensor::new(&[2, 1], [0.2f32, -0.2]).unwrap();
    let accuracy = |from_logits: bool| {
        let metric = resolve(&Named::from("accuracy"), &types[0], &types[1], from_logits).unwrap();
        assert_eq!(metric.name(), "accuracy");
        metric.eval(&y_true, &logits).unwrap()
    };
    assert_eq!([accuracy(false), accuracy(true)], [0.5, 1.0]);
}
