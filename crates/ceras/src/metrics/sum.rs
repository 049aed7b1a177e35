//! The sum of predictions.

use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{Metric, metric, named, running::by_sample};
use crate::losses::total;

metric! {
    /// The sum of the predictions themselves; targets are not looked at.
    ///
    /// # Shapes
    /// Any predictions.
    ///
    /// # Errors
    /// The weights do not fit the predictions.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::Sum;
    /// use ceras_graph::Tensor;
    /// let values = Tensor::from_slice(&[1.0f32, 3.0]);
    /// assert_eq!(Sum::new().eval(&values, &values)?, 4.0);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    Sum, "Sum", "sum", &["sum"], {}
}

impl Metric for Sum {
    named!();

    fn state(&self, _: &TensorType) -> Vec<(String, TensorType, f64)> {
        vec![("total".to_owned(), TensorType::scalar(DType::F32), 0.0)]
    }

    fn update(
        &self,
        g: &mut Graph,
        state: &[Value],
        _: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Vec<Value>, GraphError> {
        let (values, _) = by_sample(g, y_pred, weight, compose::sum)?;
        let sum = total(g, values)?;
        Ok(vec![ops::add(g, state[0], sum)?])
    }

    fn result(&self, state: &[Tensor]) -> f64 {
        state.first().map_or(0.0, |total| total.to_f64().first().copied().unwrap_or(0.0))
    }

    fn lower_is_better(&self) -> Option<bool> {
        None
    }
}
