//! The best of one share over thresholds at which another is high enough.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, ops};

use super::confusion::{Counts, Levels, counter, ratios, sums};

/// As many thresholds from 0 to 1; 0.5 when there is one.
pub(super) fn levels(count: u32) -> Levels {
    match count {
        0 | 1 => Levels::Any(vec![0.5]),
        2 => Levels::Any(vec![0.0, 1.0]),
        _ => Levels::Even(count as usize),
    }
}

/// Counts of true and false positives, then of true and false negatives.
pub(super) fn state(count: u32) -> Vec<(String, TensorType, f64)> {
    let names = ["true_positives", "false_positives", "true_negatives", "false_negatives"];
    names.map(|name| counter(name, &[levels(count).len()])).to_vec()
}

/// Emits the counts after a batch.
pub(super) fn update(g: &mut Graph, state: &[Value], counts: Counts) -> Result<Vec<Value>, GraphError> {
    let new = [counts.true_positives, counts.false_positives, counts.true_negatives, counts.false_negatives];
    state.iter().zip(new).map(|(before, new)| ops::add(g, *before, new)).collect()
}

/// Shares of the four counts, at each threshold.
pub(super) struct Shares<'a>(pub(super) &'a [Tensor]);

impl Shares<'_> {
    /// `tp / (tp + fp)`.
    pub(super) fn precision(&self) -> Vec<f32> {
        self.of(0, 1)
    }

    /// `tp / (tp + fn)`.
    pub(super) fn recall(&self) -> Vec<f32> {
        self.of(0, 3)
    }

    /// Another word for recall.
    pub(super) fn sensitivity(&self) -> Vec<f32> {
        self.recall()
    }

    /// `tn / (tn + fp)`.
    pub(super) fn specificity(&self) -> Vec<f32> {
        self.of(2, 1)
    }

    fn of(&self, a: usize, b: usize) -> Vec<f32> {
        let (a, b) = (self.0[a].to_f32(), self.0[b].to_f32());
        ratios(&a, sums(&a, &b))
    }
}

/// The largest of `wanted` where `bound` is at least `least`; 0 where that is nowhere.
pub(super) fn best(bound: &[f32], wanted: &[f32], least: f64) -> f64 {
    let feasible = bound.iter().zip(wanted).filter(|(bound, _)| **bound >= least as f32);
    f64::from(feasible.fold(0.0f32, |best, (_, wanted)| best.max(*wanted)))
}

/// A metric that is the best of one share where another is at least the field of its name.
macro_rules! at_metric {
    ($metric:ident, $wanted:ident at $bound:ident) => {
        impl crate::metrics::Metric for $metric {
            crate::metrics::named!();

            fn for_logits(&self) -> Option<crate::metrics::MetricRef> {
                Some(self.clone().from_logits(true).into())
            }

            fn state(&self, _: &ceras_graph::TensorType) -> Vec<(String, ceras_graph::TensorType, f64)> {
                crate::metrics::at_threshold::state(self.num_thresholds)
            }

            fn update(
                &self,
                g: &mut ceras_graph::Graph,
                state: &[ceras_graph::Value],
                y_true: ceras_graph::Value,
                y_pred: ceras_graph::Value,
                weight: Option<ceras_graph::Value>,
            ) -> Result<Vec<ceras_graph::Value>, ceras_graph::GraphError> {
                let (class_id, from_logits) = (self.class_id, self.from_logits);
                let counting = crate::metrics::confusion::Counting {
                    class_id,
                    from_logits,
                    ..crate::metrics::confusion::Counting::default()
                };
                let counts = counting.counts(
                    g,
                    &crate::metrics::at_threshold::levels(self.num_thresholds),
                    y_true,
                    y_pred,
                    weight,
                )?;
                crate::metrics::at_threshold::update(g, state, counts)
            }

            fn result(&self, state: &[ceras_graph::Tensor]) -> f64 {
                let shares = crate::metrics::at_threshold::Shares(state);
                crate::metrics::at_threshold::best(&shares.$bound(), &shares.$wanted(), self.$bound)
            }

            fn lower_is_better(&self) -> Option<bool> {
                Some(false)
            }
        }
    };
}
pub(super) use at_metric;
