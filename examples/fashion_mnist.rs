//! A small convolutional network that tells clothes apart: Fashion-MNIST, more than 90% right after five epochs.
//!
//! Run it with `cargo run --release --example fashion_mnist [FOLDER]`. The four IDX files are looked for in FOLDER, or in the
//! data folders of ceras, of Keras and of Debian's package `dataset-fashion-mnist`. Where they are not, a few pictures are
//! made up, to show the way and no more.

use std::io::Write;
use std::path::PathBuf;

use ceras::data::datasets::{Pictures, fashion_mnist};
use ceras::layers::{Conv2D, MaxPooling2D, Rescaling};
use ceras::prelude::*;
use ceras::random::Random;

/// Pictures of ten classes: noise with a bright stripe in the row of the class.
fn made_up(count: usize, random: &mut Random) -> Result<(Tensor, Tensor)> {
    let mut pixels = Vec::with_capacity(count * 28 * 28);
    for number in 0..count {
        let row = 3 + 2 * (number % 10);
        pixels.extend((0..28 * 28).map(|place| {
            let base = if place / 28 == row { 130 } else { 0 };
            base + random.below(120) as u8
        }));
    }
    let labels: Vec<u8> = (0..count).map(|number| (number % 10) as u8).collect();
    Ok((Tensor::new(&[count, 28, 28], pixels)?, Tensor::from_slice(&labels)))
}

fn network() -> Result<Model> {
    Sequential::new()
        .name("fashion_mnist")
        .add(Input::new([28, 28, 1]))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2D::new(32, [3, 3]).activation("relu"))
        .add(MaxPooling2D::new([2, 2]))
        .add(Conv2D::new(64, [3, 3]).activation("relu"))
        .add(MaxPooling2D::new([2, 2]))
        .add(Flatten::new())
        .add(Dense::new(128).activation("relu"))
        .add(Dense::new(10).activation("softmax"))
        .build()
}

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    let mut say = |text: String| {
        // A reader that went away ends the text, not the program.
        let _ = writeln!(out, "{text}");
    };
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let pictures = match fashion_mnist(folder.as_deref()) {
        Err(error) if folder.is_none() => {
            say(format!(
                "{error}\n\nSo these are made-up pictures of the same shape; what is reached says nothing."
            ));
            let mut random = Random::new(0, 0);
            let ((x_train, y_train), (x_test, y_test)) =
                (made_up(2000, &mut random)?, made_up(500, &mut random)?);
            Pictures { x_train, y_train, x_test, y_test, classes: Vec::new() }
        }
        found => found?,
    };
    let mut model = network()?;
    say(model.summary());
    model.compile(Compile::new("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    model.fit(&pictures.x_train, &pictures.y_train, Fit::new().epochs(5).batch_size(64))?;
    let logs = model.evaluate(&pictures.x_test, &pictures.y_test, Evaluate::new())?;
    let accuracy = 100.0 * logs.get("accuracy").unwrap_or(f64::NAN);
    say(format!("Accuracy on {} pictures for the test: {accuracy:.2}%", pictures.x_test.dims()[0]));
    Ok(())
}
