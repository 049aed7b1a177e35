//! `fit` and `evaluate`.

use ceras_graph::{Tensor, TensorType};

use super::batches;
use super::callbacks::{Callback, EpochEnd, Run};
use super::data::{ClassWeight, Dataset, Inputs};
use super::history::{History, Logs};
use super::plans::{Mode, PlanKey};
use super::progress::Progress;
use crate::error::{Error, ErrorKind, Result};
use crate::models::Model;
use crate::random::{Random, mix};

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
    batch_size: usize,
    epochs: usize,
    verbose: Verbose,
    callbacks: Vec<Box<dyn Callback>>,
    validation_split: f64,
    validation_data: Option<(Inputs, Inputs, Option<Tensor>)>,
    shuffle: bool,
    class_weight: ClassWeight,
    sample_weight: Option<Tensor>,
    initial_epoch: usize,
    steps_per_epoch: Option<usize>,
    validation_steps: Option<usize>,
    validation_batch_size: Option<usize>,
    validation_freq: usize,
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
        weight: &Tensor,
    ) -> Fit {
        self.validation_data = Some((x.into(), y.into(), Some(weight.clone())));
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

    /// How much each row counts in the loss.
    #[must_use]
    pub fn sample_weight(mut self, sample_weight: &Tensor) -> Fit {
        self.sample_weight = Some(sample_weight.clone());
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

    fn check(&self) -> Result<()> {
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
    batch_size: usize,
    steps: Option<usize>,
    sample_weight: Option<Tensor>,
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

    /// How much each row counts.
    #[must_use]
    pub fn sample_weight(mut self, sample_weight: &Tensor) -> Evaluate {
        self.sample_weight = Some(sample_weight.clone());
        self
    }
}

/// Batches of a data set, compiled for: the plans of the full batch and of the short last one.
struct Batches {
    size: usize,
    full: Option<usize>,
    rest: Option<usize>,
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
    /// Values that are not finite stop the training with an error that names them; Keras goes on in silence.
    pub fn fit(&mut self, x: impl Into<Inputs>, y: impl Into<Inputs>, fit: Fit) -> Result<History> {
        fit.check()?;
        self.compiled()?;
        let mut data = Dataset::new(x.into(), y.into(), fit.sample_weight.as_ref())?;
        let validation = match &fit.validation_data {
            Some((x, y, weight)) => Some(Dataset::new(x.clone(), y.clone(), weight.as_ref())?),
            None if fit.validation_split > 0.0 => {
                let (first, last) = data.split(fit.validation_split)?;
                data = first;
                Some(last)
            }
            None => None,
        };
        data.weigh_classes(&fit.class_weight)?;
        self.get_ready(&data)?;
        if let Some(validation) = &validation {
            self.check_targets(validation).map_err(|error| error.context("in the validation data"))?;
        }
        let mut runs: Vec<Box<dyn Run>> = fit.callbacks.iter().map(|callback| callback.start()).collect();
        runs.iter_mut().try_for_each(|run| run.on_train_begin(self))?;
        let history = self.epochs(&fit, &data, validation.as_ref(), &mut runs)?;
        self.finalize_weights()?;
        runs.iter_mut().try_for_each(|run| run.on_train_end(self))?;
        Ok(history)
    }

    fn epochs(
        &mut self,
        fit: &Fit,
        data: &Dataset,
        validation: Option<&Dataset>,
        runs: &mut [Box<dyn Run>],
    ) -> Result<History> {
        let mut history = History::default();
        let all_steps = data.rows.div_ceil(fit.batch_size);
        let steps = fit.steps_per_epoch.unwrap_or(all_steps);
        let mut progress = Progress::new(fit.verbose, fit.epochs, steps);
        let mut order = Order::new(self.seed, data.rows, fit.shuffle);
        for epoch in fit.initial_epoch..fit.epochs {
            self.prepare_optimizer()?;
            runs.iter_mut().try_for_each(|run| run.on_epoch_begin(self, epoch))?;
            progress.begin(epoch);
            let mut logs = self.epoch(fit, data, epoch, steps, &mut order, runs, &mut progress)?;
            if let Some(validation) = validation.filter(|_| (epoch + 1).is_multiple_of(fit.validation_freq)) {
                let batch_size = fit.validation_batch_size.unwrap_or(fit.batch_size);
                for (key, value) in self.measure(validation, batch_size, fit.validation_steps)?.iter() {
                    logs.insert(&format!("val_{key}"), value);
                }
            }
            progress.end(epoch, &logs);
            let mut end = EpochEnd { epoch, logs: &mut logs, stop_training: false };
            runs.iter_mut().try_for_each(|run| run.on_epoch_end(self, &mut end))?;
            let stop = end.stop_training;
            history.push(epoch, logs);
            if stop {
                break;
            }
        }
        Ok(history)
    }

    #[allow(clippy::too_many_arguments, reason = "the pieces of one loop, used nowhere else")]
    fn epoch(
        &mut self,
        fit: &Fit,
        data: &Dataset,
        epoch: usize,
        steps: usize,
        order: &mut Order,
        runs: &mut [Box<dyn Run>],
        progress: &mut Progress,
    ) -> Result<Logs> {
        let plans = self.batches(Mode::Train, data, fit.batch_size)?;
        self.reset_metrics()?;
        for batch in 0..steps {
            let rows = order.next(plans.size, self.step);
            let Some(plan) = plans.plan(rows.len()) else { break };
            let schedule = self.scheduled_learning_rate()?;
            if let Some(rate) = schedule {
                self.set_learning_rate(rate)?;
            }
            let plan = self.plans.get_mut(plan);
            let memory = &mut self.store.memory;
            batches::fill(plan, memory, data, rows);
            plan.set_random(memory, self.seed, self.step);
            if !plan.run(memory)? {
                return Err(self.not_finite(data, rows, epoch, batch));
            }
            self.step += 1;
            for run in runs.iter_mut() {
                run.on_train_batch_end(self, batch)?;
            }
            if progress.is_due() {
                progress.batch(batch + 1, &self.metric_results()?);
            }
        }
        self.metric_results()
    }

    /// What `evaluate` returns: the loss and the metrics on these rows, by name.
    ///
    /// # Errors
    /// The model is not compiled, or the data does not fit.
    pub fn evaluate(
        &mut self,
        x: impl Into<Inputs>,
        y: impl Into<Inputs>,
        evaluate: Evaluate,
    ) -> Result<Logs> {
        if evaluate.batch_size == 0 {
            return Err(Error::new(ErrorKind::Usage, "`batch_size` must be 1 or more; it is 0"));
        }
        self.compiled()?;
        let data = Dataset::new(x.into(), y.into(), evaluate.sample_weight.as_ref())?;
        self.build_for(&data)?;
        self.check_targets(&data)?;
        self.measure(&data, evaluate.batch_size, evaluate.steps)
    }

    fn measure(&mut self, data: &Dataset, batch_size: usize, steps: Option<usize>) -> Result<Logs> {
        let plans = self.batches(Mode::Test, data, batch_size)?;
        self.reset_metrics()?;
        let rows: Vec<usize> = (0..data.rows).collect();
        for rows in rows.chunks(plans.size).take(steps.unwrap_or(usize::MAX)) {
            let Some(plan) = plans.plan(rows.len()) else { break };
            let plan = self.plans.get_mut(plan);
            let memory = &mut self.store.memory;
            batches::fill(plan, memory, data, rows);
            plan.set_random(memory, self.seed, self.step);
            plan.run(memory)?;
        }
        self.metric_results()
    }

    fn build_for(&mut self, data: &Dataset) -> Result<()> {
        let ty = TensorType::new(data.x[0].dtype(), data.x[0].shape());
        self.build(&ty)
    }

    pub(super) fn get_ready(&mut self, data: &Dataset) -> Result<()> {
        self.build_for(data)?;
        self.check_targets(data)?;
        self.prepare_optimizer()
    }

    /// Whether the targets fit the loss and the head, before the first step.
    fn check_targets(&self, data: &Dataset) -> Result<()> {
        let architecture = self.architecture()?;
        let (types, names) = (architecture.output_types(), architecture.output_names());
        if data.y.len() != types.len() {
            let text = format!("the model has {} outputs; `y` holds {} tensors", types.len(), data.y.len());
            return Err(Error::new(ErrorKind::Shape, text));
        }
        for ((loss, y), (ty, name)) in
            self.compiled()?.losses.iter().zip(&data.y).zip(types.iter().zip(names))
        {
            loss.check_targets(y, ty).map_err(|error| error.context(format!("at the output of `{name}`")))?;
        }
        Ok(())
    }

    fn batches(&mut self, mode: Mode, data: &Dataset, batch_size: usize) -> Result<Batches> {
        let size = batch_size.min(data.rows);
        let mut plan = |rows: usize| -> Result<Option<usize>> {
            if rows == 0 {
                return Ok(None);
            }
            let key = self.plan_key(mode, data, rows)?;
            self.plan(&key).map(Some)
        };
        Ok(Batches { size, full: plan(size)?, rest: plan(data.rows % size)? })
    }

    /// What the plan for a batch of so many rows is kept under.
    pub(super) fn plan_key(&self, mode: Mode, data: &Dataset, rows: usize) -> Result<PlanKey> {
        let state = self.compiled()?.optimizer_state.as_ref();
        Ok(PlanKey {
            mode,
            x: Dataset::batch_types(&data.x, rows),
            y: Dataset::batch_types(&data.y, rows),
            weighted: data.weights.iter().map(Option::is_some).collect(),
            trainable: state.map_or(Vec::new(), |state| state.weights.clone()),
        })
    }

    /// Sets all metrics back to their start.
    pub(crate) fn reset_metrics(&mut self) -> Result<()> {
        let Some(metrics) = self.compiled()?.metrics.clone() else { return Ok(()) };
        for measured in metrics.iter() {
            for (&number, &initial) in measured.state.iter().zip(&measured.initial) {
                self.store.zero(number);
                if initial != 0.0 {
                    let ty = self.store.variables()[number].ty.clone();
                    let dims = ty.shape.to_known().unwrap_or_default();
                    let elements: usize = dims.iter().product();
                    self.store.set(number, &Tensor::new(&dims, vec![initial; elements])?.cast(ty.dtype))?;
                }
            }
        }
        Ok(())
    }

    /// The metrics as they stand.
    pub(crate) fn metric_results(&self) -> Result<Logs> {
        let Some(metrics) = self.compiled()?.metrics.clone() else { return Ok(Logs::default()) };
        let mut logs = Logs::default();
        for measured in metrics.iter() {
            let state: Vec<Tensor> = measured.state.iter().map(|&number| self.store.get(number)).collect();
            let value = match &measured.metric {
                Some(metric) => metric.result(&state),
                None => mean(&state)?,
            };
            logs.insert(&measured.key, value);
        }
        Ok(logs)
    }

    fn scheduled_learning_rate(&self) -> Result<Option<f64>> {
        let compiled = self.compiled()?;
        let common = compiled.optimizer.common();
        match &compiled.optimizer_state {
            Some(state) if common.is_scheduled() => {
                let iterations = self.store.get(state.iterations).item()? as u64;
                Ok(Some(common.learning_rate_at(iterations)))
            }
            _ => Ok(None),
        }
    }

    /// The error for a step whose loss or gradients are not finite.
    fn not_finite(&self, data: &Dataset, rows: &[usize], epoch: usize, batch: usize) -> Error {
        let shown: Vec<String> = rows.iter().take(8).map(usize::to_string).collect();
        let more = if rows.len() > shown.len() { ", …" } else { "" };
        let text =
            format!("the loss or a gradient is no longer finite in epoch {}, batch {}", epoch + 1, batch + 1);
        let scale =
            data.x.iter().flat_map(Tensor::to_f64).fold(0.0f64, |largest, value| largest.max(value.abs()));
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

/// Keras' mean: 0 where nothing was counted, single precision.
fn mean(state: &[Tensor]) -> Result<f64> {
    let (total, count) = (state[0].slice::<f32>()[0], state[1].slice::<f32>()[0]);
    Ok(if count == 0.0 { 0.0 } else { f64::from(total / count) })
}

impl Batches {
    fn plan(&self, rows: usize) -> Option<usize> {
        if rows == self.size { self.full } else { self.rest }
    }
}

/// The order in which rows come, epoch after epoch.
struct Order {
    seed: u64,
    shuffle: bool,
    rows: Vec<usize>,
    next: usize,
}

impl Order {
    fn new(seed: u64, rows: usize, shuffle: bool) -> Order {
        Order { seed, shuffle, rows: (0..rows).collect(), next: rows }
    }

    /// The next batch: so many rows, or fewer at the end of a pass. Each pass' order is a function of the seed and the
    /// step that it begins with, so it is the same after saving and loading.
    fn next(&mut self, size: usize, step: u64) -> &[usize] {
        if self.next >= self.rows.len() {
            self.next = 0;
            if self.shuffle {
                self.rows.iter_mut().enumerate().for_each(|(index, row)| *row = index);
                let stream = mix(crate::random::stream("shuffle", step));
                Random::new(self.seed, stream).shuffle(&mut self.rows);
            }
        }
        let start = self.next;
        self.next = (start + size).min(self.rows.len());
        &self.rows[start..self.next]
    }
}
