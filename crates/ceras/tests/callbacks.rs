//! Callbacks: their state belongs to one run, and they can end it.

use ceras::prelude::*;
use ceras::training::{Callback, EpochEnd, Run};

/// Ends training after so many epochs.
#[derive(Clone, Copy, Debug)]
struct StopAfter(usize);

/// How many epochs this run has seen.
struct Seen {
    limit: usize,
    epochs: usize,
}

impl Callback for StopAfter {
    fn start(&self) -> Box<dyn Run> {
        Box::new(Seen { limit: self.0, epochs: 0 })
    }
}

impl Run for Seen {
    fn on_epoch_end(&mut self, _: &mut Model, end: &mut EpochEnd<'_>) -> Result<()> {
        self.epochs += 1;
        end.logs.insert("seen", self.epochs as f64);
        end.stop_training = self.epochs == self.limit;
        Ok(())
    }
}

#[test]
fn a_callback_ends_training_and_remembers_no_earlier_run() {
    let mut model = Sequential::new().add(Input::new([1])).add(Dense::new(1)).build().unwrap();
    model.compile(Compile::new("mse").optimizer("sgd")).unwrap();
    let x = Tensor::new(&[4, 1], [0.0f32, 1.0, 2.0, 3.0]).unwrap();
    let callback = StopAfter(2);
    for _ in 0..2 {
        let fit = Fit::new().epochs(10).callback(callback).verbose(Verbose::Silent);
        let history = model.fit(&x, &x, fit).unwrap();
        assert_eq!(history.epochs(), [0, 1]);
        assert_eq!(history.get("seen"), [1.0, 2.0]);
    }
}

#[test]
fn run_eagerly_gives_what_the_plan_gives() {
    let train = |eagerly: bool| {
        let mut model =
            Sequential::new().add(Input::new([2])).add(Dense::new(3).activation("tanh")).build().unwrap();
        model.compile(Compile::new("mse").optimizer("adam").run_eagerly(eagerly)).unwrap();
        let x = Tensor::new(&[4, 2], [0.0f32, 1.0, 2.0, 3.0, -1.0, 0.5, 0.25, -2.0]).unwrap();
        let y = Tensor::new(&[4, 3], [0.5f32; 12]).unwrap();
        let fit = Fit::new().epochs(5).batch_size(2).verbose(Verbose::Silent);
        model.fit(&x, &y, fit).unwrap().get("loss")
    };
    for (plan, eager) in train(false).into_iter().zip(train(true)) {
        assert!((plan - eager).abs() < 1e-5, "{plan} and {eager}");
    }
}
