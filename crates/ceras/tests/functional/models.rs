//! Operators, layers by name and number, freezing, one batch at a time, what layers do in `fit` and in `predict`.

use ceras::models::Summary;
use ceras::prelude::*;
use ceras::saving::load_model;
use ceras::training::{Callback, OnBatch, Run};
use ceras::{graph, ops};

fn column(values: &[f32]) -> Tensor {
    Tensor::new(&[values.len(), 1], values).unwrap()
}

#[test]
fn operators_compute_and_survive_a_file() {
    let (x, y) = (Input::new([3]).name("x").tensor(), Input::new([3]).name("y").tensor());
    let outputs = [
        &x * 2.0 + 1.0,
        1.0 - &x,
        2 * &x / &y,
        -&x + &y,
        x.pow(2.0) % 3.0,
        ops::get_item(&x, (.., 1..)).unwrap(),
        ops::get_item(&x, (.., -1)).unwrap(),
        ops::where_(&ops::greater(&x, &y).unwrap(), &x, 0.0).unwrap(),
    ];
    let mut model = Model::new(&[x, y], &outputs).unwrap();
    let values = |numbers: [f32; 3]| Tensor::new(&[1, 3], numbers).unwrap();
    let data = [&values([1.0, -2.0, 3.0]), &values([2.0, 4.0, -1.0])];
    let expected: [&[f32]; 8] = [
        &[3.0, -3.0, 7.0],
        &[0.0, 3.0, -2.0],
        &[1.0, -1.0, -6.0],
        &[1.0, 6.0, -4.0],
        &[1.0, 1.0, 0.0],
        &[-2.0, 3.0],
        &[3.0],
        &[0.0, 0.0, 3.0],
    ];
    let check = |model: &mut Model| {
        for (output, expected) in model.predict_all(data, 32).unwrap().iter().zip(expected) {
            assert_eq!(output.slice::<f32>(), expected);
        }
    };
    check(&mut model);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operators.keras");
    model.save(&path).unwrap();
    check(&mut load_model(&path).unwrap());
}

#[test]
fn gradients_go_through_operators() {
    let x = Input::new([1]).tensor();
    let hidden = Dense::new(1).use_bias(false).apply(&x).unwrap();
    let mut model = Model::new(&x, &(&hidden * 3.0 - 1.0)).unwrap();
    model.set_weights(&[Tensor::new(&[1, 1], [0.5f32]).unwrap()]).unwrap();
    model.compile(Compile::new("mse").optimizer(Sgd::new().learning_rate(0.1))).unwrap();
    // y = 3·w·x − 1 with x = 1, w = 0.5: y = 0.5; the target is 0, so dL/dw = 2 · 0.5 · 3 = 3.
    model.train_on_batch(column(&[1.0]), column(&[0.0]), OnBatch::new()).unwrap();
    assert!((model.get_weights()[0].to_f32()[0] - 0.2).abs() < 1e-6);
}

#[test]
fn integers_and_floats_meet_as_in_keras() {
    let n = Input::new([2]).dtype(DType::I32).tensor();
    assert_eq!((&n * 2).dtype(), DType::I32);
    assert_eq!((&n * 0.5).dtype(), DType::F32);
    assert_eq!((&n / 2).dtype(), DType::F32);
    assert_eq!(ops::mean(&n, -1, false).unwrap().dtype(), DType::F32);
    assert_eq!(ops::less(&n, 3).unwrap().dtype(), DType::Bool);
    let wide = Input::new([2]).dtype(DType::I64).tensor();
    assert_eq!((&n + &wide).dtype(), DType::I64);
    assert_eq!(ops::sum(&ops::less(&n, 3).unwrap(), -1, false).unwrap().dtype(), DType::I32);
}

