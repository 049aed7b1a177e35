//! `trainable` acts at the next step, and the optimizer forgets nothing.

use ceras::prelude::*;
use ceras::regularizers::L2;

fn model() -> Model {
    let stack = Sequential::new().add(Input::new([2]));
    let stack = stack.add(Dense::new(3).activation("tanh").name("hidden")).add(Dense::new(1).name("out"));
    stack.build().unwrap()
}

fn data() -> (Tensor, Tensor) {
    let x = Tensor::new(&[4, 2], [0.0f32, 1.0, 2.0, -1.0, 0.5, 0.5, 1.0, -2.0]).unwrap();
    (x, Tensor::new(&[4, 1], [1.0f32, 0.0, 2.0, -1.0]).unwrap())
}

/// Momentum from before the freeze moves the weights at the first step after it.
#[test]
fn momentum_survives_a_freeze() {
    let (x, y) = data();
    let mut model = model();
    model.compile(Compile::new("mse").optimizer(Sgd::new().learning_rate(0.1).momentum(0.9))).unwrap();
    let fit = || Fit::new().verbose(Verbose::Silent).shuffle(false);
    model.fit(&x, &y, fit().epochs(2)).unwrap();
    let mut twin = self::model();
    twin.compile(Compile::new("mse").optimizer(Sgd::new().learning_rate(0.1).momentum(0.9))).unwrap();
    twin.fit(&x, &y, fit().epochs(2)).unwrap();
    model.set_trainable("hidden", false).unwrap();
    let before = model.layer_weights("hidden").unwrap();
    let zero = fit().sample_weight(Tensor::from_slice(&[0.0f32; 4]));
    model.fit(&x, &y, zero).unwrap();
    assert_eq!(model.layer_weights("hidden").unwrap(), before);
    model.set_trainable("hidden", true).unwrap();
    // A step without gradients: what moves the frozen layer is its momentum from before.
    let zero = || fit().sample_weight(Tensor::from_slice(&[0.0f32; 4]));
    model.fit(&x, &y, zero()).unwrap();
    twin.fit(&x, &y, zero()).unwrap();
    assert_eq!(model.layer_weights("hidden").unwrap(), twin.layer_weights("hidden").unwrap());
    assert_ne!(model.layer_weights("hidden").unwrap(), before);
}

/// What a frozen layer's size adds to the loss, as in Keras, and before the first step too.
#[test]
fn a_frozen_layer_adds_no_penalty() {
    let (x, y) = data();
    let regularized = Dense::new(1).kernel_initializer("ones").kernel_regularizer(L2::new(0.5)).name("out");
    let mut model = Sequential::new().add(Input::new([2])).add(regularized).build().unwrap();
    model.compile(Compile::new("mse").metrics(["mse"])).unwrap();
    let penalty = |model: &mut Model| {
        let logs = model.evaluate(&x, &y, Evaluate::new()).unwrap();
        logs.get("loss").unwrap() - logs.get("mse").unwrap()
    };
    assert_eq!(penalty(&mut model), 1.0);
    model.set_trainable("out", false).unwrap();
    assert_eq!(penalty(&mut model), 0.0);
    model.set_trainable("out", true).unwrap();
    assert_eq!(penalty(&mut model), 1.0);
}
