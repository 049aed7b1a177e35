//! The cross-entropy of labels.

use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::common::{Head, class_mask, clip_probabilities, logits, sparse_labels};
use super::{Loss, loss, named, targets};
use crate::activations::rules;
use crate::error::Result as CerasResult;

loss! {
    /// The cross-entropy of labels (numbers of classes, from 0) with probabilities of classes, `−ln y_pred[y_true]`.
    ///
    /// Probabilities are kept between `10⁻⁷` and `1 − 10⁻⁷` and divided by their sum. With `from_logits`, `ln softmax(y_pred)`
    /// takes the place of `ln y_pred`. Samples of the class `ignore_class` do not count.
    ///
    /// # Shapes
    /// Labels `[batch, …]` or `[batch, …, 1]` and predictions `[batch, …, classes]` → losses `[batch, …]`.
    ///
    /// # Errors
    /// The shapes do not fit, or the number of classes is unknown.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::SparseCategoricalCrossentropy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[1i32, 2]);
    /// let y_pred = Tensor::new(&[2, 3], [0.05f32, 0.95, 0.0, 0.1, 0.8, 0.1])?;
    /// let loss = SparseCategoricalCrossentropy::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.176939).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # Keras
    /// As Keras on TensorFlow, the loss works on the logits when the predictions are a softmax's result, whatever `from_logits`
    /// says. A sigmoid's logits are not taken for a softmax's, which Keras does.
    /// Where `ignore_class` is given, Keras forgets a softmax's logits and clips; here they are used all the same.
    /// Keras keeps `axis` out of `get_config()` and accepts the last one alone, as here.
    SparseCategoricalCrossentropy, "SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", &["sparse_categorical_crossentropy"], {
        from_logits: bool = false, "The same for predictions that are logits, not probabilities.";
        ignore_class: Option<i64> = None, "The same with the samples of this class left out.";
    }
}

impl Loss for SparseCategoricalCrossentropy {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let labels = sparse_labels(g, WORD, y_true, y_pred)?;
        let axis = g.ty(y_pred).shape.rank() - 1;
        let classes = rules::known_dim(g, WORD, y_pred, axis)?;
        let zero = compose::scalar(g, 0.0, g.ty(y_pred).dtype)?;
        let mut x = logits(g, y_pred, Head::Softmax, self.from_logits);
        if x.is_none() {
            let p = clip_probabilities(g, y_pred)?;
            x = Some(ops::log(g, p)?);
        }
        // ln Σ eˣ − x of the class: with one number of each row as early as can be, little is left to do for all.
        let shifted = compose::shifted(g, x.unwrap_or(y_pred), axis)?;
        let exponential = ops::exponential(g, shifted)?;
        let total = compose::sum(g, exponential, &[axis], false)?;
        let log = ops::log(g, total)?;
        let right = class_mask(g, labels, classes)?;
        let picked = compose::select(g, right, shifted, zero)?;
        let picked = compose::sum(g, picked, &[axis], false)?;
        let loss = ops::subtract(g, log, picked)?;
        match self.valid(g, labels)? {
            None => Ok(loss),
            Some(valid) => compose::select(g, valid, loss, zero),
        }
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::labels(y, output, self.ignore_class, WORD)
    }

    fn mask(
        &self,
        g: &mut Graph,
        y_true: Value,
        y_pred: Value,
        _: Value,
    ) -> Result<Option<Value>, GraphError> {
        let labels = sparse_labels(g, WORD, y_true, y_pred)?;
        self.valid(g, labels)
    }

    fn from_logits(&self) -> bool {
        self.from_logits
    }
}

const WORD: &str = "sparse_categorical_crossentropy";

impl SparseCategoricalCrossentropy {
    /// Which labels are not of the class that is left out.
    fn valid(&self, g: &mut Graph, labels: Value) -> Result<Option<Value>, GraphError> {
        let Some(ignored) = self.ignore_class else { return Ok(None) };
        let ignored = compose::scalar(g, ignored as f64, DType::I32)?;
        Ok(Some(compose::not_equal(g, labels, ignored)?))
    }
}
