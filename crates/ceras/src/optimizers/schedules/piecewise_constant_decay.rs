//! Steps down.

use super::{Schedule, schedule};
use crate::error::{Error, ErrorKind, Result};

schedule! {
    /// The value number i up to and with the boundary number i, the last value after the last boundary.
    ///
    /// # Errors
    /// [`check`](crate::optimizers::check) refuses boundaries that do not rise or do not fit the values.
    ///
    /// # Examples
    /// ```
    /// use ceras::optimizers::schedules::{PiecewiseConstantDecay, Schedule};
    /// let schedule = PiecewiseConstantDecay::new([10.0], [0.5, 0.25]);
    /// assert_eq!([schedule.at(10), schedule.at(11)], [0.5, 0.25]);
    /// ```
    PiecewiseConstantDecay, "PiecewiseConstantDecay", "PiecewiseConstant", (boundaries: Vec<f64>, values: Vec<f64>), {}, [boundaries, values, name]
}

impl Schedule for PiecewiseConstantDecay {
    fn at(&self, step: u64) -> f32 {
        let passed = self.boundaries.iter().take_while(|boundary| step as f64 > **boundary).count();
        self.values.get(passed).copied().unwrap_or(f64::NAN) as f32
    }

    fn check(&self) -> Result<()> {
        if self.boundaries.len() + 1 == self.values.len() && self.boundaries.is_sorted() {
            return Ok(());
        }
        let (boundaries, values) = (self.boundaries.len(), self.values.len());
        let text = format!(
            "`boundaries` must rise and be one fewer than `values`; there are {boundaries} and {values}"
        );
        Err(Error::new(ErrorKind::Usage, text))
    }
}
