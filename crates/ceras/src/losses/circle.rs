//! The circle loss.

use ceras_graph::{DType, Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::{Loss, common::one_minus, loss, named, reduction::convert, targets};
use crate::activations::rules;
use crate::error::Result as CerasResult;

loss! {
    /// The circle loss of embeddings of unit length: samples of one class are drawn together, others are pushed apart, the more
    /// the further they are from where they should be.
    ///
    /// With `d = max(1 − y_pred y_predᵀ, 0)`, over pairs of one class `P = ln Σ exp(−gamma max(margin + d, 0) (margin − d))`,
    /// over pairs of two classes `N = ln Σ exp(gamma max(1 + margin − d, 0) (1 − margin − d))`; the loss is
    /// `softplus(P + N)`. Samples with a loss of 0 do not count.
    ///
    /// # Shapes
    /// Labels `[batch]` or `[batch, 1]` and embeddings `[batch, n]` → losses `[batch]`.
    ///
    /// # Errors
    /// The shapes do not fit, or the batch size is unknown.
    ///
    /// # Examples
    /// ```
    /// use ceras::losses::Circle;
    /// use ceras_graph::Tensor;
    /// let labels = Tensor::from_slice(&[0i32, 0, 1]);
    /// let near = Tensor::new(&[3, 2], [1.0f32, 0.0, 1.0, 0.0, -1.0, 0.0])?;
    /// let far = Tensor::new(&[3, 2], [1.0f32, 0.0, -1.0, 0.0, 1.0, 0.0])?;
    /// assert!(Circle::new().eval(&labels, &near)? < Circle::new().eval(&labels, &far)?);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Sun et al. (2020), *Circle loss*, <https://arxiv.org/abs/2002.10857>
    Circle, "Circle", "circle", &["circle"], {
        gamma: f64 = 80.0, "The same with another scale.";
        margin: f64 = 0.4, "The same with another margin.";
        remove_diagonal: bool = true, "The same with or without pairs of a sample with itself.";
    }
}

impl Loss for Circle {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        let (same, other) = self.pairs(g, y_true, y_pred)?;
        let turned = ops::transpose(g, y_pred, &[1, 0])?;
        let cosine = compose::matmul(g, y_pred, turned)?;
        let distance = one_minus(g, cosine)?;
        let distance = compose::maximum_scalar(g, distance, 0.0)?;
        let pull = compose::add_scalar(g, distance, self.margin)?;
        let pull = compose::maximum_scalar(g, pull, 0.0)?;
        let slack = compose::subtract_from_scalar(g, self.margin, distance)?;
        let push = compose::subtract_from_scalar(g, 1.0 + self.margin, distance)?;
        let push = compose::maximum_scalar(g, push, 0.0)?;
        let room = compose::subtract_from_scalar(g, 1.0 - self.margin, distance)?;
        let positive = self.log_sum(g, same, pull, slack, -self.gamma)?;
        let negative = self.log_sum(g, other, push, room, self.gamma)?;
        let sum = ops::add(g, positive, negative)?;
        compose::softplus(g, sum)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        if y.len() != y.dims().first().copied().unwrap_or(0) {
            return targets::same_shape(y, &TensorType::new(output.dtype, [None, Some(1)]));
        }
        targets::finite(y)
    }

    fn mask(
        &self,
        g: &mut Graph,
        _: Value,
        _: Value,
        per_sample: Value,
    ) -> Result<Option<Value>, GraphError> {
        let zero = compose::scalar(g, 0.0, g.ty(per_sample).dtype)?;
        Ok(Some(compose::greater(g, per_sample, zero)?))
    }
}

impl Circle {
    /// Which pairs are of one class, and which of two (`bool`).
    fn pairs(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<(Value, Value), GraphError> {
        if g.ty(y_pred).shape.rank() != 2 {
            return Err(rules::broken(g, "circle", "embeddings must have rank 2", &[("y_pred", y_pred)]));
        }
        let batch = rules::known_dim(g, "circle", y_pred, 0)?;
        let labels = convert(g, y_true, DType::I32)?;
        if g.ty(labels).shape.elements() != Some(batch) {
            let operands = [("y_true", y_true), ("y_pred", y_pred)];
            return Err(rules::broken(g, "circle", "there must be one label for each embedding", &operands));
        }
        let column = ops::reshape(g, labels, [batch, 1])?;
        let row = ops::reshape(g, labels, [1, batch])?;
        let mut same = compose::equal(g, column, row)?;
        let other = ops::not(g, same)?;
        if self.remove_diagonal {
            let numbers = ops::iota(g, TensorType::new(DType::I32, [batch, batch]), 0)?;
            let others = ops::iota(g, TensorType::new(DType::I32, [batch, batch]), 1)?;
            let apart = compose::not_equal(g, numbers, others)?;
            same = ops::and(g, same, apart)?;
        }
        Ok((same, other))
    }

    /// `ln Σ exp(scale · weight · distance)` over the pairs of a mask.
    fn log_sum(
        &self,
        g: &mut Graph,
        mask: Value,
        weight: Value,
        distance: Value,
        scale: f64,
    ) -> Result<Value, GraphError> {
        let weighted = compose::multiply_scalar(g, weight, scale)?;
        let exponent = ops::multiply(g, weighted, distance)?;
        let nothing = compose::scalar(g, f64::NEG_INFINITY, g.ty(exponent).dtype)?;
        let kept = compose::select(g, mask, exponent, nothing)?;
        compose::log_sum_exp(g, kept, &[1], false)
    }
}
