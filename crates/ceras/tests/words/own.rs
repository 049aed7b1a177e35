//! A user's own classes, everywhere: layers, also inside wrappers and models, activations, initializers, regularizers,
//! constraints, schedules, losses and metrics.

use std::sync::atomic::{AtomicBool, Ordering};

use ceras::TensorType;
use ceras::activations::{Activation, ActivationRef};
use ceras::constraints::{Constraint, ConstraintRef};
use ceras::graph::{Graph, GraphError, Value, compose};
use ceras::initializers::{InitCx, Initializer, InitializerRef};
use ceras::layers::{Activation as ActivationLayer, Bidirectional, ELU, LayerRef, PReLU, ReLU, Softmax};
use ceras::layers::{BuildCx, CallCx, LSTM, Layer, LayerInfo, TimeDistributed, Traced, single};
use ceras::optimizers::schedules::{Schedule, ScheduleRef};
use ceras::prelude::*;
use ceras::registry::{Config, Configurable, parse_config, to_config};
use ceras::regularizers::{Regularizer, RegularizerRef};
use ceras::saving::{CustomObjects, load_model, load_model_with};
use ceras_testkit::oracle::{Array, Group, TOLERANCE, assert_close};
use serde::{Deserialize, Serialize};

/// A class without options.
macro_rules! own {
    ($($class:ident)*) => {
        $(
            #[derive(Clone, Debug)]
            struct $class;

            impl Configurable for $class {
                fn class_name(&self) -> &'static str {
                    stringify!($class)
                }

                fn config(&self) -> Config {
                    Config::new()
                }

                fn registered_name(&self) -> Option<&str> {
                    Some(concat!("mine>", stringify!($class)))
                }
            }
        )*
    };
}

own! { Double Twos Sum Small Slower }

impl Activation for Double {
    fn name(&self) -> &'static str {
        "double"
    }

    fn apply(&self, g: &mut Graph, x: Value) -> std::result::Result<Value, GraphError> {
        compose::multiply_scalar(g, x, 2.0)
    }
}

impl Initializer for Twos {
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor> {
        Ok(Tensor::new(cx.dims, vec![2.0; cx.dims.iter().product()])?.cast(cx.dtype))
    }
}

impl Regularizer for Sum {
    fn penalty(&self, g: &mut Graph, x: Value) -> std::result::Result<Value, GraphError> {
        let axes: Vec<usize> = (0..g.ty(x).shape.rank()).collect();
        compose::sum(g, x, &axes, false)
    }
}

impl Constraint for Small {
    fn apply(&self, g: &mut Graph, w: Value) -> std::result::Result<Value, GraphError> {
        compose::multiply_scalar(g, w, 0.25)
    }
}

impl Schedule for Slower {
    fn at(&self, step: u64) -> f32 {
        0.5 / (step as f32 + 1.0)
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Multiplies each channel by a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scale {
    name: Option<String>,
    trainable: bool,
    initializer: InitializerRef,
    regularizer: Option<RegularizerRef>,
    constraint: Option<ConstraintRef>,
    activation: ActivationRef,
}

fn scale() -> Scale {
    Scale {
        name: None,
        trainable: true,
        initializer: Twos.into(),
        regularizer: Some(Sum.into()),
        constraint: Some(Small.into()),
        activation: Double.into(),
    }
}

impl Configurable for Scale {
    fn class_name(&self) -> &'static str {
        "Scale"
    }

    fn config(&self) -> Config {
        to_config(self)
    }

    fn registered_name(&self) -> Option<&str> {
        Some("mine>Scale")
    }
}

impl Layer for Scale {
    fn info(&self) -> LayerInfo<'_> {
        LayerInfo { name: self.name.as_deref(), trainable: self.trainable, location: None }
    }

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        let last = single("Scale", inputs)?.shape.last().unwrap_or(1);
        cx.weight("scale", DType::F32, &[last], &self.initializer)
            .regularizer(&self.regularizer)
            .constraint(&self.constraint);
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let input = *single("Scale", inputs)?;
        let scale = cx.weight("scale")?;
        let scaled = compose::multiply(cx.graph(), input.value, scale)?;
        let value = self.activation.apply(cx.graph(), scaled)?;
        Ok(vec![Traced { value, mask: input.mask }])
    }
}

