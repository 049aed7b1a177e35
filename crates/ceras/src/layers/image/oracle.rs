//! What the layers that vary pictures make of given numbers, against Keras; and the numbers that they draw.

use ceras_graph::{Function, Tensor, TensorType, Value, autodiff, eval};
use ceras_testkit::oracle::{Case, Group};
use serde_json::Value as Json;

use super::augmentation::Augmentation;
use super::*;
use crate::activations::oracle::{Report, of};
use crate::layers::context::Trace;
use crate::layers::{CallCx, DataFormat, Layer};
use crate::registry::parse_config;

/// The layer of a case.
fn layer(case: &Case<'_>) -> Box<dyn Augmentation> {
    let envelope = &case.meta["config"];
    let config = envelope["config"].as_object().unwrap();
    macro_rules! one_of {
        ($($layer:ident),*) => {
            match envelope["class_name"].as_str().unwrap() {
                $(stringify!($layer) => Box::new(parse_config::<$layer>(config).unwrap()) as _,)*
                other => panic!("{other}"),
            }
        };
    }
    one_of!(
        RandomBrightness,
        RandomContrast,
        RandomCrop,
        RandomFlip,
        RandomRotation,
        RandomTranslation,
        RandomZoom
    )
}

/// The varied pictures and the gradient, as a function of pictures, draws and cotangent.
fn function(case: &Case<'_>, layer: &dyn Augmentation, arguments: &[Tensor]) -> Function {
    let mut g = ceras_graph::Graph::default();
    let values: Vec<Value> = arguments.iter().map(|argument| g.input(argument.ty(), "argument")).collect();
    let format: DataFormat =
        serde_json::from_value(case.meta["config"]["config"]["data_format"].clone()).unwrap();
    let images = format.to_last(&mut g, values[0]).unwrap();
    let dims = pixels::known(&g, images).unwrap();
    let draws = &values[1..values.len() - 1];
    let varied = layer.vary(&mut g, images, dims, draws).unwrap();
    let output = format.restore(&mut g, varied).unwrap();
    let cotangent = *values.last().unwrap();
    let gradients = autodiff::vjp(&mut g, &[output], &[cotangent], &values[..1]).unwrap();
    g.set_outputs(vec![output, gradients[0]]);
    Function::from_graph(g)
}

/// Where Keras' gradient is not one: each output is a weighted sum of pixels and a number, so the products of the cotangent
/// with what the pixels add, and of the gradient with the pixels, are the same.
fn report_unless_adjoint(
    report: &mut Report,
    case: &Case<'_>,
    function: &Function,
    arguments: &[Tensor],
    results: &[Tensor],
) {
    let product =
        |a: &Tensor, b: &Tensor| -> f64 { a.to_f64().iter().zip(b.to_f64()).map(|(a, b)| a * b).sum() };
    let (images, cotangent) = (&arguments[0], &arguments[arguments.len() - 1]);
    let mut black = arguments.to_vec();
    black[0] = Tensor::new(images.dims(), vec![0.0f32; images.len()]).unwrap();
    let added = &eval::interpret(function.graph(), &black).unwrap()[0];
    let forward = product(cotangent, &results[0]) - product(cotangent, added);
    let backward = product(&results[1], images);
    if (forward - backward).abs() > 1e-4 * forward.abs().max(1.0) {
        report.wrong(case.name, format!("the gradient is none: {forward} against {backward}"));
    }
}

#[test]
fn given_numbers_make_keras_pictures() {
    let group = Group::load("image_transforms");
    let mut report = Report::default();
    let mut tested = 0;
    for case in group.cases() {
        let layer = layer(&case);
        let images = of(&case, "input0");
        let mut arguments = vec![images];
        for index in 0..case.list("draw").len() {
            let draw = of(&case, &format!("draw{index}"));
            arguments.push(draw.reshape(&[draw.len(), 1, 1]).unwrap());
        }
        arguments.push(of(&case, "cotangent0"));
        let function = function(&case, &*layer, &arguments);
        let results = eval::interpret(function.graph(), &arguments).unwrap();
        let fast = ceras_cpu::call(&function, &arguments).unwrap();
        for (what, results) in [("eagerly", results), ("compiled", fast)] {
            report.compare(case.name, what, &results[0], &of(&case, "output0"));
            match case.get("grad_input0") {
                Some(_) => {
                    report.compare(
                        case.name,
                        &format!("{what}: gradient"),
                        &results[1],
                        &of(&case, "grad_input0"),
                    );
                }
                None => report_unless_adjoint(&mut report, &case, &function, &arguments, &results),
            }
        }
        tested += 1;
    }
    report.finish();
    assert!(tested >= 50, "only {tested} cases");
}

