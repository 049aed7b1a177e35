//! Real Keras reads what ceras writes. Runs where `CERAS_INTEROP_PYTHON` names a Python with Keras 3.15.1.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use ceras::layers::{
    Add, AveragePooling2D, Bidirectional, CenterCrop, Concatenate, Conv2D, Conv2DTranspose, Cropping2D,
    DepthwiseConv2D, FillMode, FlipMode, GRU, GaussianNoise, GlobalAveragePooling2D, GroupNormalization,
    Interpolation, LSTM, LayerNormalization, LeakyReLU, MaxPooling2D, PReLU, Padding, RandomBrightness,
    RandomContrast, RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom, Reshape, Resizing,
    SeparableConv2D, SimpleRNN, SpatialDropout1D, SpatialDropout2D, TimeDistributed, UnitNormalization,
    UpSampling2D, ZeroPadding2D,
};
use ceras::optimizers::{Lamb, LossScaleOptimizer, OptimizerRef};
use ceras::prelude::*;
use ceras::registry::Named;
use ceras::saving::{FileKind, load_model};
use ceras_testkit::oracle::{Group, fixtures};

fn write_npy(path: &Path, tensor: &Tensor) {
    let dims: String = tensor.dims().iter().map(|dim| format!("{dim}, ")).collect();
    let integers = tensor.dtype() == DType::I32;
    let kind = if integers { "<i4" } else { "<f4" };
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({dims}), }}");
    // Magic, version and length are 10 bytes; the whole header ends at a multiple of 64.
    let padded = format!("{header:<width$}\n", width = (header.len() + 11).next_multiple_of(64) - 11);
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(b"\x93NUMPY\x01\x00").unwrap();
    file.write_all(&(padded.len() as u16).to_le_bytes()).unwrap();
    file.write_all(padded.as_bytes()).unwrap();
    for value in tensor.to_f64() {
        let bytes = if integers { (value as i32).to_le_bytes() } else { (value as f32).to_le_bytes() };
        file.write_all(&bytes).unwrap();
    }
}

fn numbers(dims: &[usize]) -> Tensor {
    let count: usize = dims.iter().product();
    let values: Vec<f32> = (0..count).map(|n| ((n * 37 + 11) % 101) as f32 / 25.0 - 2.0).collect();
    Tensor::new(dims, values).unwrap()
}

/// A model, trained a little where it can be.
fn sequential() -> Model {
    let x = numbers(&[24, 4]);
    let mut model = Sequential::new()
        .add(Input::new([4]).name("measurements"))
        .add(Normalization::new().adapt(&x).unwrap())
        .add(Dense::new(8).activation("relu"))
        .add(BatchNormalization::new())
        .add(Dropout::new(0.3))
        .add(Dense::new(3).activation("softmax"))
        .name("penguins")
        .build()
        .unwrap();
    let compile =
        Compile::new("sparse_categorical_crossentropy").optimizer(Adam::new()).metrics(["accuracy"]);
    model.compile(compile).unwrap();
    let y = Tensor::new(&[24], (0..24).map(|n| n % 3).collect::<Vec<i32>>()).unwrap();
    model.fit(&x, &y, Fit::new().epochs(2).verbose(Verbose::Silent)).unwrap();
    model
}

/// Shared layers, a nested model, several outputs.
fn functional() -> Model {
    let x = Input::new([4]).name("x").tensor();
    let twice: LayerRef = Dense::new(4).activation("tanh").name("twice").into();
    let hidden = twice.clone().apply(&twice.apply(&x).unwrap()).unwrap();
    let inner_x = Input::new([4]).tensor();
    let inner_y = Dense::new(5).activation("gelu").apply(&inner_x).unwrap();
    let inner = Model::new(&[inner_x], &[inner_y]).unwrap().with_name("inner");
    let inner: LayerRef = inner.architecture().unwrap().as_ref().clone().into();
    let first = inner.apply(&hidden).unwrap();
    let second = Dense::new(1).activation("sigmoid").name("second").apply(&hidden).unwrap();
    let mut model = Model::new(&[x], &[first, second]).unwrap().with_name("functional");
    model
        .compile(
            Compile::new("mse").losses(["mse", "binary_crossentropy"]).optimizer(Sgd::new().momentum(0.9)),
        )
        .unwrap();
    model
}

