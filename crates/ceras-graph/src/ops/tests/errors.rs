//! What is said when operands break a rule: the exact words.

use ceras_kernels::DType;

use crate::compose;
use crate::error::GraphError;
use crate::graph::{Graph, Value};
use crate::ops;
use crate::types::{Shape, TensorType};

/// The rule that is broken when `build` runs on inputs `a`, `b`, … of these types.
fn rule(
    types: &[(DType, &[usize])],
    build: impl FnOnce(&mut Graph, &[Value]) -> Result<Value, GraphError>,
) -> String {
    let mut g = Graph::new();
    let names = ["a", "b", "c"];
    let values: Vec<Value> = types
        .iter()
        .zip(names)
        .map(|((dtype, dims), name)| g.input(TensorType::new(*dtype, *dims), name))
        .collect();
    build(&mut g, &values).expect_err("a rule is broken").rule
}

const F: DType = DType::F32;
const I: DType = DType::I32;
const B: DType = DType::Bool;

#[test]
fn elementwise() {
    assert_eq!(rule(&[(B, &[2])], |g, v| ops::tanh(g, v[0])), "`a` cannot be bool");
    assert_eq!(
        rule(&[(F, &[2]), (I, &[2])], |g, v| ops::add(g, v[0], v[1])),
        "`a` and `b` must have one type; they are float32 and int32"
    );
    assert_eq!(
        rule(&[(F, &[2, 3]), (F, &[3])], |g, v| ops::add(g, v[0], v[1])),
        "`a` and `b` must have one shape; they have [2, 3] and [3]"
    );
    assert_eq!(
        rule(&[(F, &[2, 3]), (F, &[4])], |g, v| compose::add(g, v[0], v[1])),
        "`a` and `b` do not broadcast to one shape; they have [2, 3] and [4]"
    );
    assert_eq!(
        rule(&[(F, &[2]), (F, &[2]), (F, &[2])], |g, v| ops::select(g, v[0], v[1], v[2])),
        "`a` must be bool; it is float32"
    );
}

#[test]
fn shapes() {
    assert_eq!(
        rule(&[(F, &[2, 3])], |g, v| ops::reshape(g, v[0], [4usize])),
        "`a` has 6 elements, which do not fill shape [4]"
    );
    assert_eq!(
        rule(&[(F, &[2, 3])], |g, v| ops::transpose(g, v[0], &[0, 0])),
        "axis 0 of `a` is named twice"
    );
    assert_eq!(rule(&[(F, &[2, 3])], |g, v| ops::reverse(g, v[0], &[2])), "`a` has no axis 2; its rank is 2");
    assert_eq!(
        rule(&[(F, &[2, 3]), (F, &[2, 4])], |g, v| ops::concatenate(g, v, 0)),
        "`a` and `b` may differ along the first axis only; they have [2, 3] and [2, 4]"
    );
    assert_eq!(
        rule(&[(F, &[3])], |g, v| ops::broadcast_in_dim(g, v[0], Shape::known(&[2, 4]), &[1])),
        "the only axis of `a` must be 1 or that of [2, 4] to repeat; the shape is [3]"
    );
    assert_eq!(
        rule(&[(F, &[3])], |g, v| ops::slice(g, v[0], &[1], &[5], &[1])),
        "the only axis of `a` has no elements 1..5 in steps of 1; the shape is [3]"
    );
}

#[test]
fn products_and_rows() {
    assert_eq!(
        rule(&[(F, &[8, 15]), (F, &[16, 32])], |g, v| compose::dense(g, v[0], v[1])),
        "the last axis of `a` must be 16, the first axis of `b`; it is 15"
    );
    assert_eq!(
        rule(&[(F, &[2, 3]), (F, &[2])], |g, v| ops::gather(g, v[0], v[1])),
        "`b` must be integers; they are float32"
    );
    assert_eq!(
        rule(&[(F, &[2, 0])], |g, v| ops::arg_max(g, v[0], 1)),
        "the last axis of `a` is empty, so nothing there is largest"
    );
}

#[test]
fn a_whole_error() {
    let mut g = Graph::new();
    let x = g.input(TensorType::new(F, [Some(8), None]), "inputs");
    let y = compose::relu(&mut g, x).unwrap();
    let kernel = g.input(TensorType::new(F, [16, 32]), "kernel");
    g.set_origin(kernel, "loaded from `iris.keras`");
    g.enter("model");
    g.enter("dense_1");
    let error = ops::add(&mut g, y, kernel).unwrap_err();
    let text = error.to_string().replace(file!(), "FILE");
    let lines: Vec<&str> = text.lines().map(|line| line.split("FILE").next().unwrap_or(line)).collect();
    assert_eq!(
        lines,
        [
            "`add`: `operand 0` and `kernel` must have one shape; they have [8, ?] and [16, 32]",
            "  operand 0   float32 [8, ?]     result of `select`   (",
            "  kernel      float32 [16, 32]   loaded from `iris.keras`",
            "  in `model/dense_1`",
            "  at ",
        ]
    );
}
