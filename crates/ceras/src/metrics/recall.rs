//! Recall.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, ops};

use super::confusion::{Counting, Levels, Thresholds, counter, mean, ratios, sums};
use super::{Metric, MetricRef, metric, named};

metric! {
    /// The share of targets of 1 whose predictions are above the threshold, among all targets of 1: `tp / (tp + fn)`.
    ///
    /// # Shapes
    /// Targets and predictions of one shape.
    ///
    /// # Errors
    /// The shapes do not fit each other, or there is no such class.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::Recall;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4], [0.0f32, 1.0, 1.0, 1.0])?;
    /// let y_pred = Tensor::new(&[4], [0.9f32, 0.2, 0.8, 0.7])?;
    /// let result = Recall::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 2.0 / 3.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Recall, "Recall", "recall", &["recall"], {
        thresholds: Option<Thresholds> = None, "The same with other thresholds. The result is the mean over several.";
        top_k: Option<u32> = None, "The same among this many likeliest classes alone, whatever their predictions are.";
        class_id: Option<u32> = None, "The same of this class alone.";
        #[serde(skip)]
        from_logits: bool = false, "The same for predictions that are logits; it is not part of the config.";
    }
}

impl Recall {
    fn levels(&self) -> Levels {
        Levels::of(Thresholds::of(self.thresholds.as_ref(), self.top_k))
    }
}

impl Metric for Recall {
    named!();

    fn for_logits(&self) -> Option<MetricRef> {
        Some(self.clone().from_logits(true).into())
    }

    fn state(&self, _: &TensorType) -> Vec<(String, TensorType, f64)> {
        let count = [self.levels().len()];
        vec![counter("true_positives", &count), counter("false_negatives", &count)]
    }

    fn update(
        &self,
        g: &mut Graph,
        state: &[Value],
        y_true: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Vec<Value>, GraphError> {
        let (top_k, class_id, from_logits) = (self.top_k, self.class_id, self.from_logits);
        let counting = Counting { top_k, class_id, from_logits, ..Counting::default() };
        let counts = counting.counts(g, &self.levels(), y_true, y_pred, weight)?;
        Ok(vec![
            ops::add(g, state[0], counts.true_positives)?,
            ops::add(g, state[1], counts.false_negatives)?,
        ])
    }

    fn result(&self, state: &[Tensor]) -> f64 {
        let (right, wrong) = (state[0].to_f32(), state[1].to_f32());
        mean(&ratios(&right, sums(&right, &wrong)))
    }

    fn lower_is_better(&self) -> Option<bool> {
        Some(false)
    }
}
