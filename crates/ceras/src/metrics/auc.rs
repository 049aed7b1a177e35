//! The area under a curve.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value};
use serde::{Deserialize, Serialize};

use super::at_threshold::update;
use super::confusion::{Counting, Levels, counter, ratios, sums};
use super::{Metric, MetricRef, metric, named};
use crate::constraints::EPSILON;

/// Which curve the area is taken under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// Of the share of targets of 1 that are found over that of targets of 0 taken for 1.
    #[default]
    #[serde(alias = "roc")]
    ROC,
    /// Of precision over recall.
    #[serde(alias = "pr")]
    PR,
    /// Of precision gain over recall gain (Flach & Kull 2015).
    #[serde(alias = "prgain")]
    PRGAIN,
}

/// How the curve goes on between thresholds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Summation {
    /// On a line (for precision over recall: on the curve through true positives).
    #[default]
    #[serde(alias = "Interpolation")]
    Interpolation,
    /// At the higher of both ends.
    #[serde(alias = "Majoring")]
    Majoring,
    /// At the lower of both ends.
    #[serde(alias = "Minoring")]
    Minoring,
}

metric! {
    /// The area under a curve over thresholds: of the receiver operating characteristic, or of precision over recall. A
    /// classifier that guesses has 0.5 of the former, a perfect one 1.
    ///
    /// # Shapes
    /// Targets and predictions of one shape; with `multi_label` `[batch, labels]`, the number of labels known.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::Auc;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[0.0f32, 0.0, 1.0, 1.0]);
    /// let y_pred = Tensor::from_slice(&[0.0f32, 0.5, 0.3, 0.9]);
    /// // Three of the four pairs of a 0 and a 1 are in the right order.
    /// assert!((Auc::new().eval(&y_true, &y_pred)? - 0.75).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Davis & Goadrich (2006), *The relationship between precision-recall and ROC curves*,
    /// <https://doi.org/10.1145/1143844.1143874>
    Auc, "AUC", "auc", &["auc"], {
        num_thresholds: u32 = 200, "The same with another number of thresholds, at least 2.";
        curve: Curve = Curve::ROC, "The same under another curve.";
        summation_method: Summation = Summation::Interpolation, "The same with the curve going on otherwise.";
        multi_label: bool = false, "The same as the mean over labels, each with a curve of its own.";
        num_labels: Option<u32> = None, "The number of labels, which is also known from the predictions.";
        label_weights: Option<Vec<f64>> = None, "The same with these weights of the labels.";
        from_logits: bool = false, "The same for predictions that are logits.";
        #[serde(skip_serializing_if = "Option::is_none")]
        thresholds: Option<Vec<f64>> = None, "The same with these thresholds between 0 and 1.";
    }
}

/// The counts of one label: true and false positives, true and false negatives, at each threshold.
type Label = [Vec<f32>; 4];

impl Auc {
    fn levels(&self) -> Levels {
        let Some(given) = &self.thresholds else {
            return Levels::EvenFromBelow(self.num_thresholds.max(2) as usize);
        };
        let mut inner = given.clone();
        inner.sort_by(f64::total_cmp);
        let framed = |low: f64, high: f64| [&[low], &inner[..], &[high]].concat();
        match Levels::of(framed(0.0, 1.0)) {
            Levels::Even(count) => Levels::EvenFromBelow(count),
            _ => Levels::Any(framed(-EPSILON, 1.0 + EPSILON)),
        }
    }

    /// The counts of each label.
    fn labels(&self, state: &[Tensor]) -> Vec<Label> {
        let thresholds = self.levels().len();
        let values: Vec<Vec<f32>> = state.iter().map(Tensor::to_f32).collect();
        let labels = values[0].len() / thresholds.max(1);
        let of =
            |label: usize, count: usize| (0..thresholds).map(|t| values[count][t * labels + label]).collect();
        (0..labels).map(|label| [of(label, 0), of(label, 1), of(label, 2), of(label, 3)]).collect()
    }

