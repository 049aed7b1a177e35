//! `fit`.

use ceras_graph::Tensor;

use super::ahead::each_batch;
use super::arguments::Fit;
use super::batches;
use super::callbacks::{EpochEnd, Run};
use super::data::{Dataset, Inputs};
use super::history::{History, Logs};
use super::order::Order;
use super::plans::{Mode, PlanKey};
use super::progress::Progress;
use crate::data::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::models::Model;

const IN_VALIDATION: &str = "in the validation data";

/// Batches of a data set, compiled for: the plans of the full batch and of the short last one.
pub(crate) struct Batches {
    pub(super) size: usize,
    full: Option<usize>,
    rest: Option<usize>,
}

/// A batch in words.
fn place(epoch: usize, batch: usize) -> String {
    format!("in epoch {}, batch {}", epoch + 1, batch + 1)
}

/// What stays the same through the epochs of `fit`, and what goes along with them.
struct Course<'a> {
    fit: &'a Fit,
    data: &'a Dataset,
    /// Batches of an epoch.
    steps: usize,
    plans: Batches,
    progress: Progress,
    runs: &'a mut [Box<dyn Run>],
}

impl Model {
    /// Trains the model and returns the numbers of each epoch.
    ///
    /// # Errors
    /// The model is not compiled; the data does not fit the model, the loss or itself; a value is not finite; the loss
    /// stops being finite. In the last case the weights are those before the bad step.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// let mut line = Sequential::new().add(Input::new([1])).add(Dense::new(1)).build()?;
    /// line.compile(Compile::new("mse").optimizer(Sgd::new().learning_rate(0.05)))?;
    /// let x = Tensor::new(&[4, 1], [0.0f32, 1.0, 2.0, 3.0])?;
    /// let y = Tensor::new(&[4, 1], [1.0f32, 3.0, 5.0, 7.0])?;
    /// let history = line.fit(&x, &y, Fit::new().epochs(500).verbose(Verbose::Silent))?;
    /// assert!(history.last().unwrap().get("loss").unwrap() < 1e-3);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Values that are not finite stop the training with an error that names them; Keras goes on in silence. The losses of
    /// single outputs count each batch with its rows, as the total does; with TensorFlow alone Keras counts a short last
    /// batch in them as much as a full one.
    pub fn fit(&mut self, x: impl Into<Inputs>, y: impl Into<Inputs>, fit: Fit) -> Result<History> {
        fit.check()?;
        self.compiled()?;
        let mut data = self.dataset(x.into(), y.into(), fit.sample_weight.as_ref())?;
        let validation = match &fit.validation_data {
            Some((x, y, weight)) => {
                let data = self.dataset(x.clone(), y.clone(), weight.as_ref());
                Some(data.map_err(|error| error.context(IN_VALIDATION))?)
            }
            None if fit.validation_split > 0.0 => {
                let (first, last) = data.split(fit.validation_split)?;
                data = first;
                Some(last)
            }
            None => None,
        };
        self.get_ready(&data)?;
        self.weigh_classes(&mut data, &fit.class_weight)?;
        self.compile_steps(&fit, &data, validation.as_ref())?;
        let mut runs: Vec<Box<dyn Run>> = fit.callbacks.iter().map(|callback| callback.start()).collect();
        runs.iter_mut().try_for_each(|run| run.on_train_begin(self))?;
        let history = self.epochs(&fit, &data, validation.as_ref(), &mut runs)?;
        self.finalize_weights()?;
        runs.iter_mut().try_for_each(|run| run.on_train_end(self))?;
        Ok(history)
    }

    /// Compiles the steps of the first epoch, so that what does not fit is found before the first one.
    fn compile_steps(&mut self, fit: &Fit, data: &Dataset, validation: Option<&Dataset>) -> Result<()> {
        if let Some(validation) = validation {
            self.check_targets(validation).map_err(|error| error.context(IN_VALIDATION))?;
        }
        if fit.initial_epoch >= fit.epochs {
            return Ok(());
        }
        self.batches(Mode::Train, data, fit.batch_size)?;
        if let Some(validation) = validation {
            let size = fit.validation_batch_size.unwrap_or(fit.batch_size);
            self.batches(Mode::Test, validation, size).map_err(|error| error.context(IN_VALIDATION))?;
        }
        Ok(())
    }

