//! Against Keras' numbers.

use ceras_graph::{Function, Graph, GraphError, TensorType, Value, autodiff, compose, eval, ops};
use ceras_testkit::oracle::{Case, Group};
use serde_json::Value as Json;

use super::oracle::{Report, of};
use super::{ACTIVATIONS, ActivationRef};

/// The activation of a case with its arguments.
fn apply(case: &Case<'_>, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    let arguments = &case.meta["arguments"];
    let number = |name: &str, default: f64| arguments[name].as_f64().unwrap_or(default);
    let axis = arguments["axis"].as_i64().unwrap_or(-1);
    match case.meta["function"].as_str().unwrap() {
        "relu" => {
            let max_value = arguments["max_value"].as_f64();
            super::relu(g, x, number("negative_slope", 0.0), max_value, number("threshold", 0.0))
        }
        "leaky_relu" => super::leaky_relu(g, x, number("negative_slope", 0.2)),
        "elu" => super::elu(g, x, number("alpha", 1.0)),
        "celu" => super::celu(g, x, number("alpha", 1.0)),
        "gelu" => super::gelu(g, x, arguments["approximate"] == Json::Bool(true)),
        "glu" => super::glu(g, x, axis),
        "softmax" => super::softmax(g, x, axis),
        "log_softmax" => super::log_softmax(g, x, axis),
        "sparsemax" => super::sparsemax(g, x, axis),
        "soft_shrink" => super::soft_shrink(g, x, number("threshold", 0.5)),
        "hard_shrink" => super::hard_shrink(g, x, number("threshold", 0.5)),
        "squareplus" => super::squareplus(g, x, number("b", 4.0)),
        "threshold" => super::threshold(g, x, number("threshold", 0.0), number("default_value", 0.0)),
        name => {
            assert!(arguments.as_object().unwrap().is_empty(), "{name} takes no arguments");
            ActivationRef::by_name(name).unwrap().apply(g, x)
        }
    }
}

/// Where we say on purpose what Keras does not; see the notes of these functions.
fn differs(case: &str) -> bool {
    // Keras' slope of `celu` at 0 is 2, and its `sparsemax` does not sum to 1.
    matches!(case, "celu_kinks" | "celu_extreme" | "celu_alpha_0_5_extreme") || case.starts_with("sparsemax")
}

#[test]
fn values_and_gradients_are_keras() {
    let group = Group::load("activations");
    let mut report = Report::default();
    for case in group.cases() {
        let (x, cotangent) = (of(&case, "x"), of(&case, "cotangent"));
        let function = Function::trace(&[("x", x.ty()), ("cotangent", cotangent.ty())], |g, inputs| {
            let y = apply(&case, g, inputs[0])?;
            let gradients = autodiff::vjp(g, &[y], &[inputs[1]], &[inputs[0]]).unwrap();
            Ok(vec![y, gradients[0]])
        });
        let outputs = eval::interpret(function.unwrap().graph(), &[x, cotangent]).unwrap();
        if !differs(case.name) {
            report.compare(case.name, "y", &outputs[0], &of(&case, "y"));
            // Where one class has nearly all, its slope is the difference of two numbers of the cotangent's size.
            if case.name == "softmax_axis_1_extreme" {
                let pairs = outputs[1].to_f64().into_iter().zip(of(&case, "grad_x").to_f64());
                assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 2e-7), "{}", case.name);
            } else {
                report.compare(case.name, "grad_x", &outputs[1], &of(&case, "grad_x"));
            }
        }
    }
    report.finish();
}

#[test]
fn sparsemax_is_the_closest_point_of_the_simplex() {
    // Martins & Astudillo: subtract τ with Σ max(x − τ, 0) = 1.
    let x = ceras_graph::Tensor::new(&[2, 3], [1.0f64, 0.8, 0.1, -5.0, -5.0, -5.0]).unwrap();
    let y = ActivationRef::by_name("sparsemax").unwrap().eval(&x).unwrap();
    let wanted = [0.6, 0.4, 0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0];
    assert!(y.slice::<f64>().iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{y:?}");
}

#[test]
fn every_name_is_found_and_written_back() {
    for name in ACTIVATIONS.names() {
        let activation = ActivationRef::by_name(name).unwrap();
        assert_eq!(activation.to_json(), Json::from(name));
    }
    assert_eq!(ActivationRef::by_name("swish").unwrap().name(), "silu");
    let error = ActivationRef::by_name("sigmod").unwrap_err();
    assert!(error.to_string().contains("did you mean `sigmoid`?"), "{error}");
}

#[test]
fn integers_are_refused() {
    let integers = TensorType::new(ceras_graph::DType::I32, [2usize]);
    let traced = Function::trace(&[("x", integers)], |g, x| {
        let y = ActivationRef::by_name("relu").unwrap().apply(g, x[0])?;
        Ok(vec![y])
    });
    assert!(traced.unwrap_err().to_string().contains("floating-point"));
}

#[test]
fn logits_are_remembered_along_the_last_axis_alone() {
    let mut g = Graph::new();
    let x = g.input(TensorType::new(ceras_graph::DType::F32, [2usize, 3]), "x");
    let last = super::softmax(&mut g, x, -1).unwrap();
    let first = super::softmax(&mut g, x, 0).unwrap();
    let twice = ops::add(&mut g, last, last).unwrap();
    assert_eq!([g.logits(last), g.logits(first), g.logits(twice)], [Some(x), None, None]);
    let half = compose::multiply_scalar(&mut g, x, 0.5).unwrap();
    assert_eq!(g.logits(half), None);
}
