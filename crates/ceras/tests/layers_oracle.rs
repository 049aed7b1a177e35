//! Every layer against real Keras: config, weights, output, gradients, changed state.

use ceras::graph::{Function, Tensor, TensorType, Value, autodiff, eval};
use ceras::layers::context::Trace;
use ceras::layers::{BuildCx, CallCx, LAYERS, Layer, LayerRef, Traced, WeightSpec};
use ceras_testkit::oracle::{Array, Case, Group, TOLERANCE, assert_close};
use serde_json::Value as Json;

fn tensor(array: &Array) -> Tensor {
    let values = array.f64s();
    let dtype = match array.kind.as_str() {
        "<i4" => ceras::DType::I32,
        "<i8" => ceras::DType::I64,
        "|u1" => ceras::DType::U8,
        "|b1" => ceras::DType::Bool,
        _ => ceras::DType::F32,
    };
    Tensor::new(&array.dims, values).unwrap().cast(dtype)
}

/// A call of the layer as a function of its inputs, its weights and a cotangent of its output.
struct Called {
    function: Function,
    arguments: Vec<Tensor>,
    changed: Vec<usize>,
    gradients: Vec<usize>,
    /// Whether the output has a mask, and whether the layer adds to the loss: results after the changed weights.
    masked: bool,
    penalised: bool,
}

fn call(case: &Case<'_>, layer: &dyn Layer, specs: &[WeightSpec]) -> Called {
    let inputs: Vec<Tensor> = case.list("input").into_iter().map(tensor).collect();
    let weights: Vec<Tensor> = case.list("weight").into_iter().map(tensor).collect();
    let mut trace = Trace::default();
    trace.declare(specs, None);
    let mut traced: Vec<Traced> = inputs.iter().map(|x| trace.graph.input(x.ty(), "x").into()).collect();
    let mut masks = Vec::new();
    for (index, input) in traced.iter_mut().enumerate() {
        if let Some(mask) = case.get(&format!("mask{index}")) {
            let mask = tensor(mask);
            let value = trace.graph.input(mask.ty(), "mask");
            input.mask = Some(value);
            masks.push((value, mask));
        }
    }
    let name = layer.info().name.unwrap_or("layer").to_owned();
    let training = case.meta["training"].as_bool().unwrap();
    let outputs = CallCx::new(&mut trace, training).child(&name, layer, &traced).unwrap();
    let value_of = |spec: &WeightSpec| trace.weights.get(&(spec.path.clone(), spec.name.clone())).copied();
    let used: Vec<_> = specs.iter().map(value_of).collect();
    let changed: Vec<usize> = (0..specs.len())
        .filter(|&index| used[index].is_some_and(|weight| weight.initial != weight.current))
        .collect();
    let mut results = vec![outputs[0].value];
    results.extend(changed.iter().filter_map(|&index| used[index].map(|weight| weight.current)));
    results.extend(outputs[0].mask);
    let penalty = trace.losses.first().copied();
    results.extend(penalty);
    let mut arguments = inputs;
    for (index, weight) in used.iter().enumerate() {
        if weight.is_some() {
            arguments.push(weights[index].clone());
        }
    }
    let mut order: Vec<Value> = traced.iter().map(|input| input.value).collect();
    order.extend(used.iter().flatten().map(|weight| weight.initial));
    for (value, mask) in masks {
        order.push(value);
        arguments.push(mask);
    }
    let mut gradients = Vec::new();
    if let Some(cotangent) = case.get("cotangent0") {
        let cotangent = tensor(cotangent);
        let seed = trace.graph.input(TensorType::new(cotangent.dtype(), cotangent.dims()), "cotangent");
        order.push(seed);
        arguments.push(cotangent);
        gradients =
            (0..specs.len()).filter(|&index| case.get(&format!("grad_weight{index}")).is_some()).collect();
        let is_float = |input: &&Traced| trace.graph.ty(input.value).dtype.is_float();
        let mut wanted: Vec<Value> = traced.iter().filter(is_float).map(|input| input.value).collect();
        wanted.extend(gradients.iter().map(|&index| used[index].unwrap().initial));
        results.extend(autodiff::vjp(&mut trace.graph, &[outputs[0].value], &[seed], &wanted).unwrap());
    }
    // The graph's inputs stand in the order in which they were asked for; the arguments must follow.
    let place = |value: &Value| order.iter().position(|other| other == value).unwrap();
    let arguments = trace.graph.inputs().iter().map(|value| arguments[place(value)].clone()).collect();
    trace.graph.set_outputs(results);
    let (masked, penalised) = (outputs[0].mask.is_some(), penalty.is_some());
    Called { function: Function::from_graph(trace.graph), arguments, changed, gradients, masked, penalised }
}

fn compare(case: &Case<'_>, level: &str, called: &Called, results: &[Tensor]) {
    let check = |name: String, result: &Tensor| {
        let expected = case.array(&name);
        assert_eq!(result.dims(), expected.dims, "{} {level}: shape of {name}", case.name);
        assert_eq!(result.dtype(), tensor(expected).dtype(), "{} {level}: type of {name}", case.name);
        assert_close(
            &format!("{} {level}: {name}", case.name),
            &result.to_f64(),
            &expected.f64s(),
            TOLERANCE,
        );
    };
    let mut results = results.iter();
    check("output0".to_owned(), results.next().unwrap());
    for index in &called.changed {
        check(format!("new_weight{index}"), results.next().unwrap());
    }
    let what = format!("{} {level}", case.name);
    assert_eq!(called.masked, case.get("output_mask").is_some(), "{what}: whether the output has a mask");
    if called.masked {
        check("output_mask".to_owned(), results.next().unwrap());
    }
    // The first group of fixtures does not say what a layer adds to the loss.
    let penalty = called.penalised.then(|| results.next().unwrap());
    if let Some(loss) = case.meta.get("loss").and_then(Json::as_f64) {
        let penalty = penalty.unwrap_or_else(|| panic!("{what}: the layer adds nothing to the loss"));
        assert_close(&what, &penalty.to_f64(), &[loss], TOLERANCE);
    }
    if case.get("cotangent0").is_some() {
        for index in
            (0..case.list("input").len()).filter(|index| case.array(&format!("input{index}")).kind == "<f4")
        {
            check(format!("grad_input{index}"), results.next().unwrap());
        }
        for index in &called.gradients {
            check(format!("grad_weight{index}"), results.next().unwrap());
        }
    }
}

