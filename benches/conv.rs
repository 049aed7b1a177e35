//! Networks of convolutions from start to end.
//!
//! `cargo bench -p ceras --bench conv [-- w3|w4|w5]` measures; `… -- profile w3|w4|w5` shows each step against the
//! machine's limits; `… -- save w3|w4|w5 FILE` writes the network for `ceras profile FILE`.

mod networks;

use std::io::Write;
use std::time::Instant;

use ceras::prelude::*;
use ceras::random::Random;

/// Flops of a pass (multiplications and additions of convolutions and dense layers), by which rates are told.
const W3_FLOPS: f64 = 137.2e6;
const W4_FLOPS: f64 = 2.891e9;
const W5_FLOPS: f64 = 22.91e9;

/// Numbers between 0 and 1.
fn pictures(count: usize, side: usize) -> Result<Tensor> {
    let mut random = Random::new(1, 0);
    let values: Vec<f32> = (0..count * side * side * 3).map(|_| random.uniform() as f32).collect();
    Ok(Tensor::new(&[count, side, side, 3], values)?)
}

fn labels(count: usize, classes: usize) -> Tensor {
    Tensor::from_slice(&(0..count).map(|row| (row % classes) as i32).collect::<Vec<_>>())
}

/// What each of some runs takes, shortest first.
fn seconds(repeats: usize, mut run: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn epochs(model: &mut Model, x: &Tensor, y: &Tensor, batch: usize, repeats: usize) -> Result<Vec<f64>> {
    let mut epoch = || {
        let fit = Fit::new().batch_size(batch).verbose(Verbose::Silent);
        model.fit(x, y, fit).map(drop)
    };
    // The first one traces and compiles.
    epoch()?;
    seconds(repeats, epoch)
}

/// The most memory that the process has had, in MiB, where the system says so.
fn peak_mib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or_else(String::new, |kib| format!(", peak memory {:.0} MiB", kib / 1024.0))
}

/// W3: an epoch of the lesson's CNN, 878 pictures of 64×64 in batches of 32.
fn w3() -> Result<String> {
    let (x, y) = (pictures(878, 64)?, labels(878, 10));
    let times = epochs(&mut networks::lesson_cnn()?, &x, &y, 32, 10)?;
    let rate = 878.0 * W3_FLOPS / times[0] / 1e9;
    let (best, median) = (times[0], times[times.len() / 2]);
    Ok(format!("W3 lesson CNN, training epoch: {best:.3} s (median {median:.3}), {rate:.0} GFLOP/s"))
}

/// W4: DenseNet121 predicts 64 pictures of 160×160 in batches of 32.
fn w4() -> Result<String> {
    let mut model = networks::densenet121(160)?;
    let x = pictures(64, 160)?;
    let mut run = || model.predict_all(&x, 32).map(drop);
    run()?;
    let times = seconds(5, run)?;
    let (best, median) = (64.0 / times[0], 64.0 / times[times.len() / 2]);
    let rate = best * W4_FLOPS / 1e9;
    Ok(format!("W4 DenseNet121, inference: {best:.1} images/s (median {median:.1}), {rate:.0} GFLOP/s"))
}

/// W5: ResNet50 learns from 16 pictures of 224×224 at a time.
fn w5() -> Result<String> {
    let (x, y) = (pictures(16, 224)?, labels(16, 1000));
    let times = epochs(&mut networks::resnet50()?, &x, &y, 16, 4)?;
    let (best, median) = (16.0 / times[0], 16.0 / times[times.len() / 2]);
    let rate = best * W5_FLOPS / 1e9;
    Ok(format!("W5 ResNet50, training: {best:.2} images/s (median {median:.2}), {rate:.0} GFLOP/s"))
}

fn network(name: &str) -> Result<(Model, usize, usize)> {
    match name {
        "w3" => Ok((networks::lesson_cnn()?, 32, 20)),
        "w4" => Ok((networks::densenet121(160)?, 32, 5)),
        "w5" => Ok((networks::resnet50()?, 16, 3)),
        other => Err(Error::new(ceras::ErrorKind::Usage, format!("there is no network `{other}`"))),
    }
}

/// What measures one workload and says it in a line.
type Bench = fn() -> Result<String>;

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut say = |text: String| writeln!(out, "{text}").expect("a place to write to");
    // Cargo adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["profile", name] => {
            let (mut model, batch, runs) = network(name)?;
            say(model.profile(batch, runs)?.to_string());
        }
        ["save", name, path] => network(name)?.0.save(path)?,
        chosen => {
            say(format!("level {}, {} threads", ceras::Isa::active(), ceras::Pool::default_threads()));
            let all: [(&str, Bench); 3] = [("w3", w3), ("w4", w4), ("w5", w5)];
            for (name, work) in all {
                if chosen.is_empty() || chosen.contains(&name) {
                    say(work()? + &peak_mib());
                }
            }
        }
    }
    Ok(())
}
