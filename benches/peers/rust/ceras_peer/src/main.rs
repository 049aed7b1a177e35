//! ceras: `ceras_peer WORK`.

#[path = "../../../../networks/mod.rs"]
mod networks;

use ceras::graph::{DType, Function, Tensor as Values, TensorType, compose, ops};
use ceras::prelude::*;
use ceras::saving::CustomObjects;
use common::{DENSE_FLOPS, Numbers, PRODUCTS, model_path, rates, report, seconds, work};

fn peer() -> &'static str {
    if std::env::var_os("CERAS_ISA").is_some_and(|isa| isa == "avx2") { "ceras avx2" } else { "ceras" }
}

fn table(rows: usize, columns: usize, seed: u64) -> Tensor {
    Tensor::new(&[rows, columns], Numbers::new(seed).floats(rows * columns)).expect("as many as the shape asks for")
}

fn penguins() -> Result<Model> {
    Sequential::new()
        .add(Input::new([4]))
        .add(Dense::new(10).activation("relu"))
        .add(Dense::new(3).activation("softmax"))
        .build()
}

fn w1() -> Result<()> {
    let x = table(273, 4, 1);
    let labels: Vec<i32> = (0..273).map(|row| row % 3).collect();
    let y = Tensor::from_slice(&labels);
    let run = || {
        let mut model = penguins().expect("the layers fit");
        model.compile(Compile::new("sparse_categorical_crossentropy").optimizer("adam")).expect("Keras' words");
        model.fit(&x, &y, Fit::new().epochs(100).verbose(Verbose::Silent)).expect("finite numbers");
    };
    report(peer(), "W1", "s", seconds(20, run));
    Ok(())
}

fn w2() -> Result<()> {
    let (x, y, val_x, val_y) = (table(767, 89, 2), table(767, 1, 3), table(165, 89, 4), table(165, 1, 5));
    let run = || {
        let mut model = Sequential::new()
            .add(Input::new([89]))
            .add(BatchNormalization::new())
            .add(Dense::new(100).activation("relu"))
            .add(Dense::new(50).activation("relu"))
            .add(Dense::new(1))
            .build()
            .expect("the layers fit");
        model.compile(Compile::new("mse").optimizer("adam")).expect("Keras' words");
        let fit = Fit::new().epochs(200).validation_data(&val_x, &val_y).verbose(Verbose::Silent);
        model.fit(&x, &y, fit).expect("finite numbers");
    };
    report(peer(), "W2", "s", seconds(5, run));
    Ok(())
}

fn row() -> Result<()> {
    let mut predictor = penguins()?.predictor(1)?;
    let (x, mut y) = ([0.1f32, -0.2, 0.3, 0.4], [0.0f32; 3]);
    let calls = 10_000;
    let times = seconds(10, || {
        for _ in 0..calls {
            predictor.run(&x, &mut y).expect("the right sizes");
            std::hint::black_box(&mut y);
        }
    });
    report(peer(), "row", "s", times.into_iter().map(|time| time / f64::from(calls)).collect());
    Ok(())
}

fn pictures(count: usize, side: usize) -> Result<Tensor> {
    Ok(Tensor::new(&[count, side, side, 3], Numbers::new(9).floats(count * side * side * 3))?)
}

/// Epochs of a network in training, after one that compiles it.
fn epochs(model: &mut Model, x: &Tensor, classes: usize, batch: usize, repeats: usize) -> Vec<f64> {
    let labels: Vec<i32> = (0..x.dims()[0]).map(|row| (row % classes) as i32).collect();
    let y = Tensor::from_slice(&labels);
    let mut epoch = || {
        model.fit(x, &y, Fit::new().batch_size(batch).verbose(Verbose::Silent)).expect("finite numbers");
    };
    epoch();
    seconds(repeats, epoch)
}

fn w3() -> Result<()> {
    let x = pictures(878, 64)?;
    report(peer(), "W3", "s", epochs(&mut networks::lesson_cnn()?, &x, 10, 32, 5));
    Ok(())
}

fn w4() -> Result<()> {
    let (mut model, x) = (networks::densenet121(160)?, pictures(64, 160)?);
    let mut run = || drop(model.predict_all(&x, 32).expect("the network's input"));
    run();
    report(peer(), "W4", "images/s", seconds(3, run).into_iter().map(|time| 64.0 / time).collect());
    Ok(())
}

fn w5() -> Result<()> {
    let times = epochs(&mut networks::resnet50()?, &pictures(16, 224)?, 1000, 16, 2);
    report(peer(), "W5", "images/s", times.into_iter().map(|time| 16.0 / time).collect());
    Ok(())
}

/// Is timed from outside: load a file, predict a row, end.
fn start() -> Result<()> {
    let mut model = ceras::saving::load(model_path(), &CustomObjects::new())?.model;
    std::hint::black_box(model.predict(&table(1, 4, 1))?);
    Ok(())
}

/// Times a function of matrices of these sizes.
fn time(work: &str, flops: f64, sizes: &[[usize; 2]], build: Build) {
    let types: Vec<(&str, TensorType)> =
        sizes.iter().map(|size| ("x", TensorType::new(DType::F32, *size))).collect();
    let function = Function::trace(&types, build).expect("the shapes fit");
    let outputs = function.graph().outputs().len();
    let signature = ceras::cpu::Signature::values(sizes.len(), outputs);
    let mut plan = ceras::cpu::compile(function.graph(), &signature, &ceras::cpu::Options::default())
        .expect("known shapes");
    let mut memory = ceras::cpu::Memory::default();
    for (index, [rows, columns]) in sizes.iter().enumerate() {
        let values = Values::new(&[*rows, *columns], Numbers::new(3).floats(rows * columns)).expect("fits");
        plan.set_input(&mut memory, index, &values).expect("the input's type");
    }
    report(peer(), work, "GFLOP/s", rates(flops, 7, || drop(plan.run(&mut memory))));
}

type Build = fn(
    &mut ceras::graph::Graph,
    &[ceras::graph::Value],
) -> std::result::Result<Vec<ceras::graph::Value>, ceras::graph::GraphError>;

fn mm() -> Result<()> {
    let pool = ceras::Pool::global();
    let peak = ceras_kernels::limits::fma_peak(ceras::Isa::active(), pool) / 1e9;
    report(peer(), &format!("peak of {}, {} threads", ceras::Isa::active(), pool.threads()), "GFLOP/s", vec![peak]);
    for (name, m, k, n) in PRODUCTS {
        let flops = 2.0 * (m * k * n) as f64;
        time(&format!("mm {name}"), flops, &[[m, k], [k, n]], |g, x| Ok(vec![compose::dense(g, x[0], x[1])?]));
    }
    Ok(())
}

/// A dense layer's product and both gradients.
fn dense() -> Result<()> {
    time("dense", DENSE_FLOPS, &[[4096, 256], [256, 1024], [4096, 1024]], |g, x| {
        let (weights, rows) = (ops::transpose(g, x[1], &[1, 0])?, ops::transpose(g, x[0], &[1, 0])?);
        let outputs = [(x[0], x[1]), (x[2], weights), (rows, x[2])];
        outputs.into_iter().map(|(a, b)| compose::dense(g, a, b)).collect()
    });
    Ok(())
}

fn main() -> Result<()> {
    match work().as_str() {
        "w1" => w1(),
        "w2" => w2(),
        "w3" => w3(),
        "w4" => w4(),
        "w5" => w5(),
        "row" => row(),
        "save" => penguins()?.save(model_path()),
        "start" => start(),
        "mm" => mm(),
        "dense" => dense(),
        other => panic!("there is no work `{other}`"),
    }
}