#[test]
fn numbers_are_drawn_from_keras_ranges() {
    for case in Group::load("image_transforms").cases() {
        let dims = &case.array("input0").dims;
        let first = case.meta["config"]["config"]["data_format"] == "channels_first";
        let order = if first { [0, 2, 3, 1] } else { [0, 1, 2, 3] };
        let ranges = layer(&case).ranges(order.map(|axis| dims[axis]));
        let expected = case.meta["ranges"].as_array().unwrap();
        assert_eq!(ranges.len(), expected.len(), "{}", case.name);
        for (range, expected) in ranges.iter().zip(expected) {
            for (number, expected) in range.iter().zip(expected.as_array().unwrap()) {
                assert!((number - expected.as_f64().unwrap()).abs() < 1e-9, "{}: {ranges:?}", case.name);
            }
        }
    }
}

/// What a layer makes of pictures in training, by a seed and a step.
fn trained(layer: &dyn Layer, images: &Tensor, seed: u64, step: u64) -> Tensor {
    let mut trace = Trace::default();
    let input = trace.graph.input(images.ty(), "images");
    let outputs = CallCx::new(&mut trace, true).child("layer", layer, &[input.into()]).unwrap();
    trace.graph.set_outputs(vec![outputs[0].value]);
    let arguments: Vec<Tensor> = match trace.random {
        None => vec![images.clone()],
        Some(_) => vec![images.clone(), Tensor::scalar(seed), Tensor::scalar(step)],
    };
    let function = Function::from_graph(trace.graph);
    ceras_cpu::call(&function, &arguments).unwrap().remove(0)
}

/// Pictures of one pixel each, all of one value.
fn grey(count: usize, value: f32) -> Tensor {
    Tensor::new(&[count, 1, 1, 1], vec![value; count]).unwrap()
}

#[test]
fn drawn_numbers_fill_their_range() {
    let layer = RandomBrightness::new((-0.25, 0.5)).value_range([-10.0, 10.0]);
    let changed = trained(&layer, &grey(4000, 0.0), 3, 0).to_f64();
    let (low, high) = (-5.0, 10.0);
    assert!(changed.iter().all(|value| (low..high).contains(value)));
    // Each tenth of the range holds a tenth of them, up to five standard deviations.
    for tenth in 0..10 {
        let from = low + (high - low) * f64::from(tenth) / 10.0;
        let count = changed.iter().filter(|value| (from..from + 1.5).contains(value)).count();
        assert!((300..500).contains(&count), "{count} from {from}");
    }
    let flips = trained(
        &RandomFlip::new(FlipMode::Horizontal),
        &Tensor::new(&[4000, 1, 2, 1], [0.0f32, 1.0].repeat(4000)).unwrap(),
        3,
        0,
    );
    let flipped = flips.to_f64().chunks(2).filter(|pair| pair[0] == 1.0).count();
    assert!((1840..2160).contains(&flipped), "{flipped} of 4000");
}

#[test]
fn draws_depend_on_seed_and_step_alone() {
    let images = grey(8, 0.5);
    let layer = RandomBrightness::new(0.3).value_range([0.0, 1.0]);
    let first = trained(&layer, &images, 3, 0);
    assert_eq!(first, trained(&layer, &images, 3, 0));
    assert_ne!(first, trained(&layer, &images, 4, 0));
    assert_ne!(first, trained(&layer, &images, 3, 1));
    assert_ne!(first, trained(&layer.clone().seed(1), &images, 3, 0));
}

