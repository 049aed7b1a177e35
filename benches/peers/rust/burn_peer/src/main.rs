//! Burn on its `flex` backend: `burn_peer WORK`.

use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::prelude::*;
use burn::tensor::activation::{relu, softmax};
use common::{DENSE_FLOPS, Numbers, PRODUCTS, gather, rates, report, seconds, work};

const PEER: &str = "Burn";

#[derive(Module, Debug)]
struct Penguins {
    a: Linear,
    b: Linear,
}

impl Penguins {
    fn new(device: &Device) -> Penguins {
        Penguins { a: LinearConfig::new(4, 10).init(device), b: LinearConfig::new(10, 3).init(device) }
    }

    fn logits(&self, x: Tensor<2>) -> Tensor<2> {
        self.b.forward(relu(self.a.forward(x)))
    }

    fn predict(&self, x: &[f32], device: &Device) -> TensorData {
        let x = Tensor::<2>::from_data(TensorData::new(x.to_vec(), [1, 4]), device);
        softmax(self.logits(x), 1).into_data()
    }
}

#[derive(Module, Debug)]
struct Weather {
    norm: BatchNorm,
    a: Linear,
    b: Linear,
    c: Linear,
}

impl Weather {
    fn new(device: &Device) -> Weather {
        Weather {
            norm: BatchNormConfig::new(89).init(device),
            a: LinearConfig::new(89, 100).init(device),
            b: LinearConfig::new(100, 50).init(device),
            c: LinearConfig::new(50, 1).init(device),
        }
    }

    fn loss(&self, x: &[f32], y: &[f32], rows: &[usize], device: &Device) -> Tensor<1> {
        let batch = Tensor::<2>::from_data(TensorData::new(gather(x, 89, rows), [rows.len(), 89]), device);
        let target = Tensor::<2>::from_data(TensorData::new(gather(y, 1, rows), [rows.len(), 1]), device);
        let hidden = relu(self.b.forward(relu(self.a.forward(self.norm.forward(batch)))));
        MseLoss::new().forward(self.c.forward(hidden), target, Reduction::Mean)
    }
}

fn w1(device: &Device) {
    let training = device.clone().autodiff();
    let mut numbers = Numbers::new(1);
    let x = numbers.floats(273 * 4);
    let run = || {
        let mut model = Penguins::new(&training);
        let mut optimizer = AdamConfig::new().init();
        let loss = CrossEntropyLossConfig::new().init(&training);
        let (mut rows, mut total): (Vec<usize>, f32) = ((0..273).collect(), 0.0);
        for _ in 0..100 {
            numbers.shuffle(&mut rows);
            for rows in rows.chunks(32) {
                let batch = TensorData::new(gather(&x, 4, rows), [rows.len(), 4]);
                let labels: Vec<i64> = rows.iter().map(|row| (row % 3) as i64).collect();
                let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [rows.len()]), &training);
                let loss = loss.forward(model.logits(Tensor::<2>::from_data(batch, &training)), labels);
                let gradients = GradientsParams::from_grads(loss.backward(), &model);
                total += loss.into_scalar::<f32>();
                model = optimizer.step(0.001, model, gradients);
            }
        }
        std::hint::black_box(total);
    };
    report(PEER, "W1", "s", seconds(7, run));
}

fn w2(device: &Device) {
    let training = device.clone().autodiff();
    let mut numbers = Numbers::new(2);
    let (x, y) = (numbers.floats(767 * 89), numbers.floats(767));
    let (val_x, val_y) = (numbers.floats(165 * 89), numbers.floats(165));
    let val_rows: Vec<usize> = (0..165).collect();
    let run = || {
        let mut model = Weather::new(&training);
        let mut optimizer = AdamConfig::new().init();
        let (mut rows, mut total): (Vec<usize>, f32) = ((0..767).collect(), 0.0);
        for _ in 0..200 {
            numbers.shuffle(&mut rows);
            for rows in rows.chunks(32) {
                let loss = model.loss(&x, &y, rows, &training);
                let gradients = GradientsParams::from_grads(loss.backward(), &model);
                total += loss.into_scalar::<f32>();
                model = optimizer.step(0.001, model, gradients);
            }
            let measured = model.valid();
            for rows in val_rows.chunks(32) {
                total += measured.loss(&val_x, &val_y, rows, device).into_scalar::<f32>();
            }
        }
        std::hint::black_box(total);
    };
    report(PEER, "W2", "s", seconds(3, run));
}

fn row(device: &Device) {
    let model = Penguins::new(device);
    let run = || drop(std::hint::black_box(model.predict(&[0.1, -0.2, 0.3, 0.4], device)));
    seconds(100, run);
    report(PEER, "row", "s", seconds(1000, run));
}

/// Is timed from outside: make a model (no file is read), predict a row, end.
fn start(device: &Device) {
    std::hint::black_box(Penguins::new(device).predict(&[0.1, -0.2, 0.3, 0.4], device));
}

fn matrix(rows: usize, columns: usize, device: &Device) -> Tensor<2> {
    let values = Numbers::new(3).floats(rows * columns);
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

fn mm(device: &Device) {
    for (name, m, k, n) in PRODUCTS {
        let (a, b) = (matrix(m, k, device), matrix(k, n, device));
        let run = || drop(std::hint::black_box(a.clone().matmul(b.clone())));
        report(PEER, &format!("mm {name}"), "GFLOP/s", rates(2.0 * (m * k * n) as f64, 5, run));
    }
}

/// A dense layer's product and both gradients.
fn dense(device: &Device) {
    let (x, w, g) = (matrix(4096, 256, device), matrix(256, 1024, device), matrix(4096, 1024, device));
    let run = || {
        let forward = x.clone().matmul(w.clone());
        let to_x = g.clone().matmul(w.clone().transpose());
        drop(std::hint::black_box((forward, to_x, x.clone().transpose().matmul(g.clone()))));
    };
    report(PEER, "dense", "GFLOP/s", rates(DENSE_FLOPS, 5, run));
}

fn main() {
    let device = Device::flex();
    match work().as_str() {
        "w1" => w1(&device),
        "w2" => w2(&device),
        "row" => row(&device),
        "save" => {}
        "start" => start(&device),
        "mm" => mm(&device),
        "dense" => dense(&device),
        other => panic!("there is no work `{other}`"),
    }
}
