//! The generalized cross-entropy of labels.

use ceras_graph::{Graph, GraphError, Tensor, TensorType, Value, compose};

use super::{
    Loss,
    common::{class_mask, one_minus, sparse_labels},
    loss, named, targets,
};
use crate::activations::rules;
use crate::error::Result as CerasResult;

loss! {
    /// The generalized cross-entropy of labels, `(1 − p^q) / q` with `p` the probability given to the right class: between the
    /// mean absolute error (`q` near 1) and the cross-entropy (`q` near 0), less moved by wrong labels than the latter.
    ///
    /// # Shapes
    /// Labels `[batch, …]` and probabilities `[batch, …, classes]` → losses `[batch, …]`.
    ///
    /// # Errors
    /// The shapes do not fit, the number of classes is unknown, or `q` is not between 0 and 1.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::CategoricalGeneralizedCrossEntropy;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::from_slice(&[1i32]);
    /// let y_pred = Tensor::new(&[1, 2], [0.75f32, 0.25])?;
    /// let loss = CategoricalGeneralizedCrossEntropy::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - 1.0).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Zhang & Sabuncu (2018), *Generalized cross entropy loss for training deep neural networks with noisy labels*, <https://arxiv.org/abs/1805.07836>
    CategoricalGeneralizedCrossEntropy, "CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy", &["categorical_generalized_cross_entropy"], {
        q: f64 = 0.5, "The same with another exponent, between 0 and 1.";
    }
}

impl Loss for CategoricalGeneralizedCrossEntropy {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        if !(self.q > 0.0 && self.q < 1.0) {
            let rule = format!("`q` must be between 0 and 1; it is {}", self.q);
            return Err(rules::broken(g, WORD, rule, &[]));
        }
        let labels = sparse_labels(g, WORD, y_true, y_pred)?;
        let axis = g.ty(y_pred).shape.rank() - 1;
        let classes = rules::known_dim(g, WORD, y_pred, axis)?;
        let right = class_mask(g, labels, classes)?;
        let zero = compose::scalar(g, 0.0, g.ty(y_pred).dtype)?;
        let picked = compose::select(g, right, y_pred, zero)?;
        let p = compose::sum(g, picked, &[axis], false)?;
        let power = compose::power_scalar(g, p, self.q)?;
        let rest = one_minus(g, power)?;
        compose::divide_scalar(g, rest, self.q)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::labels(y, output, None, WORD)
    }
}

const WORD: &str = "categorical_generalized_cross_entropy";