#[test]
fn a_last_axis_of_one_may_be_there_or_not() {
    let mut model = Sequential::new().add(Input::new([1])).add(Dense::new(1)).build().unwrap();
    model.compile(Compile::new("mse").optimizer("sgd")).unwrap();
    let (flat, column) = (Tensor::from_slice(&[0.0f32, 1.0, 2.0]), column(&[0.0, 1.0, 2.0]));
    assert_eq!(model.predict(&flat).unwrap(), model.predict(&column).unwrap());
    let mut evaluate = |x: &Tensor, y: &Tensor| model.evaluate(x, y, Evaluate::new()).unwrap();
    assert_eq!(evaluate(&flat, &flat), evaluate(&column, &column));
    let x = Input::new([2]).tensor();
    let mut sum = Model::new(&x, ops::sum(&x, -1, false).unwrap()).unwrap();
    let rows = Tensor::new(&[1, 2, 1], [1.0f32, 2.0]).unwrap();
    assert_eq!(sum.predict(&rows).unwrap().to_f32(), [3.0]);
}

fn small() -> Model {
    let mut model = Sequential::new()
        .add(Input::new([1]))
        .add(Dense::new(2).activation("tanh").name("hidden"))
        .add(BatchNormalization::new().center(false).scale(false).name("norm"))
        .add(Dense::new(1).name("out"))
        .build()
        .unwrap();
    model.compile(Compile::new("mse").optimizer(Sgd::new().learning_rate(0.1)).metrics(["mae"])).unwrap();
    model
}

fn fit() -> Fit {
    Fit::new().epochs(1).batch_size(2).shuffle(false).verbose(Verbose::Silent)
}

#[test]
fn layers_by_name_and_by_number() {
    let mut model = small();
    assert_eq!(model.get_layer(0).unwrap().info().name, Some("hidden"));
    assert_eq!(model.get_layer("out").unwrap().class_name(), "Dense");
    assert_eq!(model.get_layer(3).unwrap_err().to_string(), "model `sequential` has no layer 3; it has 3");
    assert_eq!(model.count_layer_params("hidden").unwrap(), 4);
    let weights = model.layer_weights("out").unwrap();
    model.set_layer_weights("out", &[column(&[1.0, 2.0]), Tensor::from_slice(&[3.0f32])]).unwrap();
    assert_eq!(model.layer_weights("out").unwrap()[1].to_f32(), [3.0]);
    assert!(model.set_layer_weights("out", &weights[..1]).is_err());
    let error = model.layer_weights("ot").unwrap_err().to_string();
    assert!(error.ends_with("hint: did you mean `out`?"), "{error}");
    let x = Input::new([1]).tensor();
    let functional = Model::new(&x, &(Dense::new(1).apply(&x).unwrap() + 1.0)).unwrap();
    // Keras counts the input of a functional model, and no operations.
    assert_eq!(functional.get_layer(1).unwrap().class_name(), "Dense");
    assert!(functional.get_layer(2).is_err());
}

#[test]
fn freezing_acts_at_the_next_step_without_compile() {
    let mut model = small();
    let (x, y) = (column(&[0.0, 1.0, 2.0, 3.0]), column(&[1.0, 0.0, 1.0, 0.0]));
    model.fit(&x, &y, fit()).unwrap();
    model.set_trainable("hidden", false).unwrap();
    let before = (model.layer_weights("hidden").unwrap(), model.layer_weights("out").unwrap());
    model.fit(&x, &y, fit()).unwrap();
    assert_eq!(model.layer_weights("hidden").unwrap(), before.0);
    assert_ne!(model.layer_weights("out").unwrap(), before.1);
    model.set_trainable("hidden", true).unwrap();
    model.train_on_batch(&x, &y, OnBatch::new()).unwrap();
    assert_ne!(model.layer_weights("hidden").unwrap(), before.0);
    // A frozen BatchNormalization leaves its statistics, also where it has nothing to train.
    let statistics = model.layer_weights("norm").unwrap();
    model.set_trainable("norm", false).unwrap();
    model.train_on_batch(&x, &y, OnBatch::new()).unwrap();
    assert_eq!(model.layer_weights("norm").unwrap(), statistics);
    model.set_trainable("norm", true).unwrap();
    model.train_on_batch(&x, &y, OnBatch::new()).unwrap();
    assert_ne!(model.layer_weights("norm").unwrap(), statistics);
}

