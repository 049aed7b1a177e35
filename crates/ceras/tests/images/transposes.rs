//! Layers with the channels first compute with the channels last; between two of them nothing is moved.

use ceras::graph::{Shape, TensorType, Value, autodiff, passes};
use ceras::layers::context::Trace;
use ceras::layers::{
    AveragePooling2D, BuildCx, CallCx, Conv2D, DataFormat, DepthwiseConv2D, LayerRef, MaxPooling2D, Padding,
    SeparableConv2D, Traced,
};
use ceras::prelude::*;

/// How many transpositions of pictures there are, forward and in both directions, once the graph is optimised.
fn transposes(layers: &[LayerRef]) -> (usize, usize) {
    let shape = TensorType::new(DType::F32, [2, 3, 16, 16]);
    let mut trace = Trace::default();
    let input = trace.graph.input(shape.clone(), "x");
    let mut x = Traced::from(input);
    for (index, layer) in layers.iter().enumerate() {
        let name = format!("layer_{index}");
        let ty = trace.graph.ty(x.value).clone();
        let mut specs = Vec::new();
        BuildCx::new("", &mut specs).child(&name, &**layer, &[ty]).unwrap();
        trace.declare(&specs, None);
        x = CallCx::new(&mut trace, true).child(&name, &**layer, &[x]).unwrap()[0];
    }
    let count = |trace: &Trace, outputs: Vec<Value>| {
        let mut graph = trace.graph.clone();
        graph.set_outputs(outputs);
        let graph = passes::optimize(&graph);
        let is_picture = |shape: &Shape| shape.rank() == 4 && shape.dim(0) == Some(2);
        let moved = |node: &&ceras::graph::Node| {
            node.op.name() == "transpose" && is_picture(&graph.ty(node.inputs[0]).shape)
        };
        graph.nodes().iter().filter(moved).count()
    };
    let forward = count(&trace, vec![x.value]);
    let ty = trace.graph.ty(x.value).clone();
    let cotangent = trace.graph.input(ty, "cotangent");
    let mut wanted = vec![input];
    wanted.extend(trace.weights.values().map(|weight| weight.initial));
    let gradients = autodiff::vjp(&mut trace.graph, &[x.value], &[cotangent], &wanted).unwrap();
    let both = count(&trace, [vec![x.value], gradients].concat());
    (forward, both)
}

#[test]
fn they_cancel_between_layers() {
    let first = DataFormat::ChannelsFirst;
    let convolution = |filters: usize| Conv2D::new(filters, 3).data_format(first);
    // In and out, and as much for the gradient.
    let expected = (2, 4);
    assert_eq!(transposes(&[convolution(4).into()]), expected);
    assert_eq!(transposes(&[convolution(4).into(), convolution(5).into()]), expected);
    let chain = [
        convolution(4).activation("relu").padding(Padding::Same).into(),
        MaxPooling2D::new(2).data_format(first).into(),
        DepthwiseConv2D::new(3).data_format(first).activation("tanh").into(),
        SeparableConv2D::new(5, 3).data_format(first).activation("gelu").into(),
        AveragePooling2D::new(2).data_format(first).into(),
    ];
    assert_eq!(transposes(&chain), expected);
}

#[test]
fn an_activation_along_the_last_axis_sees_keras_last_axis() {
    let first = DataFormat::ChannelsFirst;
    let layer = Conv2D::new(4, 1).data_format(first).activation("softmax");
    let mut model = Sequential::new().add(Input::new([3, 2, 5])).add(layer).build().unwrap();
    let x = Tensor::new(&[1, 3, 2, 5], (0..30).map(|i| i as f32 / 10.0).collect::<Vec<f32>>()).unwrap();
    let y = model.predict(&x).unwrap();
    assert_eq!(y.dims(), [1, 4, 2, 5]);
    for row in y.to_f32().chunks(5) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?}");
    }
}
