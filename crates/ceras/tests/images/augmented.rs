//! Pictures that are varied while training, from pixels on.

use std::sync::Arc;

use ceras::Pool;
use ceras::layers::{
    FlipMode, GlobalAveragePooling2D, RandomBrightness, RandomContrast, RandomCrop, RandomFlip,
    RandomRotation, RandomTranslation, RandomZoom, Rescaling, Resizing,
};
use ceras::models::Summary;
use ceras::prelude::*;
use ceras::saving::load_model;

fn pixels() -> Tensor {
    let pixel = |index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8;
    Tensor::new(&[6, 10, 12, 3], (0..6 * 10 * 12 * 3).map(pixel).collect::<Vec<u8>>()).unwrap()
}

/// Pixels stay bytes until they are turned.
fn model() -> Model {
    let stack = Sequential::new()
        .add(Input::new([10, 12, 3]).dtype(DType::U8))
        .add(RandomBrightness::new(0.3))
        .add(RandomContrast::new((0.3, 0.3)))
        .add(Resizing::new(9, 9))
        .add(RandomCrop::new(8, 8))
        .add(RandomFlip::new(FlipMode::HorizontalAndVertical))
        .add(RandomRotation::new(0.2))
        .add(RandomTranslation::new(0.2, 0.1))
        .add(RandomZoom::new(0.3))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Flatten::new())
        .add(Dense::new(4).activation("relu"))
        .add(Dense::new(1));
    let mut model = stack.seed(5).build().unwrap();
    model.compile(Compile::new("mse").optimizer(Sgd::new().learning_rate(0.01))).unwrap();
    model
}

fn targets() -> Tensor {
    Tensor::new(&[6, 1], [0.0f32, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap()
}

fn fit(model: &mut Model, epochs: usize) -> Vec<f64> {
    let fit = Fit::new().epochs(epochs).batch_size(3).verbose(Verbose::Silent);
    model.fit(pixels(), targets(), fit).unwrap().get("loss")
}

#[test]
fn training_is_the_same_on_any_threads_and_after_a_file() {
    let mut one = model();
    one.set_pool(Arc::new(Pool::new(1)));
    let mut three = model();
    three.set_pool(Arc::new(Pool::new(3)));
    let losses = fit(&mut one, 4);
    assert_eq!(fit(&mut three, 2), losses[..2]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pictures.keras");
    three.save(&path).unwrap();
    let mut again = load_model(&path).unwrap();
    assert_eq!(again.predict(pixels()).unwrap(), three.predict(pixels()).unwrap());
    fit(&mut again, 2);
    fit(&mut three, 2);
    assert_eq!(again.get_weights(), three.get_weights());
}

#[test]
fn each_picture_and_each_step_is_varied_anew() {
    // The mean of a picture is the output; the loss is that of one step.
    let loss = |step: usize| {
        let stack = Sequential::new()
            .add(Input::new([2, 2, 1]))
            .add(RandomBrightness::new(0.5).value_range([-9.0, 9.0]))
            .add(GlobalAveragePooling2D::new())
            .add(Dense::new(1).kernel_initializer("ones").trainable(false));
        let mut model = stack.seed(1).build().unwrap();
        model.compile(Compile::new("mae").optimizer("sgd")).unwrap();
        let x = Tensor::new(&[1, 2, 2, 1], [0.0f32; 4]).unwrap();
        let y = Tensor::new(&[1, 1], [-10.0f32]).unwrap();
        model.fit(&x, &y, Fit::new().epochs(step).verbose(Verbose::Silent)).unwrap().get("loss")
    };
    let losses = loss(6);
    let distinct: std::collections::BTreeSet<u64> = losses.iter().map(|loss| loss.to_bits()).collect();
    assert_eq!(distinct.len(), 6, "{losses:?}");
    assert!(losses.iter().all(|loss| (1.0..=19.0).contains(loss)), "{losses:?}");
    assert_eq!(losses, loss(6));
}

#[test]
fn the_summary_says_what_training_alone_does() {
    let summary = model().summary_with(&Summary::new().line_length(200).show_modes(true)).unwrap();
    for words in [
        "adds one number from -76.5 to 76.5 to each picture, at random",
        "takes 8×8 pixels from a random place, the same for the whole batch",
        "flips half of its pictures left to right and upside down, at random",
    ] {
        assert!(summary.contains(words), "{summary}");
    }
}
