//! The mean of intersection over union of one-hot targets over all classes.

use super::iou::over_classes;
use super::metric;

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

over_classes!(OneHotMeanIoU, |_| false, |metric| (0..metric.num_classes as usize).collect());
