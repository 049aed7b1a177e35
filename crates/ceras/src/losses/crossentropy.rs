//! The cross-entropy that fits targets and predictions.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value};

use super::{BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy};
use super::{Loss, LossRef, loss, named};
use crate::error::Result as CerasResult;

loss! {
    /// The cross-entropy that fits targets and predictions, what the words `crossentropy` and `ce` stand for: that of yes and no
    /// where predictions are one number, that of labels where targets have an axis less or one number for several classes, else
    /// that of classes.
    ///
    /// # Shapes
    /// Those of [`BinaryCrossentropy`], [`SparseCategoricalCrossentropy`] or [`CategoricalCrossentropy`].
    ///
    /// # Errors
    /// Those of the loss that fits.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::{Crossentropy, SparseCategoricalCrossentropy};
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[1i32]);
    /// let y_pred = Tensor::new(&[1, 2], [0.5f32, 0.5])?;
    /// let loss = Crossentropy::new().eval(&y_true, &y_pred)?;
    /// assert_eq!(loss, SparseCategoricalCrossentropy::new().eval(&y_true, &y_pred)?);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// There it is a word for `compile`, no class; it is saved as that word.
    Crossentropy, "Crossentropy", "crossentropy", &["crossentropy", "ce"], {}
}

pub(super) const CLASS: &str = "Crossentropy";

impl Loss for Crossentropy {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let loss = self.choose(g.ty(y_true), g.ty(y_pred));
        loss.call(g, y_true, y_pred)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        self.choose(&y.ty(), output).check_targets(y, output)
    }

    fn for_types(&self, y_true: &TensorType, y_pred: &TensorType) -> Option<LossRef> {
        Some(self.choose(y_true, y_pred))
    }
}

impl Crossentropy {
    fn choose(&self, y_true: &TensorType, y_pred: &TensorType) -> LossRef {
        let (true_last, pred_last) = (y_true.shape.last(), y_pred.shape.last());
        let column = true_last == Some(1) && pred_last.is_none_or(|last| last > 1);
        if pred_last == Some(1) {
            BinaryCrossentropy::new().reduction(self.reduction).into()
        } else if y_true.shape.rank() < y_pred.shape.rank() || column {
            SparseCategoricalCrossentropy::new().reduction(self.reduction).into()
        } else {
            CategoricalCrossentropy::new().reduction(self.reduction).into()
        }
    }
}
