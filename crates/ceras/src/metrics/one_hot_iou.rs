//! Intersection over union of one-hot targets; the mean over `target_class_ids`.

use super::iou::{chosen, over_classes};
use super::metric;

metric! {
    /// Intersection over union of one-hot targets; the mean over `target_class_ids`.
    ///
    /// # Shapes
    /// As many predictions as targets, in any shape.
    ///
    /// # Errors
    /// There are not as many.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::OneHotIoU;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[2, 2], [1.0f32, 0.0, 0.0, 1.0])?;
    /// let y_pred = Tensor::new(&[2, 2], [0.9f32, 0.1, 0.8, 0.2])?;
    /// let result = OneHotIoU::new().target_class_ids(vec![0]).eval(&y_true, &y_pred)?;
    /// assert!((result - 0.5).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Keras has no default for the number of classes; here it is 2. The counts are kept in double precision.
    OneHotIoU, "OneHotIoU", "one_hot_io_u", &["one_hot_io_u"], {
        num_classes: u32 = 2, "The same with another number of classes.";
        target_class_ids: Vec<u32> = vec![0, 1], "The same for these classes.";
        ignore_class: Option<i64> = None, "The same with samples of this class left out.";
        sparse_y_pred: bool = false, "The same with predictions that are numbers of classes, or one number for each class.";
        axis: i64 = -1, "The same with the classes along another axis, which counts from the end when negative.";
    }
}

over_classes!(OneHotIoU, |_| false, |metric| chosen(&metric.target_class_ids));
