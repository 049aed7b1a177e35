//! Exponential decay.

use super::{Schedule, positive_steps, schedule};
use crate::error::Result;

schedule! {
    /// Exponential decay, `initial_learning_rate · decay_rate^(step / decay_steps)`.
    ///
    /// # Errors
    /// [`check`](crate::optimizers::check) refuses numbers of steps that are not positive.
    ///
    /// # Examples
    /// ```
    /// use ceras::optimizers::schedules::{ExponentialDecay, Schedule};
    /// // Half after 20 steps.
    /// assert_eq!(ExponentialDecay::new(0.5, 20.0, 0.5).at(20), 0.25);
    /// ```
    ExponentialDecay, "ExponentialDecay", "ExponentialDecay", (initial_learning_rate: f64, decay_steps: f64, decay_rate: f64), {
        staircase: bool = false, "default::staircase", "The same in whole stairs of `decay_steps` steps.";
    }, [initial_learning_rate, decay_steps, decay_rate, staircase, name]
}

impl Schedule for ExponentialDecay {
    fn at(&self, step: u64) -> f32 {
        let part = step as f32 / self.decay_steps as f32;
        let part = if self.staircase { part.floor() } else { part };
        self.initial_learning_rate as f32 * (self.decay_rate as f32).powf(part)
    }

    fn check(&self) -> Result<()> {
        positive_steps("decay_steps", self.decay_steps)
    }
}
