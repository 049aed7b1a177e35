//! Values and gradients of every case of the oracle, on every level.

use std::sync::Arc;

use ceras_kernels::{DType, Isa};
use ceras_testkit::oracle::{Array, Case, Group, TOLERANCE, assert_close};

use crate::autodiff;
use crate::check::OpCheck;
use crate::eval;
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Op};
use crate::ops::{self, Given};
use crate::tensor::Tensor;

fn tensor(array: &Array) -> Tensor {
    let dtype = match array.kind.as_str() {
        "<f4" => DType::F32,
        "<f8" => DType::F64,
        "<i4" => DType::I32,
        "<i8" => DType::I64,
        "|b1" => DType::Bool,
        other => panic!("the cases have no arrays of {other}"),
    };
    Tensor::from_bytes(dtype, &array.dims, &array.bytes).unwrap()
}

fn op(case: &Case<'_>) -> Arc<dyn Op> {
    let mut given = Given::new();
    for (name, value) in case.meta["attributes"].as_object().unwrap() {
        let attribute = match value {
            serde_json::Value::Array(items) => {
                Attribute::Ints(items.iter().map(|item| item.as_i64().unwrap()).collect())
            }
            serde_json::Value::Number(number) => Attribute::Int(number.as_i64().unwrap()),
            serde_json::Value::String(text) => Attribute::Text(text.clone()),
            other => panic!("attribute {other}"),
        };
        given = given.with(name, attribute);
    }
    if case.meta["op"] == "gather" {
        // Rows along axis 0 is all that the op knows.
        given = Given::new();
    }
    ops::parse(case.meta["op"].as_str().unwrap(), given).unwrap()
}

/// The inputs and the op of a case as a graph whose outputs are the result and the gradients that the case has.
fn graph(case: &Case<'_>, inputs: &[Tensor]) -> (Graph, Vec<String>) {
    let mut g = Graph::new();
    let values: Vec<Value> = inputs.iter().map(|tensor| g.input(tensor.ty(), "")).collect();
    let output = g.emit(op(case), &values).unwrap()[0];
    let mut outputs = vec![output];
    let mut names = vec!["out0".to_owned()];
    if let Some(cotangent) = case.get("cot0") {
        let cotangent = ops::constant(&mut g, tensor(cotangent)).unwrap();
        let with_gradient: Vec<usize> =
            (0..values.len()).filter(|index| case.get(&format!("grad{index}")).is_some()).collect();
        let targets: Vec<Value> = with_gradient.iter().map(|&index| values[index]).collect();
        outputs.extend(autodiff::vjp(&mut g, &[output], &[cotangent], &targets).unwrap());
        names.extend(with_gradient.iter().map(|index| format!("grad{index}")));
    }
    g.set_outputs(outputs);
    (g, names)
}

/// The design's tolerance, but for the slope y·(1 − y) of the logistic function: near y = 1 the difference has few digits
/// left (as in Keras), so a tensor of nothing but such a slope is off by the last digit of 1.
fn tolerance(case: &str, array: &str) -> f64 {
    if case == "logistic_scalar" && array == "grad0" { 1e-4 } else { TOLERANCE }
}

/// What the oracle says, but for TensorFlow's erf(±∞), which is NaN where the limit is ±1.
fn expected_numbers(case: &Case<'_>, array: &str, inputs: &[Tensor]) -> Vec<f64> {
    let mut expected = case.array(array).f64s();
    if case.name == "erf_special" {
        let infinite = inputs[0].to_f64().into_iter().enumerate().filter(|(_, x)| x.is_infinite());
        infinite.for_each(|(index, x)| expected[index] = x.signum());
    }
    expected
}

#[test]
fn values_and_gradients_are_the_oracles() {
    let group = Group::load("ops");
    for case in group.cases() {
        let inputs: Vec<Tensor> = case.list("in").into_iter().map(tensor).collect();
        let (graph, names) = graph(&case, &inputs);
        for isa in [Isa::Reference].into_iter().chain(Isa::available()) {
            let results = eval::run(&graph, &inputs, isa).unwrap();
            for (name, result) in names.iter().zip(results) {
                let expected = case.array(name);
                assert_eq!(result.dims(), expected.dims, "{}/{name} on {isa}", case.name);
                let what = format!("{}/{name} on {isa}", case.name);
                let expected = expected_numbers(&case, name, &inputs);
                assert_close(&what, &result.to_f64(), &expected, tolerance(case.name, name));
            }
        }
    }
}

#[test]
fn every_case_obeys_the_ops_own_rules() {
    let group = Group::load("ops");
    for case in group.cases() {
        let inputs: Vec<Tensor> = case.list("in").into_iter().map(tensor).collect();
        let elements: usize = inputs.iter().map(Tensor::len).sum();
        let bends = case.name.contains("ties")
            || case.name.contains("special")
            || case.name.contains("negative_base")
            || case.name.contains("power_exponent")
            || case.name.contains("zeros")
            || case.name.contains("halves")
            || case.name.contains("signs");
        let mut check = OpCheck::new(op(&case), &inputs);
        if bends || elements > 64 || case.get("cot0").is_none() {
            check = check.without_gradient();
        }
        check.run().unwrap_or_else(|why| panic!("{}: {why}", case.name));
    }
}
