//! Intersection over union: of the samples that are of a class or predicted to be, the share that are both; the
/// mean over `target_class_ids`.
use super::iou::{chosen, over_classes};
use super::metric;

metric! {
    /// Intersection over union: of the samples that are of a class or predicted to be, the share that are both; the
    /// mean over `target_class_ids`.
    ///
    /// # Shapes
    /// As many predictions as targets, in any shape.
    ///
    /// # Errors
    /// There are not as many.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::IoU;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[0i32, 0, 1, 1]);
    /// let y_pred = Tensor::from_slice(&[0i32, 1, 0, 1]);
    /// let result = IoU::new().target_class_ids(vec![0]).eval(&y_true, &y_pred)?;
    /// assert!((result - 1.0 / 3.0).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Keras has no default for the number of classes; here it is 2. The counts are kept in double precision.
    IoU, "IoU", "io_u", &["io_u"], {
        num_classes: u32 = 2, "The same with another number of classes.";
        target_class_ids: Vec<u32> = vec![0, 1], "The same for these classes.";
        ignore_class: Option<i64> = None, "The same with samples of this class left out.";
        sparse_y_true: bool = true, "The same with targets that are numbers of classes, or one-hot.";
        sparse_y_pred: bool = true, "The same with predictions that are numbers of classes, or one number for each class.";
        axis: i64 = -1, "The same with the classes along another axis, which counts from the end when negative.";
    }
}

over_classes!(IoU, |metric| metric.sparse_y_true, |metric| chosen(&metric.target_class_ids));