#[test]
fn a_crop_is_the_same_for_the_whole_batch_and_reaches_every_place() {
    let picture: Vec<f32> = (0..9).map(|pixel| pixel as f32).collect();
    let images = Tensor::new(&[2, 3, 3, 1], [picture.clone(), picture].concat()).unwrap();
    let mut corners = std::collections::BTreeSet::new();
    for step in 0..60 {
        let crop = trained(&RandomCrop::new(2, 2), &images, 1, step).to_f64();
        assert_eq!(crop[..4], crop[4..]);
        let corner = crop[0];
        assert_eq!(crop[..4], [corner, corner + 1.0, corner + 3.0, corner + 4.0]);
        corners.insert(corner as i64);
    }
    assert_eq!(corners.into_iter().collect::<Vec<_>>(), [0, 1, 3, 4]);
}

#[test]
fn whole_numbers_stay_whole_numbers() {
    let pixels: Vec<u8> = (0..48).map(|pixel| pixel * 5).collect();
    let images = Tensor::new(&[4, 2, 3, 2], pixels).unwrap();
    let layers: [Box<dyn Layer>; 2] =
        [Box::new(RandomBrightness::new(0.9)), Box::new(RandomContrast::new((0.9, 0.9)))];
    for layer in layers {
        let whole = trained(&*layer, &images, 1, 0);
        assert_eq!(whole.dtype(), ceras_graph::DType::U8);
        let exact = trained(&*layer, &images.cast(ceras_graph::DType::F32), 1, 0);
        for (whole, exact) in whole.to_f64().iter().zip(exact.to_f64()) {
            assert_eq!(*whole, exact.round_ties_even(), "{}", layer.class_name());
        }
    }
}

/// The error of building a layer on pictures.
fn refused(layer: &dyn Layer, dims: &[usize]) -> String {
    let mut specs = Vec::new();
    let types = [TensorType::new(ceras_graph::DType::F32, dims)];
    let mut cx = crate::layers::BuildCx::new("", &mut specs);
    cx.child("layer", layer, &types).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_is_told() {
    let pictures = [1, 2, 3, 1];
    let cases: [(Box<dyn Layer>, &str); 9] = [
        (Box::new(RandomRotation::new(1.5)), "`factor` must be from -1 to 1; it is 1.5"),
        (Box::new(RandomContrast::new((1.5, 2.0))), "`factor` must be from 0 to 1; it is from 1.5 to 2"),
        (Box::new(RandomTranslation::new(0.1, (0.2, -2.0))), "`width_factor` must be from -1 to 1; it is -2"),
        (Box::new(RandomZoom::new((-1.0, 0.0))), "`height_factor` must be above -1 and at most 1; it is -1"),
        (
            Box::new(RandomZoom::new(0.1).interpolation(Interpolation::Bicubic)),
            "`interpolation` must be \"nearest\" or \"bilinear\"; it is \"bicubic\"",
        ),
        (
            Box::new(RandomBrightness::new(0.1).value_range([1.0, 0.0])),
            "`value_range` must be the lowest and the highest value; it is [1, 0]",
        ),
        (Box::new(Resizing::new(0, 4)), "`height` and `width` must be 1 or more; they are 0 and 4"),
        (
            Box::new(Resizing::new(2, 2).crop_to_aspect_ratio(true).pad_to_aspect_ratio(true)),
            "of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` only one can be true",
        ),
        (Box::new(RandomZoom::new(f64::NAN)), "`height_factor` must be above -1 and at most 1; it is NaN"),
    ];
    for (layer, expected) in cases {
        let error = refused(&*layer, &pictures);
        assert!(error.contains(expected), "{error}");
    }
    let error = refused(&CenterCrop::new(1, 1), &[2, 3, 1]);
    assert!(error.contains("CenterCrop needs an input of rank 4"), "{error}");
}

#[test]
fn a_factor_is_written_as_keras_writes_it() {
    let config = |layer: &dyn Layer| Json::Object(layer.config());
    assert_eq!(config(&RandomRotation::new(0.25))["factor"], serde_json::json!([-0.25, 0.25]));
    assert_eq!(config(&RandomContrast::new(0.25))["factor"], serde_json::json!([0.0, 0.25]));
    assert_eq!(config(&RandomZoom::new(0.25))["height_factor"], serde_json::json!(0.25));
}