    fn epochs(
        &mut self,
        fit: &Fit,
        data: &Dataset,
        validation: Option<&Dataset>,
        runs: &mut [Box<dyn Run>],
    ) -> Result<History> {
        let mut history = History::default();
        let steps = fit.steps_per_epoch.unwrap_or(data.rows.div_ceil(fit.batch_size));
        let mut course = Course {
            fit,
            data,
            steps,
            plans: self.batches(Mode::Train, data, fit.batch_size)?,
            progress: Progress::new(fit.verbose, fit.epochs, steps),
            runs,
        };
        let mut order = Order::new(self.seed, data.rows, fit.shuffle);
        for epoch in fit.initial_epoch..fit.epochs {
            self.prepare_optimizer()?;
            course.runs.iter_mut().try_for_each(|run| run.on_epoch_begin(self, epoch))?;
            course.progress.begin(epoch);
            let mut logs = self.epoch(&mut course, epoch, &mut order)?;
            if let Some(validation) = validation.filter(|_| (epoch + 1).is_multiple_of(fit.validation_freq)) {
                let batch_size = fit.validation_batch_size.unwrap_or(fit.batch_size);
                let measured = self.measure(validation, batch_size, fit.validation_steps);
                for (key, value) in measured.map_err(|error| error.context(IN_VALIDATION))?.iter() {
                    logs.insert(&format!("val_{key}"), value);
                }
            }
            course.progress.end(epoch, &logs);
            let mut end = EpochEnd { epoch, logs: &mut logs, stop_training: false };
            course.runs.iter_mut().try_for_each(|run| run.on_epoch_end(self, &mut end))?;
            let stop = end.stop_training;
            history.push(epoch, logs);
            if stop {
                break;
            }
        }
        Ok(history)
    }

    fn epoch(&mut self, course: &mut Course<'_>, epoch: usize, order: &mut Order) -> Result<Logs> {
        let (data, steps) = (course.data, course.steps);
        course.plans = self.batches(Mode::Train, data, course.fit.batch_size)?;
        self.reset_metrics()?;
        let size = course.plans.size;
        if data.is_streamed() {
            // Which rows make the batches is settled before the first is worked on, so that others can be read ahead.
            let batches = (self.step..).take(steps).map(|step| order.next(size, step).to_vec());
            let batches: Vec<Vec<usize>> = batches.collect();
            let place = |batch| place(epoch, batch);
            each_batch(data, &batches, place, |batch, read| {
                self.train_batch(course, (epoch, batch), &batches[batch], read)
            })?;
        } else {
            for batch in 0..steps {
                let rows = order.next(size, self.step);
                self.train_batch(course, (epoch, batch), rows, &[])?;
            }
        }
        self.metric_results()
    }

    fn train_batch(
        &mut self,
        course: &mut Course<'_>,
        (epoch, batch): (usize, usize),
        rows: &[usize],
        read: &[Option<Tensor>],
    ) -> Result<()> {
        let Some(plan) = course.plans.plan(rows.len()) else { return Ok(()) };
        self.train_step(plan, course.data, rows, read, &|| place(epoch, batch))?;
        for run in course.runs.iter_mut() {
            run.on_train_batch_end(self, batch)?;
        }
        if self.freezing_changed {
            // A callback has frozen a layer, or let it learn: the next step is another one.
            self.prepare_optimizer()?;
            course.plans = self.batches(Mode::Train, course.data, course.fit.batch_size)?;
        }
        if course.progress.is_due() {
            course.progress.batch(batch + 1, &self.metric_results()?);
        }
        Ok(())
    }