fn objects() -> CustomObjects {
    CustomObjects::new()
        .layer("mine>Scale", |config| Ok(parse_config::<Scale>(config)?.into()))
        .activation("mine>Double", |_| Ok(Double.into()))
        .initializer("mine>Twos", |_| Ok(Twos.into()))
        .regularizer("mine>Sum", |_| Ok(Sum.into()))
        .constraint("mine>Small", |_| Ok(Small.into()))
        .schedule("mine>Slower", |_| Ok(Slower.into()))
}

fn table(dims: &[usize]) -> Tensor {
    let count: usize = dims.iter().product();
    Tensor::new(dims, (0..count).map(|n| (n % 5) as f32 / 4.0).collect::<Vec<_>>()).unwrap()
}

/// Trained, saved, loaded and trained again, the model goes on as if it had stayed.
fn goes_on_after_a_file(mut model: Model, x: &Tensor, y: &Tensor) {
    model
        .compile(Compile::new("mse").optimizer(Sgd::new().learning_rate(ScheduleRef::from(Slower))))
        .unwrap();
    let fit = || Fit::new().epochs(2).shuffle(false).verbose(Verbose::Silent);
    model.fit(x, y, fit()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.keras");
    model.save(&path).unwrap();
    let mut again = load_model_with(&path, &objects()).unwrap();
    assert_eq!(again.predict(x).unwrap(), model.predict(x).unwrap());
    assert_eq!(again.fit(x, y, fit()).unwrap(), model.fit(x, y, fit()).unwrap());
    assert_eq!(again.get_weights(), model.get_weights());
    let error = load_model(&path).unwrap_err().to_string();
    assert!(error.contains("mine>"), "{error}");
}

#[test]
fn own_layers_stand_alone_and_inside_others() {
    let (x, y) = (table(&[4, 3, 2]), table(&[4, 3, 2]));
    let stack = || Sequential::new().add(Input::new([3, 2]));
    goes_on_after_a_file(stack().add(scale()).build().unwrap(), &x, &y);
    goes_on_after_a_file(stack().add(TimeDistributed::new(scale())).build().unwrap(), &x, &y);
    let inner = Sequential::new()
        .add(Input::new([3, 2]))
        .add(TimeDistributed::new(scale()))
        .name("inner")
        .build()
        .unwrap();
    goes_on_after_a_file(stack().add(inner.as_layer().unwrap()).build().unwrap(), &x, &y);
    let input = Input::new([3, 2]).tensor();
    let shared: LayerRef = scale().into();
    let twice = shared.clone().apply(&shared.apply(&input).unwrap()).unwrap();
    goes_on_after_a_file(Model::new(&input, &twice).unwrap(), &x, &y);
}

#[test]
fn own_objects_stand_in_layers_of_keras() {
    let (x, y) = (table(&[4, 2]), table(&[4, 3]));
    let dense = || {
        Dense::new(3)
            .activation(ActivationRef::from(Double))
            .kernel_initializer(InitializerRef::from(Twos))
            .kernel_regularizer(RegularizerRef::from(Sum))
            .bias_constraint(ConstraintRef::from(Small))
    };
    let mut model = Sequential::new().add(Input::new([2])).add(dense()).build().unwrap();
    model.compile(Compile::new("mse").metrics(["mse"])).unwrap();
    let logs = model.evaluate(&x, &y, Evaluate::new()).unwrap();
    // Six weights of 2.
    assert_eq!(logs.get("loss").unwrap() - logs.get("mse").unwrap(), 12.0);
    goes_on_after_a_file(model, &x, &y);
    let words = TimeDistributed::new(dense());
    let model = Sequential::new().add(Input::new([2, 2])).add(words).build().unwrap();
    goes_on_after_a_file(model, &table(&[4, 2, 2]), &table(&[4, 2, 3]));
}

#[test]
fn own_objects_stand_in_recurrent_layers() {
    let lstm = || {
        LSTM::new(2)
            .kernel_initializer(InitializerRef::from(Twos))
            .kernel_regularizer(RegularizerRef::from(Sum))
    };
    let backward = lstm().go_backwards(true);
    let model = Sequential::new()
        .add(Input::new([3, 2]))
        .add(Bidirectional::new(lstm()).backward_layer(backward))
        .build()
        .unwrap();
    goes_on_after_a_file(model, &table(&[4, 3, 2]), &table(&[4, 4]));
}

/// One call's classes are no other call's.
#[test]
fn own_classes_are_known_to_their_call_alone() {
    static ASKED: AtomicBool = AtomicBool::new(false);
    let model = Sequential::new()
        .add(Input::new([2]))
        .add(Dense::new(1).kernel_regularizer(RegularizerRef::from(Sum)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.keras");
    model.build().unwrap().save(&path).unwrap();
    let asking = CustomObjects::new().regularizer("mine>Sum", |_| {
        ASKED.store(true, Ordering::Relaxed);
        Ok(Sum.into())
    });
    load_model_with(&path, &asking).unwrap();
    assert!(ASKED.load(Ordering::Relaxed));
    let error = load_model(&path).unwrap_err().to_string();
    assert!(error.contains("the regularizer `mine>Sum` is a class of `mine`, no class of Keras'"), "{error}");
}

/// Keras' `Dense(2, activation=ELU(0.5))`: a layer without weights as an activation, in a file of Keras' form too.
#[test]
fn layers_stand_as_activations() {
    let elu = ActivationRef::of_layer(ELU::new().alpha(0.5));
    let softmax = ActivationRef::of_layer(Softmax::new());
    let clipped = ActivationRef::of_layer(ReLU::new().max_value(Some(0.75)));
    let stack =
        Sequential::new().add(Input::new([3])).add(Dense::new(2).activation(elu).kernel_initializer("ones"));
    let stack = stack.add(Dense::new(2).activation(softmax)).add(ActivationLayer::new(clipped));
    let mut model = stack.build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layers.keras");
    model.save(&path).unwrap();
    let x = Tensor::new(&[2, 3], [-1.0f32, 0.5, 0.0, 1.0, 2.0, -0.5]).unwrap();
    let mut again = load_model(&path).unwrap();
    assert_eq!(again.predict(&x).unwrap(), model.predict(&x).unwrap());
    let hidden = Dense::new(1).activation(ActivationRef::of_layer(ELU::new().alpha(0.5)));
    let json = hidden.config()["activation"].clone();
    assert_eq!((json["module"].as_str(), json["class_name"].as_str()), (Some("keras.layers"), Some("ELU")));
    let prelu = Dense::new(1).activation(ActivationRef::of_layer(PReLU::new()));
    let error = Sequential::new().add(Input::new([3])).add(prelu).build().unwrap_err().to_string();
    assert!(error.contains("PReLU has weights of its own"), "{error}");
}

/// Files of Keras with layers as activations compute what they compute there.
#[test]
fn layers_as_activations_are_read_from_keras() {
    for case in Group::load("activation_layers").cases() {
        let tensor = |array: &Array| Tensor::new(&array.dims, array.f64s()).unwrap().cast(DType::F32);
        let mut model = ceras::saving::model_from_config(&case.meta["model"])
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        model.set_weights(&case.list("initial").into_iter().map(tensor).collect::<Vec<_>>()).unwrap();
        let y = model.predict(tensor(case.array("x"))).unwrap();
        assert_close(case.name, &y.to_f64(), &case.array("y").f64s(), TOLERANCE);
    }
}
