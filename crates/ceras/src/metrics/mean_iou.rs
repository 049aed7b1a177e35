//! The mean of intersection over union over all classes.

use super::iou::over_classes;
use super::metric;

metric! {
    /// The mean of intersection over union over all classes.
    ///
    /// # Shapes
    /// As many predictions as targets, in any shape.
    ///
    /// # Errors
    /// There are not as many.
    ///
    /// # Examples
    /// ```
    /// use ceras::metrics::MeanIoU;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[0i32, 0, 1, 1]);
    /// let y_pred = Tensor::from_slice(&[0i32, 1, 0, 1]);
    /// let result = MeanIoU::new().eval(&y_true, &y_pred)?;
    /// assert!((result - 1.0 / 3.0).abs() < 1e-5);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// Keras has no default for the number of classes; here it is 2. The counts are kept in double precision.
    MeanIoU, "MeanIoU", "mean_io_u", &["mean_io_u"], {
        num_classes: u32 = 2, "The same with another number of classes.";
        ignore_class: Option<i64> = None, "The same with samples of this class left out.";
        sparse_y_true: bool = true, "The same with targets that are numbers of classes, or one-hot.";
        sparse_y_pred: bool = true, "The same with predictions that are numbers of classes, or one number for each class.";
        axis: i64 = -1, "The same with the classes along another axis, which counts from the end when negative.";
    }
}

over_classes!(MeanIoU, |metric| metric.sparse_y_true, |metric| (0..metric.num_classes as usize).collect());
