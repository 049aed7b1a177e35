//! The coefficient of determination.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::confusion::{counter, mean};
use super::{Metric, metric, named, running::single};
use crate::activations::rules;
use crate::losses::squeeze_or_expand_to_same_rank;

/// How one number is made of those of the numbers of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Their mean.
    UniformAverage,
    /// Their mean, each weighing the spread of its targets.
    VarianceWeightedAverage,
}

metric! {
    /// The coefficient of determination, `1 − Σ (y_true − y_pred)² / Σ (y_true − mean)²` of each number of the targets, and its mean.
    /// With `num_regressors` it is adjusted for so many inputs.
    ///
    /// # Shapes
    /// Targets and predictions `[batch, n]` with `n` known.
    ///
    /// # Errors
    /// The shapes do not fit each other.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::R2Score;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[3, 1], [1.0f32, 2.0, 3.0])?;
    /// let y_pred = Tensor::new(&[3, 1], [1.0f32, 2.0, 4.0])?;
    /// let result = R2Score::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.5).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Without `class_aggregation`, Keras gives one number for each of a target's; here their mean.
    R2Score, "R2Score", "r2_score", &["r2_score"], {
        class_aggregation: Option<Aggregation> = Some(Aggregation::UniformAverage), "The same with another mean over the numbers of a target.";
        num_regressors: u32 = 0, "The same adjusted for so many inputs.";
    }
}

impl Metric for R2Score {
    named!();

    fn state(&self, y_pred: &TensorType) -> Vec<(String, TensorType, f64)> {
        let width = [y_pred.shape.last().unwrap_or(1)];
        let mut state = vec![counter("num_samples", &[])];
        state.extend(["squared_sum", "sum", "residual", "count"].map(|name| counter(name, &width)));
        state
    }

    fn update(
        &self,
        g: &mut Graph,
        state: &[Value],
        y_true: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Vec<Value>, GraphError> {
        let (y_true, y_pred) = (single(g, y_true)?, single(g, y_pred)?);
        let (y_true, y_pred) = squeeze_or_expand_to_same_rank(g, y_true, y_pred)?;
        let shape = g.ty(y_true).shape.clone();
        let known =
            shape.elements().filter(|_| shape.rank() == 2 && shape.is_compatible(&g.ty(y_pred).shape));
        let Some(numbers) = known else {
            let operands = [("y_true", y_true), ("y_pred", y_pred)];
            return Err(rules::broken(
                g,
                "r2_score",
                "targets and predictions must be [batch, n]",
                &operands,
            ));
        };
        let mut weight = match weight {
            Some(weight) => single(g, weight)?,
            None => compose::scalar(g, 1.0, ceras_graph::DType::F32)?,
        };
        if g.ty(weight).shape.rank() == 1 {
            weight = compose::expand_dims(g, weight, 1)?;
        }
        let weight = compose::broadcast_to(g, weight, &shape)?;
        let weighted = ops::multiply(g, y_true, weight)?;
        let squared = ops::multiply(g, y_true, weighted)?;
        let error = ops::subtract(g, y_true, y_pred)?;
        let error = compose::square(g, error)?;
        let error = ops::multiply(g, error, weight)?;
        let numbers = compose::scalar(g, numbers as f64, ceras_graph::DType::F32)?;
        let mut new = vec![ops::add(g, state[0], numbers)?];
        for (before, values) in state[1..].iter().zip([squared, weighted, error, weight]) {
            let sum = compose::sum(g, values, &[0], false)?;
            new.push(ops::add(g, *before, sum)?);
        }
        Ok(new)
    }

    fn result(&self, state: &[Tensor]) -> f64 {
        let samples = state[0].to_f32()[0];
        let [squared, sum, residual, count] = [1, 2, 3, 4].map(|index| state[index].to_f32());
        let totals: Vec<f32> = (0..sum.len()).map(|i| squared[i] - sum[i] * (sum[i] / count[i])).collect();
        let scores: Vec<f32> = residual
            .iter()
            .zip(&totals)
            .map(|(residual, total)| 1.0 - residual / total)
            .map(|score| if score.is_infinite() { 0.0 } else { score })
            .collect();
        let score = match self.class_aggregation {
            Some(Aggregation::VarianceWeightedAverage) => {
                let weighted: f32 = totals.iter().zip(&scores).map(|(total, score)| total * score).sum();
                weighted / totals.iter().sum::<f32>()
            }
            _ => mean(&scores) as f32,
        };
        let regressors = self.num_regressors as f32;
        if regressors == 0.0 || regressors >= samples - 1.0 {
            return f64::from(score);
        }
        f64::from(1.0 - (1.0 - score) * (samples - 1.0) / (samples - regressors - 1.0))
    }

    fn lower_is_better(&self) -> Option<bool> {
        Some(false)
    }
}