    /// One step of training; `place` says where, for the error of a loss that is not finite.
    pub(crate) fn train_step(
        &mut self,
        plan: usize,
        data: &Dataset,
        rows: &[usize],
        read: &[Option<Tensor>],
        place: &dyn Fn() -> String,
    ) -> Result<()> {
        self.check_read(data, read)?;
        self.follow_schedule()?;
        let plan = self.plans.get_mut(plan);
        let memory = &mut self.store.memory;
        batches::fill(plan, memory, data, rows, read)?;
        plan.set_random(memory, self.seed, self.step);
        if !plan.run(memory)? {
            return Err(self.not_finite(data, rows, read, &place()));
        }
        self.step += 1;
        Ok(())
    }

    pub(crate) fn batches(&mut self, mode: Mode, data: &Dataset, batch_size: usize) -> Result<Batches> {
        let size = batch_size.min(data.rows);
        let rest = data.rows % size;
        let keys: Result<Vec<PlanKey>> = [size, rest]
            .into_iter()
            .filter(|rows| *rows > 0)
            .map(|rows| self.plan_key(mode, data, rows))
            .collect();
        let mut plans = self.plans_for(&keys?)?.into_iter();
        let mut plan = |rows: usize| if rows > 0 { plans.next() } else { None };
        Ok(Batches { size, full: plan(size), rest: plan(rest) })
    }

    /// What the plan for a batch of so many rows is kept under.
    pub(super) fn plan_key(&self, mode: Mode, data: &Dataset, rows: usize) -> Result<PlanKey> {
        let state = self.compiled()?.optimizer_state.as_ref().filter(|_| !self.freezing_changed);
        Ok(PlanKey {
            mode,
            x: Dataset::batch_types(&data.x, rows),
            y: Dataset::batch_types(&data.y, rows),
            weighted: data.weight_types(rows),
            trainable: state.map_or_else(|| self.trainable_numbers(), |state| state.weights.clone()),
            frozen: if mode == Mode::Train { self.frozen_paths() } else { Vec::new() },
        })
    }

    /// Gives the step the learning rate that its schedule says, without allocating anything.
    fn follow_schedule(&mut self) -> Result<()> {
        let compiled = self.compiled()?;
        let common = compiled.optimizer.common();
        let Some(state) = compiled.optimizer_state.as_ref().filter(|_| common.is_scheduled()) else {
            return Ok(());
        };
        let offset = |number: usize| self.store.variables()[number].offset;
        let (iterations, learning_rate) = (offset(state.iterations), offset(state.learning_rate));
        let done = self.store.memory.state.slice::<i64>(iterations, 1)[0];
        let rate = common.learning_rate_at(done.max(0) as u64) as f32;
        self.store.memory.state.slice_mut::<f32>(learning_rate, 1)[0] = rate;
        Ok(())
    }

    /// The error for a step whose loss or gradients are not finite.
    fn not_finite(&self, data: &Dataset, rows: &[usize], read: &[Option<Tensor>], place: &str) -> Error {
        let shown: Vec<String> = rows.iter().take(8).map(usize::to_string).collect();
        let more = if rows.len() > shown.len() { ", …" } else { "" };
        let text = format!("the loss or a gradient is no longer finite {place}");
        let held = data.x.iter().filter_map(Source::held);
        let inputs = held.chain(read.iter().take(data.x.len()).flatten());
        let scale = inputs.flat_map(Tensor::to_f64).fold(0.0f64, |largest, value| largest.max(value.abs()));
        let error = Error::new(ErrorKind::Training, text)
            .detail(format!("rows of the batch (counted from 0): {}{more}", shown.join(", ")))
            .detail("the weights are those before this step");
        if scale > 1e3 {
            return error.hint(format!(
                "inputs reach {scale:.3e}: scale them, with a Normalization layer for example"
            ));
        }
        error.hint("a smaller learning rate, or `clipnorm` in the optimizer, usually helps")
    }
}

impl Batches {
    pub(crate) fn plan(&self, rows: usize) -> Option<usize> {
        if rows == self.size { self.full } else { self.rest }
    }
}
