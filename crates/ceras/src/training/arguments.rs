//! The arguments of `fit` and `evaluate`.

use super::callbacks::Callback;
use super::data::Inputs;
use super::weights::ClassWeight;
use crate::error::{Error, ErrorKind, Result};

/// How much `fit` says, as Keras counts: 0, 1, 2 or auto.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbose {
    /// A live line on a terminal, one line an epoch elsewhere.
    #[default]
    Auto,
    /// Nothing (0).
    Silent,
    /// A live line for each epoch (1).
    Bar,
    /// One line for each epoch (2).
    Line,
}

/// The arguments of `fit`, with Keras' names and defaults.
#[derive(Debug)]
pub struct Fit {
    pub(super) batch_size: usize,
    pub(super) epochs: usize,
    pub(super) verbose: Verbose,
    pub(super) callbacks: Vec<Box<dyn Callback>>,
    pub(super) validation_split: f64,
    pub(super) validation_data: Option<(Inputs, Inputs, Option<Inputs>)>,
    pub(super) shuffle: bool,
    pub(super) class_weight: ClassWeight,
    pub(super) sample_weight: Option<Inputs>,
    pub(super) initial_epoch: usize,
    pub(super) steps_per_epoch: Option<usize>,
    pub(super) validation_steps: Option<usize>,
    pub(super) validation_batch_size: Option<usize>,
    pub(super) validation_freq: usize,
}

impl Default for Fit {
    fn default() -> Fit {
        Fit::new()
    }
}

impl Fit {
    /// One epoch of shuffled batches of 32 rows.
    #[must_use]
    pub fn new() -> Fit {
        Fit {
            batch_size: 32,
            epochs: 1,
            verbose: Verbose::Auto,
            callbacks: Vec::new(),
            validation_split: 0.0,
            validation_data: None,
            shuffle: true,
            class_weight: Vec::new(),
            sample_weight: None,
            initial_epoch: 0,
            steps_per_epoch: None,
            validation_steps: None,
            validation_batch_size: None,
            validation_freq: 1,
        }
    }

    /// Rows of a batch; the last batch of an epoch may have fewer.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Fit {
        self.batch_size = batch_size;
        self
    }

    /// The number of the epoch to end before, counted from 0: with `initial_epoch` 0, how often all rows are seen.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Fit {
        self.epochs = epochs;
        self
    }

    /// How much to say.
    #[must_use]
    pub fn verbose(mut self, verbose: Verbose) -> Fit {
        self.verbose = verbose;
        self
    }

    /// Something to do while it runs.
    #[must_use]
    pub fn callback(mut self, callback: impl Callback + 'static) -> Fit {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// The share of the rows, from 0 to below 1, to measure on after each epoch: the last rows, taken before any
    /// shuffling, as in Keras.
    #[must_use]
    pub fn validation_split(mut self, validation_split: f64) -> Fit {
        self.validation_split = validation_split;
        self
    }

    /// Rows to measure on after each epoch; they win over `validation_split`.
    #[must_use]
    pub fn validation_data(mut self, x: impl Into<Inputs>, y: impl Into<Inputs>) -> Fit {
        self.validation_data = Some((x.into(), y.into(), None));
        self
    }

    /// Rows to measure on after each epoch, each with a weight.
    #[must_use]
    pub fn weighted_validation_data(
        mut self,
        x: impl Into<Inputs>,
        y: impl Into<Inputs>,
        weight: impl Into<Inputs>,
    ) -> Fit {
        self.validation_data = Some((x.into(), y.into(), Some(weight.into())));
        self
    }

    /// Whether the rows come in another order in each epoch.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Fit {
        self.shuffle = shuffle;
        self
    }

    /// How much a class counts in the loss; 1 where nothing is said.
    #[must_use]
    pub fn class_weight(mut self, class_weight: impl Into<ClassWeight>) -> Fit {
        self.class_weight = class_weight.into();
        self
    }

    /// How much each row counts, or each step of each row in the loss: for all outputs, one tensor for each, or by the outputs' names.
    #[must_use]
    pub fn sample_weight(mut self, sample_weight: impl Into<Inputs>) -> Fit {
        self.sample_weight = Some(sample_weight.into());
        self
    }

    /// The number of the first epoch, to go on where an earlier `fit` ended.
    #[must_use]
    pub fn initial_epoch(mut self, initial_epoch: usize) -> Fit {
        self.initial_epoch = initial_epoch;
        self
    }

    /// Batches of an epoch, when not all rows are to be seen in each; the next epoch goes on where it ended.
    #[must_use]
    pub fn steps_per_epoch(mut self, steps: usize) -> Fit {
        self.steps_per_epoch = Some(steps);
        self
    }

    /// Batches to measure on after each epoch, the first ones.
    #[must_use]
    pub fn validation_steps(mut self, steps: usize) -> Fit {
        self.validation_steps = Some(steps);
        self
    }

    /// Rows of a batch while measuring; that of training by default.
    #[must_use]
    pub fn validation_batch_size(mut self, batch_size: usize) -> Fit {
        self.validation_batch_size = Some(batch_size);
        self
    }

    /// Measure after every so many epochs.
    #[must_use]
    pub fn validation_freq(mut self, epochs: usize) -> Fit {
        self.validation_freq = epochs;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        let positive = |name: &str, value: usize| {
            if value > 0 {
                Ok(())
            } else {
                Err(Error::new(ErrorKind::Usage, format!("`{name}` must be 1 or more; it is 0")))
            }
        };
        positive("batch_size", self.batch_size)?;
        positive("validation_batch_size", self.validation_batch_size.unwrap_or(1))?;
        positive("validation_freq", self.validation_freq)?;
        positive("steps_per_epoch", self.steps_per_epoch.unwrap_or(1))?;
        positive("validation_steps", self.validation_steps.unwrap_or(1))?;
        if !(0.0..1.0).contains(&self.validation_split) {
            let text =
                format!("`validation_split` must be from 0 to below 1; it is {}", self.validation_split);
            return Err(Error::new(ErrorKind::Usage, text));
        }
        Ok(())
    }
}

/// The arguments of `evaluate`, with Keras' names and defaults.
#[derive(Clone, Debug)]
pub struct Evaluate {
    pub(super) batch_size: usize,
    pub(super) steps: Option<usize>,
    pub(super) sample_weight: Option<Inputs>,
}

impl Default for Evaluate {
    fn default() -> Evaluate {
        Evaluate::new()
    }
}

impl Evaluate {
    /// All rows, in batches of 32.
    #[must_use]
    pub fn new() -> Evaluate {
        Evaluate { batch_size: 32, steps: None, sample_weight: None }
    }

    /// Rows of a batch.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Evaluate {
        self.batch_size = batch_size;
        self
    }

    /// Batches to measure on, the first ones.
    #[must_use]
    pub fn steps(mut self, steps: usize) -> Evaluate {
        self.steps = Some(steps);
        self
    }

    /// How much each row counts, or each step of each row: for all outputs, one tensor for each, or by the outputs' names.
    #[must_use]
    pub fn sample_weight(mut self, sample_weight: impl Into<Inputs>) -> Evaluate {
        self.sample_weight = Some(sample_weight.into());
        self
    }
}
