//! The mean of intersection over union of one-hot targets over all classes.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value};

use super::iou::{Reading, result};
use super::{Metric, metric, named};

metric! {
    /// The mean of intersection over union of one-hot targets over all classes.
    ///
    /// # Shapes
    /// As many predictions as targets, in any shape.
    ///
    /// # Errors
    /// There are not as many.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::OneHotMeanIoU;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 2], [1.0f32, 0.0, 0.0, 1.0])?;
    /// let y_pred = Tensor::new(&[2, 2], [0.9f32, 0.1, 0.8, 0.2])?;
    /// let result = OneHotMeanIoU::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 0.25).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Keras has no default for the number of classes; here it is 2. The counts are kept in double precision.
    OneHotMeanIoU, "OneHotMeanIoU", "one_hot_mean_io_u", &["one_hot_mean_io_u"], {
        num_classes: u32 = 2, "The same with another number of classes.";
        ignore_class: Option<i64> = None, "The same with samples of this class left out.";
        sparse_y_pred: bool = false, "The same with predictions that are numbers of classes, or one number for each class.";
        axis: i64 = -1, "The same with the classes along another axis, which counts from the end when negative.";
    }
}

impl OneHotMeanIoU {
    fn reading(&self) -> Reading {
        Reading {
            classes: self.num_classes,
            ignore_class: self.ignore_class,
            sparse_y_true: false,
            sparse_y_pred: self.sparse_y_pred,
            axis: self.axis,
        }
    }
}

impl Metric for OneHotMeanIoU {
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
        self.reading().update(g, state, y_true, y_pred, weight)
    }

    fn result(&self, state: &[Tensor]) -> f64 {
        result(state, self.num_classes, 0..self.num_classes as usize)
    }

    fn lower_is_better(&self) -> Option<bool> {
        Some(false)
    }
}
