//! Cosine decay.

use super::{Schedule, positive_steps, schedule};
use crate::error::Result;

schedule! {
    /// Half a cosine down to the part `alpha` at `decay_steps`, where it stays:
    /// `initial ((1 − alpha)(1 + cos(π step / decay_steps)) / 2 + alpha)`. With `warmup_target`, first a straight line to it
    /// in `warmup_steps` steps, and the cosine from there.
    ///
    /// # Errors
    /// [`check`](crate::optimizers::check) refuses numbers of steps that are not positive.
    ///
    /// # Examples
    /// ```
    /// use ceras::optimizers::schedules::{CosineDecay, Schedule};
    /// let schedule = CosineDecay::new(1.0, 10.0);
    /// assert_eq!([schedule.at(0), schedule.at(10)], [1.0, 0.0]);
    /// ```
    CosineDecay, "CosineDecay", "CosineDecay", (initial_learning_rate: f64, decay_steps: f64), {
        alpha: f64 = 0.0, "default::alpha", "The same with another last part of the learning rate.";
        warmup_target: Option<f64> = None, "default::warmup_target", "The same with a learning rate to warm up to.";
        warmup_steps: f64 = 0.0, "default::warmup_steps", "The same with a number of steps to warm up in.";
    }, [initial_learning_rate, decay_steps, alpha, name, warmup_target, warmup_steps]
}

impl Schedule for CosineDecay {
    fn at(&self, step: u64) -> f32 {
        let (step, steps) = (step as f32, self.decay_steps as f32);
        let initial = self.initial_learning_rate as f32;
        let Some(target) = self.warmup_target else { return self.cosine(step.min(steps), initial) };
        let (target, warmup) = (target as f32, self.warmup_steps as f32);
        let step = step.min(steps + warmup);
        if step < warmup {
            (target - initial) * (step / warmup) + initial
        } else {
            self.cosine(step - warmup, target)
        }
    }

    fn check(&self) -> Result<()> {
        positive_steps("decay_steps", self.decay_steps)
    }
}

impl CosineDecay {
    fn cosine(&self, step: f32, from: f32) -> f32 {
        let wave = 0.5 * (1.0 + (std::f32::consts::PI * (step / self.decay_steps as f32)).cos());
        from * ((1.0 - self.alpha) as f32 * wave + self.alpha as f32)
    }
}
