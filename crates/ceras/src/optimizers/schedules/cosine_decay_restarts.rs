//! Cosine decay with restarts.

use super::{Schedule, positive_steps, schedule};
use crate::error::Result;

schedule! {
    /// [`CosineDecay`](super::CosineDecay) that starts again at its end, each time `t_mul` times as long and from `m_mul` times the
    /// learning rate.
    ///
    /// # Errors
    /// [`check`](crate::optimizers::check) refuses numbers of steps that are not positive.
    ///
    /// # Examples
    /// ```
    /// use ceras::optimizers::schedules::{CosineDecayRestarts, Schedule};
    /// let schedule = CosineDecayRestarts::new(1.0, 10.0).m_mul(0.5);
    /// assert_eq!([schedule.at(0), schedule.at(10)], [1.0, 0.5]);
    /// ```
    CosineDecayRestarts, "CosineDecayRestarts", "SGDRDecay", (initial_learning_rate: f64, first_decay_steps: f64), {
        t_mul: f64 = 2.0, "default::t_mul", "The same with another growth of the length.";
        m_mul: f64 = 1.0, "default::m_mul", "The same with another factor of the learning rate.";
        alpha: f64 = 0.0, "default::alpha", "The same with another last part of the learning rate.";
    }, [initial_learning_rate, first_decay_steps, t_mul, m_mul, alpha, name]
}

impl Schedule for CosineDecayRestarts {
    fn at(&self, step: u64) -> f32 {
        let (t_mul, m_mul, alpha) = (self.t_mul as f32, self.m_mul as f32, self.alpha as f32);
        let done = step as f32 / self.first_decay_steps as f32;
        let (restarts, part) = if t_mul == 1.0 {
            (done.floor(), done - done.floor())
        } else {
            let restarts = ((1.0 - done * (1.0 - t_mul)).ln() / t_mul.ln()).floor();
            let before = (1.0 - t_mul.powf(restarts)) / (1.0 - t_mul);
            (restarts, (done - before) / t_mul.powf(restarts))
        };
        let wave = 0.5 * m_mul.powf(restarts) * (1.0 + (std::f32::consts::PI * part).cos());
        self.initial_learning_rate as f32 * ((1.0 - alpha) * wave + alpha)
    }

    fn check(&self) -> Result<()> {
        positive_steps("first_decay_steps", self.first_decay_steps)
    }
}
