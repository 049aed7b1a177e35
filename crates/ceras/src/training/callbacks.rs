//! Callbacks: what a program wants done while `fit` runs.

use std::fmt::Debug;

use super::history::Logs;
use crate::error::Result;
use crate::models::Model;

/// Something to do while `fit` runs.
///
/// A callback is plain configuration: each `fit` asks it for a fresh [`Run`], which owns all state. So the same
/// callback can be given to several calls of `fit` and never remembers an earlier one.
///
/// # Keras
/// Keras' callbacks keep their state in themselves, and an instance that is used twice starts from stale values.
pub trait Callback: Debug + Send + Sync {
    /// The state of one call of `fit`.
    fn start(&self) -> Box<dyn Run>;
}

/// One run of a callback. Every method does nothing unless it is written.
pub trait Run {
    /// Before the first epoch.
    ///
    /// # Errors
    /// Training stops with the error.
    fn on_train_begin(&mut self, model: &mut Model) -> Result<()> {
        let _ = model;
        Ok(())
    }

    /// Before an epoch, counted from 0.
    ///
    /// # Errors
    /// Training stops with the error.
    fn on_epoch_begin(&mut self, model: &mut Model, epoch: usize) -> Result<()> {
        let _ = (model, epoch);
        Ok(())
    }

    /// After a batch, counted from 0 in its epoch. The running means are those of the epoch so far.
    ///
    /// # Errors
    /// Training stops with the error.
    fn on_train_batch_end(&mut self, model: &mut Model, batch: usize) -> Result<()> {
        let _ = (model, batch);
        Ok(())
    }

    /// After an epoch and its validation.
    ///
    /// # Errors
    /// Training stops with the error.
    fn on_epoch_end(&mut self, model: &mut Model, end: &mut EpochEnd<'_>) -> Result<()> {
        let _ = (model, end);
        Ok(())
    }

    /// After the last epoch.
    ///
    /// # Errors
    /// `fit` returns the error.
    fn on_train_end(&mut self, model: &mut Model) -> Result<()> {
        let _ = model;
        Ok(())
    }
}

/// The end of an epoch, as a callback sees it.
#[derive(Debug)]
pub struct EpochEnd<'a> {
    /// The epoch, counted from 0.
    pub epoch: usize,
    /// Its numbers.
    pub logs: &'a mut Logs,
    /// Set it to end training after this epoch.
    pub stop_training: bool,
}
