//! Summaries of many shapes of models in many forms, character for character Keras'.

use ceras::models::Summary;
use ceras::prelude::*;
use ceras_testkit::oracle::{Case, Group};
use serde_json::Value as Json;

fn summary(options: &Json) -> Summary {
    let flag = |key: &str| options[key].as_bool().unwrap_or(false);
    let mut summary =
        Summary::new().expand_nested(flag("expand_nested")).show_trainable(flag("show_trainable"));
    if let Some(length) = options["line_length"].as_u64() {
        summary = summary.line_length(length as usize);
    }
    if let Some(positions) = options["positions"].as_array() {
        let positions: Vec<f64> = positions.iter().map(|position| position.as_f64().unwrap()).collect();
        summary = summary.positions(&positions);
    }
    if let Some(range) = options["layer_range"].as_array() {
        summary = summary.layer_range(range[0].as_str().unwrap(), range[1].as_str().unwrap());
    }
    summary
}

fn model(group: &Group, case: &Case<'_>) -> Model {
    let first = group.case(case.meta["of"].as_str().unwrap());
    let mut model = ceras::saving::model_from_config(&first.meta["model"]).unwrap();
    for layer in case.meta["frozen"].as_array().unwrap() {
        model.set_trainable(layer.as_str().unwrap(), false).unwrap();
    }
    if case.meta["compiled"] == true {
        model.compile(Compile::new("mse").optimizer("adam")).unwrap();
        model.set_learning_rate(0.001).unwrap();
    }
    model
}

#[test]
fn summaries_are_those_of_keras() {
    let group = Group::load("summary_shapes");
    let mut wrong = String::new();
    for case in group.cases() {
        let ours = model(&group, &case).summary_with(&summary(&case.meta["options"]));
        match (ours, case.meta.get("text").and_then(Json::as_str)) {
            (Ok(ours), Some(text)) if ours == text => {}
            (Err(_), None) => {}
            (ours, text) => {
                let ours = ours.unwrap_or_else(|error| error.to_string());
                wrong += &format!("{}: ours\n{ours}Keras'\n{}", case.name, text.unwrap_or("an error\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn ranges_that_cannot_be_are_told() {
    let model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build().unwrap();
    let error = |first: &str| model.summary_with(&Summary::new().layer_range(first, "dense")).unwrap_err();
    assert_eq!(
        error("dnse").to_string(),
        "`layer_range` names `dnse`, and no layer's name begins so\n\nhint: did you mean `dense`?"
    );
    assert!(
        error("(dense")
            .to_string()
            .starts_with("`layer_range` names `(dense`, which is no regular expression")
    );
}
