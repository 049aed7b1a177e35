use ceras_kernels::DType;

use super::parse;
use crate::graph::Graph;
use crate::ops;
use crate::tensor::Tensor;
use crate::types::{Shape, TensorType};

#[test]
fn numbers_come_back_bit_for_bit() {
    let mut g = Graph::new();
    let floats =
        [0.1f32, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::from_bits(0xffc0_0001), 1e-45, 3e38];
    let doubles = [0.1f64, f64::NAN, f64::MIN_POSITIVE, -1e300];
    let mut outputs = vec![
        ops::constant(&mut g, Tensor::from_slice(&floats)).unwrap(),
        ops::constant(&mut g, Tensor::from_slice(&doubles)).unwrap(),
        ops::constant(&mut g, Tensor::from_slice(&[u64::MAX, 0])).unwrap(),
        ops::constant(&mut g, Tensor::from_bools(&[2], &[true, false]).unwrap()).unwrap(),
        ops::constant(&mut g, Tensor::zeros(DType::I32, &[0, 3]).unwrap()).unwrap(),
    ];
    outputs.push(g.input(TensorType::new(DType::U8, Shape::from([None, Some(3)])), "an \"odd\"\\ name\n"));
    g.set_origin(outputs[5], "loaded from `iris.keras`");
    g.set_outputs(outputs);
    let back = parse(&g.to_string()).unwrap();
    assert_eq!(g, back);
    for (a, b) in g.nodes().iter().zip(back.nodes()) {
        assert_eq!(a.op.attributes(), b.op.attributes());
    }
}

#[test]
fn a_wrong_text_is_refused_with_its_line() {
    let wrong = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(wrong(""), "line 1: expected `graph`, found the end");
    assert_eq!(
        wrong("graph {\n%0: float32 [2] = tanh(%1)\nreturn }"),
        "line 2: %1 is used before it is made"
    );
    assert_eq!(wrong("graph {\n%0: float [2] = input\nreturn }"), "line 2: `float` is not an element type");
    assert_eq!(
        wrong("graph {\n%0: int32 [2] = input\n%0: int32 [2] = input\nreturn }"),
        "line 3: %0 is made twice"
    );
    assert_eq!(
        wrong("graph {\n%0: float32 [2] = input\n%1: float32 [3] = tanh(%0)\nreturn }"),
        "line 3: %1 is float32 [2], not float32 [3]"
    );
    assert_eq!(wrong("graph {\n%0: float32 [2] = shuffle()\nreturn }"), "line 2: there is no op `shuffle`");
    assert_eq!(
        wrong("graph {\n%0: float32 [2] = iota() {dtype = float32, shape = shape [2]}\nreturn }"),
        "line 2: `iota`: the attribute `iota_dimension` is missing"
    );
    assert!(wrong(&"graph {%0: bool [] = cond() {then = ".repeat(100)).contains("nested"));
}
