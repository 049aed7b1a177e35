//! Decay by the inverse of time.

use super::{Schedule, positive_steps, schedule};
use crate::error::Result;

schedule! {
    /// Decay by the inverse of time, `initial_learning_rate / (1 + decay_rate · step / decay_steps)`.
    ///
    /// # Errors
    /// [`check`](crate::optimizers::check) refuses numbers of steps that are not positive.
    ///
    /// # Examples
    /// ```
    /// use ceras::optimizers::schedules::{InverseTimeDecay, Schedule};
    /// assert_eq!(InverseTimeDecay::new(0.5, 10.0, 1.0).at(10), 0.25);
    /// ```
    InverseTimeDecay, "InverseTimeDecay", "InverseTimeDecay", (initial_learning_rate: f64, decay_steps: f64, decay_rate: f64), {
        staircase: bool = false, "default::staircase", "The same in whole stairs of `decay_steps` steps.";
    }, [initial_learning_rate, decay_steps, decay_rate, staircase, name]
}

impl Schedule for InverseTimeDecay {
    fn at(&self, step: u64) -> f32 {
        let part = step as f32 / self.decay_steps as f32;
        let part = if self.staircase { part.floor() } else { part };
        self.initial_learning_rate as f32 / (1.0 + self.decay_rate as f32 * part)
    }

    fn check(&self) -> Result<()> {
        positive_steps("decay_steps", self.decay_steps)
    }
}
