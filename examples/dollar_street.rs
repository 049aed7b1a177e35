//! Episode 4 of "Introduction to deep learning": a convolutional network that says what a picture of the Dollar Street data
//! shows.
//!
//! Run it with `cargo run --release --example dollar_street FOLDER`, where FOLDER holds the lesson's `train_images.npy`,
//! `train_labels.npy`, `test_images.npy` and `test_labels.npy`. Without FOLDER the pictures are made up.

use std::io::Write;
use std::path::Path;

use ceras::data::npy;
use ceras::layers::{Conv2D, MaxPooling2D, Rescaling};
use ceras::prelude::*;
use ceras::random::Random;

/// Height and width of a picture.
const SIZE: usize = 64;
/// Pictures that are made up, as many as the lesson has.
const MADE_UP: (usize, usize) = (878, 218);

/// Pictures and their classes.
type Rows = (Tensor, Tensor);

fn from_folder(folder: &Path) -> Result<(Rows, Rows)> {
    let part = |name: &str| -> Result<Rows> {
        let x = npy::read(folder.join(format!("{name}_images.npy")))?;
        let y = npy::read(folder.join(format!("{name}_labels.npy")))?;
        if x.rank() != 4 || x.dims()[1..] != [SIZE, SIZE, 3] {
            let text = format!("`{name}_images.npy` is {}; it should be pictures of 64 × 64 × 3", x.ty());
            return Err(Error::new(ceras::ErrorKind::Shape, text));
        }
        Ok((x, y.cast(DType::I32)))
    };
    Ok((part("train")?, part("test")?))
}

/// Pictures of ten classes: noise with a bright spot at the place of the class.
fn made_up(count: usize, random: &mut Random) -> Result<Rows> {
    let mut pixels = Vec::with_capacity(count * SIZE * SIZE * 3);
    let mut labels = Vec::with_capacity(count);
    for number in 0..count {
        let class = number % 10;
        let (row, column) = (8 + class / 5 * 32, 2 + class % 5 * 12);
        for place in 0..SIZE * SIZE {
            let inside =
                (row..row + 10).contains(&(place / SIZE)) && (column..column + 10).contains(&(place % SIZE));
            let base = if inside { 120 } else { 0 };
            pixels.extend((0..3).map(|_| base + random.below(120) as u8));
        }
        labels.push(class as i32);
    }
    Ok((Tensor::new(&[count, SIZE, SIZE, 3], pixels)?, Tensor::from_slice(&labels)))
}

/// The lesson's network with pooling. The pictures stay bytes until its first layer brings them to numbers from 0 to 1.
fn network() -> Result<Model> {
    Sequential::new()
        .name("dollar_street")
        .add(Input::new([SIZE, SIZE, 3]))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Conv2D::new(50, [3, 3]).activation("relu"))
        .add(MaxPooling2D::new([2, 2]))
        .add(Conv2D::new(50, [3, 3]).activation("relu"))
        .add(MaxPooling2D::new([2, 2]))
        .add(Flatten::new())
        .add(Dense::new(50).activation("relu"))
        .add(Dense::new(10))
        .build()
}

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    let mut say = |text: String| {
        // A reader that went away ends the text, not the program.
        let _ = writeln!(out, "{text}");
    };
    let ((train_x, train_y), (test_x, test_y)) = match std::env::args_os().nth(1) {
        Some(folder) => from_folder(Path::new(&folder))?,
        None => {
            say(
                "No folder was given: these are made-up pictures of the lesson's shape, not Dollar Street's."
                    .into(),
            );
            let mut random = Random::new(0, 0);
            (made_up(MADE_UP.0, &mut random)?, made_up(MADE_UP.1, &mut random)?)
        }
    };
    let mut model = network()?;
    say(model.summary());
    let loss = SparseCategoricalCrossentropy::new().from_logits(true);
    model.compile(Compile::new(loss).optimizer(Adam::new()).metrics(["accuracy"]))?;
    say(format!("{}", model.memory_plan(32)?));
    let fit = Fit::new().epochs(10).batch_size(32).validation_data(&test_x, &test_y);
    let history = model.fit(&train_x, &train_y, fit)?;
    let last = |name: &str| history.get(name).last().copied().unwrap_or(f64::NAN);
    say(format!(
        "Accuracy after 10 epochs: {:.1}% on the pictures trained on, {:.1}% on the others.",
        100.0 * last("accuracy"),
        100.0 * last("val_accuracy")
    ));
    Ok(())
}
