//! Functional models of Keras: operations, nesting, dictionaries; predictions, configs and summaries.

use super::*;
use crate::models::Summary;

fn group() -> Group {
    Group::load("functional")
}

fn inputs(case: &Case<'_>) -> Vec<Tensor> {
    case.list("x").into_iter().map(tensor).collect()
}

fn check_predictions(name: &str, model: &mut Model, case: &Case<'_>) {
    let inputs: Vec<Tensor> = inputs(case)
        .iter()
        .zip(model.architecture().unwrap().input_types())
        .map(|(x, ty)| x.cast(ty.dtype))
        .collect();
    let outputs = model.predict_all(inputs, 32).unwrap_or_else(|error| panic!("{name}: {error}"));
    let expected = case.list("y");
    assert_eq!(outputs.len(), expected.len(), "{name}");
    for (number, (output, expected)) in outputs.iter().zip(expected).enumerate() {
        let label = format!("{name}: output {number}");
        assert_eq!(output.dims(), expected.dims, "{label}");
        assert_eq!(output.dtype().is_float(), expected.kind.starts_with("<f"), "{label}");
        assert_close(&label, &output.to_f64(), &expected.f64s(), TOLERANCE);
    }
}

#[test]
fn functional_models_of_keras_load_predict_and_are_written_back() {
    let folder = temporary();
    for case in group().cases() {
        let mut model = load_model(path_of(&case)).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        check_predictions(case.name, &mut model, &case);
        let mut theirs = case.meta["config"].clone();
        theirs["compile_config"] = json!({});
        let (ours, theirs) = (comparable(model.config_json().unwrap()), comparable(theirs));
        let (ours, theirs) = (python_json::to_string(&ours), python_json::to_string(&theirs));
        assert!(ours == theirs, "{}:\n{ours}\n{theirs}", case.name);
        let path = folder.path().join("again.keras");
        model.save(&path).unwrap();
        check_predictions(case.name, &mut load_model(&path).unwrap(), &case);
    }
}

#[test]
fn summaries_of_functional_models_are_keras_summaries() {
    for case in group().cases() {
        let model = load_model(path_of(&case)).unwrap();
        for entry in case.meta["summaries"].as_array().unwrap() {
            let text = model.summary_with(&summary_options(&entry["options"])).unwrap();
            assert_eq!(text, entry["text"].as_str().unwrap(), "{} {}:\n{text}", case.name, entry["options"]);
        }
    }
}

/// The options of `summary` by Keras' names.
pub(super) fn summary_options(options: &Value) -> Summary {
    let flag = |name: &str| options.get(name).and_then(Value::as_bool).unwrap_or(false);
    let mut summary =
        Summary::new().expand_nested(flag("expand_nested")).show_trainable(flag("show_trainable"));
    if let Some(length) = options.get("line_length") {
        summary = summary.line_length(length.as_u64().unwrap() as usize);
    }
    if let Some(positions) = options.get("positions").and_then(Value::as_array) {
        let positions: Vec<f64> = positions.iter().map(|position| position.as_f64().unwrap()).collect();
        summary = summary.positions(&positions);
    }
    if let Some([first, last]) = options.get("layer_range").and_then(Value::as_array).map(Vec::as_slice) {
        summary = summary.layer_range(first.as_str().unwrap(), last.as_str().unwrap());
    }
    summary
}
