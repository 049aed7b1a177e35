//! Polynomial decay.

use super::{Schedule, positive_steps, schedule};
use crate::error::Result;

schedule! {
    /// Polynomial decay to `end_learning_rate` at `decay_steps`, where it stays:
    /// `(initial − end)(1 − step / decay_steps)^power + end`. With `cycle`, `decay_steps` is doubled,
    /// tripled, … whenever it is reached.
    ///
    /// # Errors
    /// [`check`](crate::optimizers::check) refuses numbers of steps that are not positive.
    ///
    /// # Examples
    /// ```
    /// use ceras::optimizers::schedules::{PolynomialDecay, Schedule};
    /// let schedule = PolynomialDecay::new(1.0, 10.0).end_learning_rate(0.5);
    /// assert_eq!([schedule.at(5), schedule.at(99)], [0.75, 0.5]);
    /// ```
    PolynomialDecay, "PolynomialDecay", "PolynomialDecay", (initial_learning_rate: f64, decay_steps: f64), {
        end_learning_rate: f64 = 0.0001, "default::end_learning_rate", "The same with another last learning rate.";
        power: f64 = 1.0, "default::power", "The same with another power.";
        cycle: bool = false, "default::cycle", "The same with or without a new start at the end.";
    }, [initial_learning_rate, decay_steps, end_learning_rate, power, cycle, name]
}

impl Schedule for PolynomialDecay {
    fn at(&self, step: u64) -> f32 {
        let (mut step, mut steps) = (step as f32, self.decay_steps as f32);
        if self.cycle {
            steps *= if step == 0.0 { 1.0 } else { (step / steps).ceil() };
        } else {
            step = step.min(steps);
        }
        let end = self.end_learning_rate as f32;
        (self.initial_learning_rate as f32 - end) * (1.0 - step / steps).powf(self.power as f32) + end
    }

    fn check(&self) -> Result<()> {
        positive_steps("decay_steps", self.decay_steps)
    }
}
