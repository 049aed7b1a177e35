//! A Siamese network: one encoder for both of two things, and the cosine of what it makes of them. It learns what "the
//! same kind" means, and then tells pairs of kinds that it has never seen.
//!
//! Run it with `cargo run --release --example siamese`.

use std::io::Write;

use ceras::prelude::*;
use ceras::random::Random;
use ceras::{KerasTensor, ops};

/// Numbers of a thing: those of its kind first, the rest say nothing of it.
const KIND: usize = 6;
const NOISE: usize = 10;

/// Pairs of things and whether they are of one kind; half of them are.
fn pairs(count: usize, random: &mut Random) -> Result<(Tensor, Tensor, Tensor)> {
    let (mut left, mut right, mut same) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..count {
        let kind: Vec<f64> = (0..KIND).map(|_| random.normal()).collect();
        let other: Vec<f64> = (0..KIND).map(|_| random.normal()).collect();
        let alike = pair % 2 == 0;
        for (side, kind) in [(&mut left, &kind), (&mut right, if alike { &kind } else { &other })] {
            side.extend(kind.iter().map(|number| (number + 0.2 * random.normal()) as f32));
            side.extend((0..NOISE).map(|_| (2.0 * random.normal()) as f32));
        }
        same.push(f32::from(u8::from(alike)));
    }
    let dims = [count, KIND + NOISE];
    Ok((Tensor::new(&dims, left)?, Tensor::new(&dims, right)?, Tensor::new(&[count, 1], same)?))
}

/// The cosine of the angle between two vectors, for each row.
fn cosine(a: &KerasTensor, b: &KerasTensor) -> Result<KerasTensor> {
    let product = ops::sum(&(a * b), -1, true)?;
    let length = |x: &KerasTensor| ops::sqrt(&(ops::sum(&ops::square(x)?, -1, true)? + 1e-6));
    Ok(product / (length(a)? * length(b)?))
}

fn siamese() -> Result<Model> {
    let left = Input::new([KIND + NOISE]).name("left").tensor();
    let right = Input::new([KIND + NOISE]).name("right").tensor();
    // One layer applied twice has one set of weights.
    let encoder: LayerRef = Dense::new(8).use_bias(false).name("encoder").into();
    let (a, b) = (encoder.clone().apply(&left)?, encoder.apply(&right)?);
    let same = Dense::new(1).activation("sigmoid").name("same").apply(&cosine(&a, &b)?)?;
    Model::new(&[left, right], &same)
}

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut say = |text: String| {
        // A reader that went away ends the text, not the program.
        let _ = writeln!(out, "{text}");
    };
    let mut random = Random::new(1, 0);
    let (left, right, same) = pairs(4000, &mut random)?;
    let (new_left, new_right, new_same) = pairs(1000, &mut random)?;

    let mut model = siamese()?.with_name("siamese");
    say(model.summary());
    let compile = Compile::new("binary_crossentropy").optimizer(Adam::new().learning_rate(0.01));
    model.compile(compile.metrics(["accuracy"]))?;
    let before = model.evaluate([&new_left, &new_right], &new_same, Evaluate::new())?;
    model.fit([&left, &right], &same, Fit::new().epochs(20).batch_size(64).verbose(Verbose::Silent))?;
    let after = model.evaluate([&new_left, &new_right], &new_same, Evaluate::new())?;

    let percent = |logs: &ceras::training::Logs| 100.0 * logs.get("accuracy").unwrap_or(f64::NAN);
    say(format!(
        "Pairs of new kinds told rightly: {:.1}% before training, {:.1}% after.",
        percent(&before),
        percent(&after)
    ));
    let one = |tensor: &Tensor, row: usize| tensor.rows(row, row + 1);
    for (row, words) in [(0, "of one kind"), (1, "of two kinds")] {
        let answer = model.predict([&one(&new_left, row)?, &one(&new_right, row)?])?;
        say(format!("A pair {words}: the same with probability {:.2}.", answer.item()?));
    }
    if percent(&after) < 90.0 {
        return Err(Error::new(ceras::ErrorKind::Training, "the network has not learnt"));
    }
    Ok(())
}