/// Freezes the layer `hidden` after the first batch.
#[derive(Debug)]
struct FreezeAfterFirst;

impl Callback for FreezeAfterFirst {
    fn start(&self) -> Box<dyn Run> {
        Box::new(Freezer(None))
    }
}

struct Freezer(Option<Vec<Tensor>>);

impl Run for Freezer {
    fn on_train_batch_end(&mut self, model: &mut Model, _: usize) -> Result<()> {
        let weights = model.layer_weights("hidden")?;
        match &self.0 {
            None => {
                model.set_trainable("hidden", false)?;
                self.0 = Some(weights);
            }
            Some(frozen) => assert_eq!(*frozen, weights),
        }
        Ok(())
    }
}

#[test]
fn freezing_inside_an_epoch_acts_at_the_next_batch() {
    let mut model = small();
    let (x, y) = (column(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), column(&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0]));
    model.fit(&x, &y, fit().callback(FreezeAfterFirst)).unwrap();
    assert!(!model.is_trainable("hidden"));
}

#[test]
fn steps_by_hand_are_the_steps_of_fit() {
    let (x, y) = (column(&[0.0, 1.0, 2.0, 3.0]), column(&[1.0, 0.0, 1.0, 0.0]));
    let mut whole = small();
    let history = whole.fit(&x, &y, fit()).unwrap();
    let mut by_hand = small();
    let part = |tensor: &Tensor, at: usize| tensor.rows(at, at + 2).unwrap();
    by_hand.train_on_batch(part(&x, 0), part(&y, 0), OnBatch::new()).unwrap();
    let logs = by_hand.train_on_batch(part(&x, 2), part(&y, 2), OnBatch::new()).unwrap();
    assert_eq!(by_hand.get_weights(), whole.get_weights());
    // As in Keras the numbers are running means.
    assert_eq!(logs.get("loss"), history.last().unwrap().get("loss"));
    assert_eq!(logs.get("mae"), history.last().unwrap().get("mae"));
    by_hand.reset_metrics().unwrap();
    let tested = by_hand.test_on_batch(&x, &y, OnBatch::new()).unwrap();
    assert_eq!(tested, whole.evaluate(&x, &y, Evaluate::new()).unwrap());
    assert_eq!(by_hand.predict_on_batch(&x).unwrap(), [whole.predict(&x).unwrap()]);
    let none = by_hand.test_on_batch(&x, &y, OnBatch::new().sample_weight(Tensor::from_slice(&[0.0f32; 4])));
    assert!(none.unwrap().get("loss") < tested.get("loss"));
}

#[test]
fn a_summary_says_what_layers_do_in_fit_and_in_predict() {
    let mut model = Sequential::new()
        .add(Input::new([2]))
        .add(Dense::new(3).name("hidden"))
        .add(Dropout::new(0.3))
        .add(BatchNormalization::new())
        .add(BatchNormalization::new().name("frozen"))
        .build()
        .unwrap();
    model.set_trainable("frozen", false).unwrap();
    model.set_trainable("hidden", false).unwrap();
    let text = model.summary_with(&Summary::new().show_modes(true)).unwrap();
    let table = model.summary();
    let expected = " In fit and in predict:
  hidden (Dense)
    fit      leaves its weights as they are: the layer is frozen
    predict  computes the same
  dropout (Dropout)
    fit      sets 30% of its inputs to 0 at random and multiplies the others by 1.429
    predict  passes its inputs on
  batch_normalization (BatchNormalization)
    fit      normalizes by the mean and variance of the batch, which move its statistics (momentum 0.99)
    predict  normalizes by the statistics that it has gathered
  frozen (BatchNormalization)
    fit      normalizes by the statistics that it has gathered, and leaves all its weights as they are: the layer is frozen
    predict  computes the same
 All other layers compute the same in both.
";
    assert_eq!(text, format!("{table}{expected}"));
    let _: graph::DType = DType::F32;
}
