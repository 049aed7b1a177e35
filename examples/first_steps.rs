//! Episode 1 of "Introduction to deep learning" as code: a neuron, a small network, losses, activations.
//!
//! Run it with `cargo run --example first_steps`.

use std::io::Write;

use ceras::losses::LossRef;
use ceras::prelude::*;

fn main() -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut say = |text: String| {
        // A reader that went away ends the text, not the program.
        let _ = writeln!(out, "{text}");
    };

    // One neuron: three inputs, each with a weight, a bias, an activation function.
    let mut neuron = Sequential::new().add(Input::new([3])).add(Dense::new(1).activation("relu")).build()?;
    neuron.set_weights(&[Tensor::new(&[3, 1], [-1.0f32, -0.5, 0.5])?, Tensor::new(&[1], [1.0f32])?])?;
    let y = neuron.predict(&Tensor::new(&[1, 3], [0.0f32, 0.5, 1.0])?)?;
    say(format!("a neuron: relu(0·−1 + 0.5·−0.5 + 1·0.5 + 1) = {}", y.slice::<f32>()[0]));

    // Two hidden neurons are enough for what one cannot do: exclusive or.
    let mut xor = Sequential::new()
        .add(Input::new([2]))
        .add(Dense::new(2).activation("relu"))
        .add(Dense::new(1).activation("relu"))
        .build()?;
    xor.set_weights(&[
        Tensor::new(&[2, 2], [1.0f32, 1.0, 1.0, 1.0])?,
        Tensor::new(&[2], [0.0f32, -1.0])?,
        Tensor::new(&[2, 1], [1.0f32, -2.0])?,
        Tensor::new(&[1], [0.0f32])?,
    ])?;
    let corners = Tensor::new(&[4, 2], [0.0f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0])?;
    say(format!("exclusive or of 00, 01, 10, 11: {:?}", xor.predict(&corners)?.slice::<f32>()));

    // How far predictions are from the truth: squared errors 4, 9, 0 and 1.
    let truth = Tensor::new(&[4, 1], [-1.0f32, -1.0, 0.0, 2.0])?;
    let predicted = Tensor::new(&[4, 1], [1.0f32, 2.0, 0.0, 3.0])?;
    let squared: LossRef = MeanSquaredError::new().into();
    say(format!("mean squared error: {}", squared.eval(&truth, &predicted)?));

    // One outlier: its square rules the mean squared error; for Huber's loss it counts in proportion.
    let huber: LossRef = Huber::new().into();
    let outlier = Tensor::new(&[4, 1], [1.0f32, 2.0, 0.0, 102.0])?;
    say(format!(
        "with one prediction off by 100: squared {}, Huber {}",
        squared.eval(&truth, &outlier)?,
        huber.eval(&truth, &outlier)?
    ));

    // Activation functions: values and slopes.
    let x = Tensor::from_slice(&[-2.0f32, 0.0, 2.0]);
    for name in ["sigmoid", "relu", "linear"] {
        let activation = ActivationRef::by_name(name)?;
        say(format!(
            "{name} at −2, 0, 2: {:?}, slopes {:?}",
            activation.eval(&x)?.slice::<f32>(),
            activation.slope(&x)?.slice::<f32>()
        ));
    }
    Ok(())
}