    /// The area under the curve of one label.
    fn area(&self, counts: &Label) -> f32 {
        if self.curve == Curve::PR && self.summation_method == Summation::Interpolation {
            return interpolated(counts);
        }
        let (x, y) = self.points(counts);
        let heights = y.windows(2).map(|pair| match self.summation_method {
            Summation::Interpolation => (pair[0] + pair[1]) / 2.0,
            Summation::Majoring => pair[0].max(pair[1]),
            Summation::Minoring => pair[0].min(pair[1]),
        });
        x.windows(2).zip(heights).map(|(pair, height)| (pair[0] - pair[1]) * height).sum()
    }

    /// The points of the curve, from the lowest threshold on.
    fn points(&self, [tp, fp, tn, fnn]: &Label) -> (Vec<f32>, Vec<f32>) {
        let recall = ratios(tp, sums(tp, fnn));
        match self.curve {
            Curve::ROC => (ratios(fp, sums(fp, tn)), recall),
            Curve::PR => (recall, ratios(tp, sums(tp, fp))),
            Curve::PRGAIN => {
                let positives: Vec<f32> = sums(tp, fnn).collect();
                let scale = ratios(&positives, sums(tn, fp));
                let missed = ratios(fnn, tp.iter().copied());
                let wrong = ratios(fp, tp.iter().copied());
                let none = |index: usize| tp[index] == 0.0;
                let range = 0..tp.len();
                let gain = |index: usize| {
                    if none(index) { 0.0 } else { (1.0 - scale[index] * missed[index]).max(0.0) }
                };
                let height = |index: usize| if none(index) { 1.0 } else { 1.0 - scale[index] * wrong[index] };
                (range.clone().map(gain).collect(), range.map(height).collect())
            }
        }
    }
}

/// The area under precision over recall, with true positives on a line between thresholds (Davis & Goadrich).
fn interpolated([tp, fp, _, fnn]: &Label) -> f32 {
    let found: Vec<f32> = sums(tp, fp).collect();
    let step = |index: usize| {
        let rise = tp[index] - tp[index + 1];
        let run = (found[index] - found[index + 1]).max(0.0);
        let slope = if run == 0.0 { 0.0 } else { rise / run };
        let intercept = tp[index + 1] - slope * found[index + 1];
        let both = found[index] > 0.0 && found[index + 1] > 0.0;
        let ratio = if both { found[index] / found[index + 1] } else { 1.0 };
        let positives = (tp[index + 1] + fnn[index + 1]).max(0.0);
        if positives == 0.0 { 0.0 } else { slope * (rise + intercept * ratio.ln()) / positives }
    };
    (0..tp.len().saturating_sub(1)).map(step).sum()
}

impl Metric for Auc {
    named!();

    fn for_logits(&self) -> Option<MetricRef> {
        Some(self.clone().from_logits(true).into())
    }

    fn state(&self, y_pred: &TensorType) -> Vec<(String, TensorType, f64)> {
        let mut dims = vec![self.levels().len()];
        if self.multi_label {
            dims.push(y_pred.shape.last().or(self.num_labels.map(|labels| labels as usize)).unwrap_or(1));
        }
        let names = ["true_positives", "false_positives", "true_negatives", "false_negatives"];
        names.map(|name| counter(name, &dims)).to_vec()
    }

    fn update(
        &self,
        g: &mut Graph,
        state: &[Value],
        y_true: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Vec<Value>, GraphError> {
        let counting = Counting {
            from_logits: self.from_logits,
            by_label: self.multi_label,
            label_weights: self.label_weights.as_deref(),
            ..Counting::default()
        };
        let counts = counting.counts(g, &self.levels(), y_true, y_pred, weight)?;
        update(g, state, counts)
    }

    fn result(&self, state: &[Tensor]) -> f64 {
        let areas: Vec<f32> = self.labels(state).iter().map(|counts| self.area(counts)).collect();
        let even = vec![1.0; areas.len()];
        let weights = self.label_weights.as_ref().filter(|_| self.multi_label).unwrap_or(&even);
        let total: f64 = weights.iter().sum();
        let sum: f64 = areas.iter().zip(weights).map(|(area, weight)| f64::from(*area) * weight).sum();
        if total == 0.0 { 0.0 } else { sum / total }
    }

    fn lower_is_better(&self) -> Option<bool> {
        Some(false)
    }
}