/// What Keras wrote, read, and written by this library: operations, nesting, dictionaries.
fn write_functional_models(folder: &Path) {
    for case in Group::load("functional").cases() {
        let file = fixtures().join(case.meta["file"].as_str().unwrap());
        let mut model = load_model(&file).unwrap();
        let name = file.file_stem().unwrap().to_str().unwrap();
        model.save(folder.join(format!("{name}.keras"))).unwrap();
        let types = model.architecture().unwrap().input_types();
        let x: Vec<Tensor> = types
            .iter()
            .enumerate()
            .map(|(number, ty)| {
                let array = case.array(&format!("x{number}"));
                Tensor::new(&array.dims, array.f64s()).unwrap().cast(ty.dtype)
            })
            .collect();
        for (number, x) in x.iter().enumerate() {
            write_npy(&folder.join(format!("{name}.x{number}.npy")), x);
        }
        for (number, y) in model.predict_all(x, 32).unwrap().iter().enumerate() {
            write_npy(&folder.join(format!("{name}.y{number}.npy")), y);
        }
    }
}

fn unbuilt_then_built() -> Model {
    let mut model =
        Sequential::new().add(Flatten::new()).add(Dense::new(2)).add(Activation::new("elu")).build().unwrap();
    model.predict(numbers(&[2, 2, 2])).unwrap();
    model
}

/// Layers that merge, repeat, normalise and remember.
fn many_layers() -> Model {
    let x = Input::new([6]).tensor();
    let then = |layer: LayerRef, x: &KerasTensor| layer.apply(x).unwrap();
    let steps = then(Reshape::new(&[3, 2]).into(), &then(GaussianNoise::new(0.1).into(), &x));
    let normed = then(LayerNormalization::new().into(), &steps);
    let grouped = then(GroupNormalization::new(2).into(), &normed);
    let added = Add::new().apply_all(&[&steps, &grouped]).unwrap();
    let sloped = then(PReLU::new().shared_axes(&[1]).into(), &then(LeakyReLU::new().into(), &added));
    let each = then(TimeDistributed::new(Dense::new(2)).into(), &sloped);
    let dropped = then(SpatialDropout1D::new(0.1).into(), &each);
    let both = then(Bidirectional::new(LSTM::new(2).return_sequences(true)).into(), &dropped);
    let (gru, rnn) = (then(GRU::new(3).into(), &both), then(SimpleRNN::new(3).into(), &both));
    let joined = Concatenate::new().apply_all(&[&gru, &rnn]).unwrap();
    let y = then(UnitNormalization::new().into(), &joined);
    let mut model = Model::new(&[x], &[y]).unwrap();
    model.compile(Compile::new("mse").optimizer("adam")).unwrap();
    model.fit(numbers(&[8, 6]), numbers(&[8, 6]), Fit::new().epochs(2).verbose(Verbose::Silent)).unwrap();
    model
}

/// Layers that resize, vary and convolve pictures.
fn pictures() -> Model {
    let stack = Sequential::new()
        .add(Input::new([9, 7, 3]))
        .add(Resizing::new(10, 12).interpolation(Interpolation::Bicubic))
        .add(CenterCrop::new(9, 9))
        .add(Resizing::new(8, 8).crop_to_aspect_ratio(true).antialias(true))
        .add(RandomCrop::new(8, 8))
        .add(RandomFlip::new(FlipMode::Horizontal))
        .add(RandomRotation::new(0.1).fill_mode(FillMode::Constant).fill_value(0.5))
        .add(RandomTranslation::new(0.1, (-0.1, 0.2)).interpolation(Interpolation::Nearest))
        .add(RandomZoom::new(0.2).width_factor((0.0, 0.3)))
        .add(RandomContrast::new((0.1, 0.2)).value_range([-2.0, 2.0]))
        .add(RandomBrightness::new(0.1).value_range([-2.0, 2.0]).seed(7))
        .add(Conv2D::new(4, 3).activation("relu"))
        .add(SeparableConv2D::new(4, 3).padding(Padding::Same))
        .add(DepthwiseConv2D::new(2).depth_multiplier(2))
        .add(GroupNormalization::new(2))
        .add(MaxPooling2D::new(2).padding(Padding::Same))
        .add(UpSampling2D::new(2))
        .add(Conv2DTranspose::new(3, 3).strides(2))
        .add(SpatialDropout2D::new(0.2))
        .add(ZeroPadding2D::new(1))
        .add(Cropping2D::new(2))
        .add(AveragePooling2D::new(3))
        .add(GlobalAveragePooling2D::new())
        .add(Dense::new(2));
    let mut model = stack.build().unwrap();
    model.compile(Compile::new("mse").optimizer("adam")).unwrap();
    let (x, y) = (numbers(&[6, 9, 7, 3]), numbers(&[6, 2]));
    model.fit(&x, &y, Fit::new().epochs(2).verbose(Verbose::Silent)).unwrap();
    model
}

#[test]
fn files_of_many_layers_keep_every_bit() {
    let folder = tempfile::tempdir().unwrap();
    for (mut model, dims) in [(many_layers(), vec![5, 6]), (pictures(), vec![5, 9, 7, 3])] {
        let x = numbers(&dims);
        for (name, kind) in [("model.keras", FileKind::Keras), ("model.h5", FileKind::Hdf5)] {
            let path = folder.path().join(name);
            model.save_as(&path, kind).unwrap();
            let mut again = load_model(&path).unwrap();
            assert_eq!(again.predict(&x).unwrap(), model.predict(&x).unwrap(), "{name}");
        }
    }
}

