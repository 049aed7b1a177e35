//! Intersection over union of yes-or-no targets, with predictions from `threshold` on as yes; the mean over
/// `target_class_ids`.
use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::iou::{Reading, chosen, result};
use super::{Metric, metric, named};

metric! {
    /// Intersection over union of yes-or-no targets, with predictions from `threshold` on as yes; the mean over
    /// `target_class_ids`.
    ///
    /// # Shapes
    /// As many predictions as targets, in any shape.
    ///
    /// # Errors
    /// There are not as many.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::BinaryIoU;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[0i32, 1, 1]);
    /// let y_pred = Tensor::from_slice(&[0.1f32, 0.5, 0.2]);
    /// let result = BinaryIoU::new().target_class_ids(vec![1]).eval(&y_true, &y_pred)?;
    /// assert!((result - 0.5).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// The counts are kept in double precision.
    BinaryIoU, "BinaryIoU", "binary_io_u", &["binary_io_u"], {
        target_class_ids: Vec<u32> = vec![0, 1], "The same for these classes.";
        threshold: f64 = 0.5, "The same with another threshold.";
    }
}

impl BinaryIoU {
    fn reading(&self) -> Reading {
        Reading { classes: 2, ignore_class: None, sparse_y_true: true, sparse_y_pred: true, axis: -1 }
    }
}

impl Metric for BinaryIoU {
    named!();

    fn state(&self, _: &TensorType) -> Vec<(String, TensorType, f64)> {
        self.reading().state()
    }

    fn update(
        &self,
        g: &mut Graph,
        state: &[Value],
        y_true: Value,
        y_pred: Value,
        weight: Option<Value>,
    ) -> Result<Vec<Value>, GraphError> {
        let threshold = compose::scalar(g, self.threshold, g.ty(y_pred).dtype)?;
        let yes = compose::greater_equal(g, y_pred, threshold)?;
        let y_pred = ops::convert(g, yes, DType::I32)?;
        self.reading().update(g, state, y_true, y_pred, weight)
    }

    fn result(&self, state: &[Tensor]) -> f64 {
        result(state, 2, chosen(&self.target_class_ids).into_iter())
    }

    fn lower_is_better(&self) -> Option<bool> {
        Some(false)
    }
}
