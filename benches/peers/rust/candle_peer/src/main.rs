//! Candle: `candle_peer WORK`.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::{
    AdamW, BatchNorm, Linear, Module, ModuleT, Optimizer, ParamsAdamW, VarBuilder, VarMap, batch_norm, linear, loss, ops,
};
use common::{DENSE_FLOPS, Numbers, PRODUCTS, gather, model_path, rates, report, seconds, work};

const PEER: &str = "Candle";
const DEVICE: Device = Device::Cpu;

/// Adam: without decay, AdamW is that.
fn adam(weights: &VarMap) -> Result<AdamW> {
    AdamW::new(weights.all_vars(), ParamsAdamW { lr: 1e-3, weight_decay: 0.0, ..ParamsAdamW::default() })
}

struct Penguins(Linear, Linear);

impl Penguins {
    fn new(weights: &VarMap) -> Result<Penguins> {
        let builder = VarBuilder::from_varmap(weights, DType::F32, &DEVICE);
        Ok(Penguins(linear(4, 10, builder.pp("a"))?, linear(10, 3, builder.pp("b"))?))
    }

    fn logits(&self, x: &Tensor) -> Result<Tensor> {
        self.1.forward(&self.0.forward(x)?.relu()?)
    }

    fn predict(&self, x: &[f32]) -> Result<Vec<f32>> {
        let x = Tensor::from_slice(x, (1, 4), &DEVICE)?;
        ops::softmax(&self.logits(&x)?, D::Minus1)?.flatten_all()?.to_vec1()
    }
}

struct Weather(BatchNorm, Linear, Linear, Linear);

impl Weather {
    fn new(weights: &VarMap) -> Result<Weather> {
        let builder = VarBuilder::from_varmap(weights, DType::F32, &DEVICE);
        Ok(Weather(
            batch_norm(89, 1e-3, builder.pp("norm"))?,
            linear(89, 100, builder.pp("a"))?,
            linear(100, 50, builder.pp("b"))?,
            linear(50, 1, builder.pp("c"))?,
        ))
    }

    fn loss(&self, x: &[f32], y: &[f32], rows: &[usize], train: bool) -> Result<Tensor> {
        let batch = Tensor::from_vec(gather(x, 89, rows), (rows.len(), 89), &DEVICE)?;
        let target = Tensor::from_vec(gather(y, 1, rows), (rows.len(), 1), &DEVICE)?;
        let hidden = self.1.forward(&self.0.forward_t(&batch, train)?)?.relu()?;
        loss::mse(&self.3.forward(&self.2.forward(&hidden)?.relu()?)?, &target)
    }
}

fn w1() -> Result<()> {
    let mut numbers = Numbers::new(1);
    let x = numbers.floats(273 * 4);
    let mut run = || -> Result<f32> {
        let weights = VarMap::new();
        let model = Penguins::new(&weights)?;
        let mut optimizer = adam(&weights)?;
        let (mut rows, mut total): (Vec<usize>, f32) = ((0..273).collect(), 0.0);
        for _ in 0..100 {
            numbers.shuffle(&mut rows);
            for rows in rows.chunks(32) {
                let batch = Tensor::from_vec(gather(&x, 4, rows), (rows.len(), 4), &DEVICE)?;
                let labels: Vec<u32> = rows.iter().map(|row| (row % 3) as u32).collect();
                let labels = Tensor::from_vec(labels, rows.len(), &DEVICE)?;
                let loss = loss::cross_entropy(&model.logits(&batch)?, &labels)?;
                optimizer.backward_step(&loss)?;
                total += loss.to_scalar::<f32>()?;
            }
        }
        Ok(total)
    };
    report(PEER, "W1", "s", seconds(7, || drop(run().expect("it runs"))));
    Ok(())
}

fn w2() -> Result<()> {
    let mut numbers = Numbers::new(2);
    let (x, y) = (numbers.floats(767 * 89), numbers.floats(767));
    let (val_x, val_y) = (numbers.floats(165 * 89), numbers.floats(165));
    let val_rows: Vec<usize> = (0..165).collect();
    let mut run = || -> Result<f32> {
        let weights = VarMap::new();
        let model = Weather::new(&weights)?;
        let mut optimizer = adam(&weights)?;
        let (mut rows, mut total): (Vec<usize>, f32) = ((0..767).collect(), 0.0);
        for _ in 0..200 {
            numbers.shuffle(&mut rows);
            for rows in rows.chunks(32) {
                let loss = model.loss(&x, &y, rows, true)?;
                optimizer.backward_step(&loss)?;
                total += loss.to_scalar::<f32>()?;
            }
            for rows in val_rows.chunks(32) {
                total += model.loss(&val_x, &val_y, rows, false)?.to_scalar::<f32>()?;
            }
        }
        Ok(total)
    };
    report(PEER, "W2", "s", seconds(3, || drop(run().expect("it runs"))));
    Ok(())
}

fn row() -> Result<()> {
    let model = Penguins::new(&VarMap::new())?;
    let run = || drop(model.predict(&[0.1, -0.2, 0.3, 0.4]).expect("it runs"));
    seconds(100, run);
    report(PEER, "row", "s", seconds(1000, run));
    Ok(())
}

fn save() -> Result<()> {
    let weights = VarMap::new();
    Penguins::new(&weights)?;
    weights.save(model_path())
}

/// Is timed from outside: load a file, predict a row, end.
fn start() -> Result<()> {
    let mut weights = VarMap::new();
    let model = Penguins::new(&weights)?;
    weights.load(model_path())?;
    std::hint::black_box(model.predict(&[0.1, -0.2, 0.3, 0.4])?);
    Ok(())
}

fn matrix(rows: usize, columns: usize) -> Result<Tensor> {
    Tensor::from_vec(Numbers::new(3).floats(rows * columns), (rows, columns), &DEVICE)
}

fn mm() -> Result<()> {
    for (name, m, k, n) in PRODUCTS {
        let (a, b) = (matrix(m, k)?, matrix(k, n)?);
        let run = || drop(a.matmul(&b).expect("the shapes fit"));
        report(PEER, &format!("mm {name}"), "GFLOP/s", rates(2.0 * (m * k * n) as f64, 5, run));
    }
    Ok(())
}

/// A dense layer's product and both gradients.
fn dense() -> Result<()> {
    let (x, w, g) = (matrix(4096, 256)?, matrix(256, 1024)?, matrix(4096, 1024)?);
    let run = || -> Result<()> {
        std::hint::black_box((x.matmul(&w)?, g.matmul(&w.t()?)?, x.t()?.matmul(&g)?));
        Ok(())
    };
    report(PEER, "dense", "GFLOP/s", rates(DENSE_FLOPS, 5, || run().expect("the shapes fit")));
    Ok(())
}

fn main() -> Result<()> {
    match work().as_str() {
        "w1" => w1(),
        "w2" => w2(),
        "row" => row(),
        "save" => save(),
        "start" => start(),
        "mm" => mm(),
        "dense" => dense(),
        other => panic!("there is no work `{other}`"),
    }
}
