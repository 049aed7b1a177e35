//! How many predictions are not above the threshold whose targets are 0.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, ops};

use super::confusion::{Counting, Levels, Thresholds, counter, mean};
use super::{Metric, MetricRef, metric, named};

metric! {
    /// How many predictions not above the threshold whose targets are 0, each counting its weight.
    ///
    /// # Shapes
    /// Targets and predictions of one shape.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::TrueNegatives;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[4], [0.0f32, 1.0, 1.0, 1.0])?;
    /// let y_pred = Tensor::new(&[4], [0.9f32, 0.2, 0.8, 0.7])?;
    /// let result = TrueNegatives::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    TrueNegatives, "TrueNegatives", "true_negatives", &["true_negatives"], {
        thresholds: Option<Thresholds> = None, "The same with other thresholds. The result is the mean over several.";
        #[serde(skip)]
        from_logits: bool = false, "The same for predictions that are logits; it is not part of the config.";
    }
}

impl TrueNegatives {
    fn levels(&self) -> Levels {
        Levels::of(Thresholds::of(self.thresholds.as_ref(), None))
    }
}

impl Metric for TrueNegatives {
    named!();

    fn for_logits(&self) -> Option<MetricRef> {
        Some(self.clone().from_logits(true).into())
    }

    fn state(&self, _: &TensorType) -> Vec<(String, TensorType, f64)> {
        vec![counter("accumulator", &[self.levels().len()])]
    }

    fn update(
        &self,
        g: &mut Graph,
        state: &[Value],
        y_true: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Vec<Value>, GraphError> {
        let counting = Counting { from_logits: self.from_logits, ..Counting::default() };
        let counts = counting.counts(g, &self.levels(), y_true, y_pred, weight)?;
        Ok(vec![ops::add(g, state[0], counts.true_negatives)?])
    }

    fn result(&self, state: &[Tensor]) -> f64 {
        mean(&state[0].to_f32())
    }

    fn lower_is_better(&self) -> Option<bool> {
        Some(false)
    }
}
