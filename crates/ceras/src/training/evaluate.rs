//! `evaluate`, and the metrics as they stand.

use ceras_graph::Tensor;

use super::arguments::Evaluate;
use super::batches;
use super::data::{Dataset, Inputs};
use super::history::Logs;
use super::plans::Mode;
use crate::error::{Error, ErrorKind, Result};
use crate::models::Model;

impl Model {
    /// One step of measuring.
    pub(crate) fn test_step(
        &mut self,
        plan: usize,
        data: &Dataset,
        rows: &[usize],
        read: &[Option<Tensor>],
    ) -> Result<()> {
        self.check_read(data, read)?;
        let plan = self.plans.get_mut(plan);
        let memory = &mut self.store.memory;
        batches::fill(plan, memory, data, rows, read)?;
        plan.set_random(memory, self.seed, self.step);
        plan.run(memory).map(|_| ())
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
        let data = self.dataset(x.into(), y.into(), evaluate.sample_weight.as_ref())?;
        self.build_for(&data)?;
        self.check_targets(&data)?;
        self.measure(&data, evaluate.batch_size, evaluate.steps)
    }

    pub(super) fn measure(
        &mut self,
        data: &Dataset,
        batch_size: usize,
        steps: Option<usize>,
    ) -> Result<Logs> {
        let plans = self.batches(Mode::Test, data, batch_size)?;
        self.reset_metrics()?;
        batches::in_order(data, plans.size, steps.unwrap_or(usize::MAX), |rows, read| {
            plans.plan(rows.len()).map_or(Ok(()), |plan| self.test_step(plan, data, rows, read))
        })?;
        self.metric_results()
    }

    /// Sets all metrics back to their start.
    ///
    /// # Errors
    /// The model is not compiled.
    pub fn reset_metrics(&mut self) -> Result<()> {
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
}

/// Keras' mean: 0 where nothing was counted, single precision.
fn mean(state: &[Tensor]) -> Result<f64> {
    let (total, count) = (state[0].slice::<f32>()[0], state[1].slice::<f32>()[0]);
    Ok(if count == 0.0 { 0.0 } else { f64::from(total / count) })
}
