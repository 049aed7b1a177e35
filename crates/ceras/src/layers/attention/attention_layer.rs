//! Attention by products.

use ceras_graph::{TensorType, Value, compose, ops};

use super::call::{Flags, called_with_flags, flag_setters};
use super::{check_sequences, dropout_modes, query_value_key, weighed};
use crate::error::Result;
use crate::initializers::InitializerRef;
use crate::layers::declare::{check_share, layer_methods, layer_struct, setters, unusable};
use crate::layers::{BuildCx, CallCx, Called, Layer, Modes, Traced};

layer_struct! {
    /// Dot-product attention (Luong): for each step of the query, the steps of the value weighed by how well their keys fit.
    ///
    /// `output = softmax(scores) · value`, with `scores = query · keyᵀ`, times a learned `scale` if `use_scale`; with
    /// `score_mode` "concat", `scores = weight · Σ tanh(scale · (query + key))` over the features.
    ///
    /// # Shapes
    /// Query `[batch, queries, features]`, value `[batch, values, size]` and, if it is not the value, key `[batch, values, features]` →
    /// `[batch, queries, size]`; with [`Attention::return_attention_scores`] the weights `[batch, queries, values]` follow. Steps of the value
    /// that its mask leaves out do not count; steps of the query that its mask leaves out give 0. The mask is the query's.
    ///
    /// # Errors
    /// There are not two or three inputs, they do not fit, or `score_mode` is neither "dot" nor "concat".
    ///
    /// # Examples
    /// A query that fits the second key much better than the first:
    /// ```
    /// use ceras::layers::Attention;
    /// use ceras::prelude::*;
    /// let (query, value) = (Input::new([1, 2]).tensor(), Input::new([2, 2]).tensor());
    /// let output = Attention::new().apply_all(&[&query, &value])?;
    /// let mut model = Model::new(&[query, value], &[output])?;
    /// let query = Tensor::new(&[1, 1, 2], [0.0f32, 20.0])?;
    /// let value = Tensor::new(&[1, 2, 2], [9.0f32, 0.0, 0.0, 9.0])?;
    /// assert_eq!(model.predict([&query, &value])?.slice::<f32>(), [0.0, 9.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Luong, Pham, Manning (2015), *Effective approaches to attention-based neural machine translation*, <https://arxiv.org/abs/1508.04025>
    ///
    /// # Keras
    /// The arguments of the call, `use_causal_mask` and `return_attention_scores`, are builder methods.
    Attention requires [] {
        use_scale: bool = false,
        score_mode: String = "dot".to_owned(),
        dropout: f64 = 0.0,
        seed: Option<i64> = None,
        #[serde(skip)]
        call: Flags = Flags::default(),
    }
}

impl Attention {
    /// A layer without scale and dropout.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> Attention {
        made()
    }

    setters! {
        /// Whether the scores are multiplied by a learned number.
        use_scale: bool;
        /// The share of weights that are set to 0 in `fit`, from 0 to 1.
        dropout: f64;
    }

    /// "dot" for products, or "concat" for sums under tanh.
    #[must_use]
    pub fn score_mode(mut self, score_mode: &str) -> Attention {
        self.score_mode = score_mode.to_owned();
        self
    }

    flag_setters!();

    fn scores(&self, cx: &mut CallCx<'_>, query: Value, key: Value) -> Result<Value> {
        let scale = if self.use_scale { Some(cx.weight("scale")?) } else { None };
        if self.score_mode == "concat" {
            let weight = cx.weight("concat_score_weight")?;
            let g = cx.graph();
            let query = compose::expand_dims(g, query, 2)?;
            let key = compose::expand_dims(g, key, 1)?;
            let mut sum = compose::add(g, query, key)?;
            if let Some(scale) = scale {
                sum = compose::multiply(g, scale, sum)?;
            }
            let bent = ops::tanh(g, sum)?;
            let total = compose::sum(g, bent, &[3], false)?;
            return Ok(compose::multiply(g, weight, total)?);
        }
        let g = cx.graph();
        let columns = ops::transpose(g, key, &[0, 2, 1])?;
        let scores = compose::matmul(g, query, columns)?;
        Ok(match scale {
            Some(scale) => compose::multiply(g, scores, scale)?,
            None => scores,
        })
    }
}

called_with_flags!(Attention);

impl Layer for Attention {
    layer_methods!();

    fn as_called(&self) -> Option<&dyn Called> {
        Some(self)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        dropout_modes(self.dropout)
    }

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        check_share("dropout", self.dropout)?;
        check_sequences("Attention", inputs)?;
        let ones = InitializerRef::ones();
        if self.use_scale {
            cx.weight("scale", self.dtype.dtype(), &[], &ones);
        }
        match self.score_mode.as_str() {
            "dot" => {}
            "concat" => {
                cx.weight("concat_score_weight", self.dtype.dtype(), &[], &ones);
            }
            other => {
                return Err(unusable(format!(
                    "`score_mode` must be \"dot\" or \"concat\"; it is \"{other}\""
                )));
            }
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let [query, value, key] = query_value_key("Attention", inputs)?;
        let dtype = self.dtype.dtype();
        let (q, k) = (cx.as_float(query.value, dtype, "query")?, cx.as_float(key.value, dtype, "key")?);
        let scores = self.scores(cx, q, k)?;
        weighed(cx, scores, [query, value], self.call, (self.dropout, self.seed))
    }
}