fn check_weights(case: &Case<'_>, specs: &[WeightSpec]) {
    let expected = case.meta["weights"].as_array().unwrap();
    assert_eq!(specs.len(), expected.len(), "{}: the number of weights", case.name);
    for (spec, expected) in specs.iter().zip(expected) {
        assert_eq!(spec.name, expected["name"], "{}", case.name);
        assert_eq!(
            Json::from(spec.ty.shape.to_known().unwrap()),
            expected["shape"],
            "{}: {}",
            case.name,
            spec.name
        );
        assert_eq!(spec.ty.dtype.name(), expected["dtype"], "{}: {}", case.name, spec.name);
        let layer_trains = case.meta["trainable"].as_bool().unwrap();
        assert_eq!(spec.trainable && layer_trains, expected["trainable"], "{}: {}", case.name, spec.name);
    }
}

/// Equal JSON; Python does not tell 0 from 0.0 either.
fn same_json(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.keys().eq(b.keys()) && a.iter().zip(b).all(|((_, a), (_, b))| same_json(a, b))
        }
        _ => a == b,
    }
}

#[test]
fn layers_are_keras() {
    check_group("layers", 90);
}

#[test]
fn layers_of_images_are_keras() {
    check_group("conv_layers", 190);
}

#[test]
fn layers_of_images_with_several_arguments_are_keras() {
    check_group("conv_more", 100);
}

#[test]
fn layers_that_resize_and_vary_pictures_are_keras() {
    check_group("image_layers", 86);
}

#[test]
fn layers_without_kernels_are_keras() {
    check_group("layers_plain", 90);
}

#[test]
fn merging_layers_are_keras() {
    check_group("layers_merging", 80);
}

#[test]
fn layers_of_attention_are_keras() {
    check_group("layers_attention", 45);
}

#[test]
fn recurrent_layers_are_keras() {
    check_group("layers_rnn", 35);
}

#[test]
fn recurrent_layers_of_pictures_are_keras() {
    check_group("layers_conv_lstm", 13);
}

#[test]
fn recurrent_layers_of_cells_are_keras() {
    check_group("layers_cells", 22);
}

/// The layer with the case's arguments of the call.
fn called(layer: LayerRef, case: &Case<'_>) -> LayerRef {
    let Some(arguments) = case.meta.get("arguments").and_then(Json::as_object) else { return layer };
    layer.as_called().unwrap().called(arguments).unwrap()
}

/// Keras' config without the shapes that it notes for the layers inside a wrapper.
fn without_shapes(mut config: Json) -> Json {
    fn without(envelope: &mut Json) {
        if let Some(inner) = envelope.as_object_mut() {
            inner.shift_remove("build_config");
        }
        if let Some(config) = envelope.get_mut("config") {
            *config = without_shapes(config.take());
        }
    }
    for key in ["layer", "backward_layer", "cell"] {
        config.get_mut(key).into_iter().for_each(without);
    }
    config.get_mut("cells").and_then(Json::as_array_mut).into_iter().flatten().for_each(without);
    config
}

/// Tests all cases of a group, so many of which have an output at least.
fn check_group(name: &str, least: usize) {
    let group = Group::load(name);
    let mut tested = 0;
    for case in group.cases() {
        let envelope = &case.meta["config"];
        let layer = LAYERS.from_json(envelope).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let config = Json::Object(layer.config());
        let layer = called(LayerRef(layer), &case);
        assert!(
            same_json(&config, &without_shapes(envelope["config"].clone())),
            "{}: the config is {config}",
            case.name
        );
        // Keras' Normalization looks at its weights only when `adapt` or loading a file tells it to; ours always does,
        // so weights that were set by hand act here and not there.
        // TensorFlow's Conv3D with `same` cuts off the front of an image where the stride is larger than the kernel; its
        // Conv1D and Conv2D, Keras' documentation and StableHLO begin at the front, and so do we.
        let differs = ["normalization_unadapted", "conv3d_stride_beyond_kernel_same"];
        if case.get("output0").is_none() || differs.contains(&case.name) {
            continue;
        }
        let name = layer.info().name.unwrap_or("layer").to_owned();
        let types: Vec<TensorType> = case.list("input").into_iter().map(|array| tensor(array).ty()).collect();
        let mut specs = Vec::new();
        BuildCx::new("", &mut specs)
            .child(&name, &*layer, &types)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        check_weights(&case, &specs);
        let called = call(&case, &*layer, &specs);
        let plain = eval::interpret(called.function.graph(), &called.arguments).unwrap();
        compare(&case, "eagerly", &called, &plain);
        let fast = ceras::cpu::call(&called.function, &called.arguments).unwrap();
        compare(&case, "compiled", &called, &fast);
        tested += 1;
    }
    assert!(tested >= least, "only {tested} cases have an output");
}
