//! One batch at a time: `train_on_batch`, `test_on_batch`, `predict_on_batch`.

use ceras_graph::Tensor;

use super::data::{Inputs, check_rows};
use super::history::Logs;
use super::plans::Mode;
use super::weights::ClassWeight;
use crate::error::Result;
use crate::models::Model;

/// The arguments of `train_on_batch` and `test_on_batch` besides the data.
#[derive(Clone, Debug, Default)]
pub struct OnBatch {
    sample_weight: Option<Inputs>,
    class_weight: ClassWeight,
}

impl OnBatch {
    /// Every row counts alike.
    #[must_use]
    pub fn new() -> OnBatch {
        OnBatch::default()
    }

    /// How much each row counts, or each step of each row: for all outputs, one tensor for each, or by the outputs' names.
    #[must_use]
    pub fn sample_weight(mut self, sample_weight: impl Into<Inputs>) -> OnBatch {
        self.sample_weight = Some(sample_weight.into());
        self
    }

    /// How much a class counts in the loss; 1 where nothing is said.
    #[must_use]
    pub fn class_weight(mut self, class_weight: impl Into<ClassWeight>) -> OnBatch {
        self.class_weight = class_weight.into();
        self
    }
}

impl Model {
    /// One step of training on these rows. The numbers that it returns are running means since the last
    /// [`Model::reset_metrics`], `fit` or `evaluate`, as in Keras.
    ///
    /// # Errors
    /// As [`Model::fit`].
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// use ceras::training::OnBatch;
    /// let mut line = Sequential::new().add(Input::new([1])).add(Dense::new(1)).build()?;
    /// line.compile(Compile::new("mse").optimizer("sgd"))?;
    /// let x = Tensor::new(&[2, 1], [0.0f32, 1.0])?;
    /// let first = line.train_on_batch(&x, &x, OnBatch::new())?.get("loss");
    /// assert!(line.test_on_batch(&x, &x, OnBatch::new())?.get("loss") < first);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn train_on_batch(
        &mut self,
        x: impl Into<Inputs>,
        y: impl Into<Inputs>,
        batch: OnBatch,
    ) -> Result<Logs> {
        self.on_batch(Mode::Train, x.into(), y.into(), &batch)
    }

    /// The loss and the metrics of these rows, added to the running means.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn test_on_batch(
        &mut self,
        x: impl Into<Inputs>,
        y: impl Into<Inputs>,
        batch: OnBatch,
    ) -> Result<Logs> {
        self.on_batch(Mode::Test, x.into(), y.into(), &batch)
    }

    /// All outputs of the model for these rows, computed as one batch.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn predict_on_batch(&mut self, x: impl Into<Inputs>) -> Result<Vec<Tensor>> {
        let x = x.into();
        let rows = check_rows("x", x.sources(), None)?;
        self.predict_all(x, rows)
    }

    fn on_batch(&mut self, mode: Mode, x: Inputs, y: Inputs, batch: &OnBatch) -> Result<Logs> {
        self.compiled()?;
        let mut data = self.dataset(x, y, batch.sample_weight.as_ref())?;
        self.get_ready(&data)?;
        self.weigh_classes(&mut data, &batch.class_weight)?;
        let rows: Vec<usize> = (0..data.rows).collect();
        let plans = self.batches(mode, &data, data.rows)?;
        if let Some(plan) = plans.plan(data.rows) {
            match mode {
                Mode::Train => self.train_step(plan, &data, &rows, &[], &|| "in this batch".to_owned())?,
                _ => self.test_step(plan, &data, &rows, &[])?,
            }
        }
        self.metric_results()
    }
}
