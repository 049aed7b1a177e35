//! Small networks from start to end: what a user waits for when the arithmetic is next to nothing.
//!
//! `cargo bench -p ceras --bench small_nets` measures; `… -- profile w1|w2` shows each step of training against the machine's
//! limits.

use std::io::Write;
use std::time::Instant;

use ceras::prelude::*;
use ceras::random::Random;

/// Rows of numbers that look like standardised measurements.
fn features(rows: usize, columns: usize, seed: u64) -> Tensor {
    let mut random = Random::new(seed, 0);
    let values: Vec<f32> = (0..rows * columns).map(|_| random.normal() as f32).collect();
    Tensor::new(&[rows, columns], values).expect("as many numbers as the shape asks for")
}

/// The best of several runs, in seconds.
fn best(repeats: usize, mut run: impl FnMut()) -> f64 {
    (0..repeats)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

/// The penguins' network: Dense 4 → 10 relu → 3 softmax, Adam.
fn penguins() -> Result<Model> {
    let mut model = Sequential::new()
        .add(Input::new([4]))
        .add(Dense::new(10).activation("relu"))
        .add(Dense::new(3).activation("softmax"))
        .build()?;
    model.compile(Compile::new("sparse_categorical_crossentropy").optimizer("adam"))?;
    Ok(model)
}

/// The weather's: 89 → BatchNormalization → 100 → 50 → 1, mean squared error, Adam.
fn weather() -> Result<Model> {
    let mut model = Sequential::new()
        .add(Input::new([89]))
        .add(BatchNormalization::new())
        .add(Dense::new(100).activation("relu"))
        .add(Dense::new(50).activation("relu"))
        .add(Dense::new(1))
        .build()?;
    model.compile(Compile::new("mse").optimizer("adam"))?;
    Ok(model)
}

/// W1: penguins, 273 rows in batches of 32, 100 epochs.
fn w1() -> f64 {
    let x = features(273, 4, 1);
    let labels: Vec<i32> = (0..273).map(|row| row % 3).collect();
    let y = Tensor::from_slice(&labels);
    best(20, || {
        let mut model = penguins().expect("the layers fit");
        model.fit(&x, &y, Fit::new().epochs(100).verbose(Verbose::Silent)).expect("finite numbers");
    })
}

/// W2: weather, 767 rows, 200 epochs, validation on 165 rows.
fn w2() -> f64 {
    let (x, y) = (features(767, 89, 2), features(767, 1, 3));
    let (val_x, val_y) = (features(165, 89, 4), features(165, 1, 5));
    best(3, || {
        let mut model = weather().expect("the layers fit");
        let fit = Fit::new().epochs(200).validation_data(&val_x, &val_y).verbose(Verbose::Silent);
        model.fit(&x, &y, fit).expect("finite numbers");
    })
}

/// W9: one row through the penguin network, warm.
fn one_row() -> Result<f64> {
    let mut model = penguins()?;
    let mut predictor = model.predictor(1)?;
    let (x, mut y) = ([0.1f32, -0.2, 0.3, 0.4], [0.0f32; 3]);
    let calls = 100_000;
    let seconds = best(5, || {
        for _ in 0..calls {
            predictor.run(&x, &mut y).expect("the right sizes");
            std::hint::black_box(&mut y);
        }
    });
    Ok(seconds / f64::from(calls))
}

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut say = |text: String| writeln!(out, "{text}").expect("a place to write to");
    // Cargo adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["profile", "w1"] => say(penguins()?.profile(32, 2000)?.to_string()),
        ["profile", "w2"] => say(weather()?.profile(32, 2000)?.to_string()),
        [] => {
            say(format!("level {}, {} threads", ceras::Isa::active(), ceras::Pool::default_threads()));
            say(format!("W1 penguins, 100 epochs, trace and compile included   {:8.3} ms", w1() * 1e3));
            say(format!("W2 weather, 200 epochs with validation                {:8.3} ms", w2() * 1e3));
            say(format!("W9 one row, warm                                      {:8.3} µs", one_row()? * 1e6));
        }
        other => {
            let text = format!("`{}` is neither nothing nor `profile w1` or `profile w2`", other.join(" "));
            return Err(Error::new(ceras::ErrorKind::Usage, text));
        }
    }
    Ok(())
}
