//! Names are found as in Keras, in every spelling that Keras takes and in no other but a few of our own.

use ceras::activations::ActivationRef;
use ceras::constraints::ConstraintRef;
use ceras::error::Result;
use ceras::initializers::InitializerRef;
use ceras::losses::LossRef;
use ceras::metrics::MetricRef;
use ceras::optimizers::OptimizerRef;
use ceras::prelude::*;
use ceras::regularizers::RegularizerRef;
use ceras_testkit::oracle::Group;

/// The class of a name; for a function of Keras', any.
fn found(kind: &str, name: &str) -> Result<String> {
    Ok(match kind {
        "optimizer" => OptimizerRef::by_name(name)?.class_name(),
        "loss" => LossRef::by_name(name)?.class_name(),
        "metric" => MetricRef::by_name(name)?.class_name(),
        "activation" => ActivationRef::by_name(name)?.class_name(),
        "initializer" => InitializerRef::by_name(name)?.class_name(),
        "regularizer" => RegularizerRef::by_name(name)?.class_name(),
        "constraint" => ConstraintRef::by_name(name)?.class_name(),
        _ => panic!("no kind {kind}"),
    }
    .to_owned())
}

/// Names that Keras does not know and that are taken here nevertheless, since it has them elsewhere or had them once.
const OURS: [&str; 1] = ["logcosh"];

#[test]
fn names_are_those_of_keras() {
    let mut wrong = Vec::new();
    for case in Group::load("names").cases() {
        let kind = case.name;
        for pair in case.meta["names"].as_array().unwrap() {
            let name = pair[0].as_str().unwrap();
            match (pair[1].as_str(), found(kind, name)) {
                (Some(class), Ok(ours)) if class.chars().any(char::is_uppercase) && class != ours => {
                    wrong.push(format!("{kind} {name}: {ours}, in Keras {class}"));
                }
                (Some(_), Err(error)) => wrong.push(format!("{kind} {name}: {}", error.message())),
                (None, Ok(ours)) if !OURS.contains(&name) => {
                    wrong.push(format!("{kind} {name}: {ours}, unknown in Keras"));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn suggestions_are_words_that_can_be_typed() {
    let hint = |compile: Compile| {
        let mut model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build().unwrap();
        model.compile(compile).unwrap_err().hint_text().unwrap_or_default().to_owned()
    };
    let mse = || Compile::new("mse");
    for (compile, expected) in [
        (mse().metrics(["acuracy"]), "accuracy"),
        (mse().metrics(["Acuracy"]), "Accuracy"),
        (mse().metrics(["crosentropy"]), "crossentropy"),
        (mse().metrics(["Mse"]), "mse"),
        (mse().metrics(["presicion"]), "precision"),
        (mse().optimizer("adm"), "adam"),
        (mse().optimizer("adam_w"), "adamw"),
        (Compile::new("MeanSquareError"), "MeanSquaredError"),
        (Compile::new("mean_square_error"), "mean_squared_error"),
    ] {
        assert_eq!(hint(compile), format!("did you mean `{expected}`?"));
    }
    for optimizer in ["Adam", "adam", "ADAM", "rmsprop", "RMSprop", "Sgd"] {
        OptimizerRef::by_name(optimizer).unwrap();
    }
}