fn whole_batches(epochs: usize) -> Fit {
    Fit::new().batch_size(24).epochs(epochs).shuffle(false).verbose(Verbose::Silent)
}

fn optimizers() -> Vec<(&'static str, Named<OptimizerRef>)> {
    let accumulating = Adam::new().learning_rate(0.01).gradient_accumulation_steps(2);
    let averaging = Sgd::new().momentum(0.9).use_ema(true).ema_momentum(0.8).ema_overwrite_frequency(3);
    let inner = Adam::new().learning_rate(0.01).clipnorm(1.0);
    vec![
        ("accumulating", accumulating.into()),
        ("adadelta", "adadelta".into()),
        ("adafactor", "adafactor".into()),
        ("adagrad", "adagrad".into()),
        ("adam", Adam::new().learning_rate(0.01).into()),
        ("adamax", "adamax".into()),
        ("adamw", "adamw".into()),
        ("averaging", averaging.into()),
        ("ftrl", "ftrl".into()),
        ("lamb", Lamb::new().learning_rate(0.01).into()),
        ("lion", "lion".into()),
        ("loss_scale", LossScaleOptimizer::new(inner).initial_scale(64.0).dynamic_growth_steps(2).into()),
        ("momentum", Sgd::new().learning_rate(0.05).momentum(0.9).nesterov(true).into()),
        ("muon", "muon".into()),
        ("nadam", "nadam".into()),
        ("rmsprop", "rmsprop".into()),
        ("schedule_free", "schedulefreeadamw".into()),
        ("sgd", "sgd".into()),
    ]
}

/// A model without anything random, three steps into its training.
fn trained(optimizer: Named<OptimizerRef>, x: &Tensor, y: &Tensor) -> Model {
    let layers = Sequential::new().add(Input::new([4])).add(Dense::new(8).activation("relu"));
    let mut model = layers.add(BatchNormalization::new()).add(Dense::new(3)).build().unwrap();
    model.compile(Compile::new("huber").optimizer(optimizer)).unwrap();
    model.fit(x, y, whole_batches(3)).unwrap();
    model
}

#[test]
fn keras_reads_what_ceras_writes() {
    let Some(python) = std::env::var_os("CERAS_INTEROP_PYTHON") else {
        let mut error = std::io::stderr().lock();
        writeln!(error, "skipped: set CERAS_INTEROP_PYTHON to a Python that has Keras 3.15.1").unwrap();
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let models = [
        ("sequential", sequential(), vec![5, 4]),
        ("functional", functional(), vec![5, 4]),
        ("unbuilt", unbuilt_then_built(), vec![3, 2, 2]),
        ("many_layers", many_layers(), vec![5, 6]),
        ("pictures", pictures(), vec![5, 9, 7, 3]),
    ];
    for (name, mut model, dims) in models {
        let x = numbers(&dims);
        model.save(folder.path().join(format!("{name}.keras"))).unwrap();
        model.save_as(folder.path().join(format!("{name}.h5")), FileKind::Hdf5).unwrap();
        write_npy(&folder.path().join(format!("{name}.x.npy")), &x);
        let outputs = model.predict_all(&x, 32).unwrap();
        for (number, output) in outputs.iter().enumerate() {
            let letter = if outputs.len() == 1 { "y".to_owned() } else { format!("y{number}") };
            write_npy(&folder.path().join(format!("{name}.{letter}.npy")), output);
        }
    }
    write_functional_models(folder.path());
    let (x, y) = (numbers(&[24, 4]), numbers(&[24, 3]));
    for (name, optimizer) in optimizers() {
        let mut model = trained(optimizer, &x, &y);
        model.save(folder.path().join(format!("{name}.keras"))).unwrap();
        // Keras finds Lamb in no `.h5` file, its own included.
        if name != "lamb" {
            model.save_as(folder.path().join(format!("{name}.h5")), FileKind::Hdf5).unwrap();
        }
        write_npy(&folder.path().join(format!("{name}.x.npy")), &x);
        write_npy(&folder.path().join(format!("{name}.y.npy")), &model.predict(&x).unwrap());
        let losses = model.fit(&x, &y, whole_batches(10)).unwrap().get("loss");
        let losses: Vec<f32> = losses.iter().map(|&loss| loss as f32).collect();
        write_npy(&folder.path().join(format!("{name}.targets.npy")), &y);
        write_npy(&folder.path().join(format!("{name}.losses.npy")), &Tensor::new(&[10], losses).unwrap());
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../oracle/interop.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}
