//! Attention by sums.

use ceras_graph::{TensorType, compose, ops};

use super::call::{Flags, called_with_flags, flag_setters};
use super::{check_sequences, dropout_modes, query_value_key, weighed};
use crate::error::Result;
use crate::initializers::InitializerRef;
use crate::layers::declare::{check_share, layer_methods, layer_struct, setters};
use crate::layers::{BuildCx, CallCx, Called, Layer, Modes, Traced, known_last};

layer_struct! {
    /// Additive attention (Bahdanau): for each step of the query, the steps of the value weighed by how well their keys fit.
    ///
    /// `output = softmax(scores) · value`, with `scores = Σ scale · tanh(query + key)` over the features, `scale` learned or 1.
    ///
    /// # Shapes
    /// As [`Attention`](crate::layers::Attention). Weight: `scale` `[features]`, with `use_scale`.
    ///
    /// # Errors
    /// There are not two or three inputs, or they do not fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::AdditiveAttention;
    /// use ceras::prelude::*;
    /// let (query, value) = (Input::new([5, 8]).tensor(), Input::new([7, 8]).tensor());
    /// let output = AdditiveAttention::new().apply_all(&[&query, &value])?;
    /// assert_eq!(output.shape().to_string(), "[?, 5, 8]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Bahdanau, Cho, Bengio (2015), *Neural machine translation by jointly learning to align and translate*,
    /// <https://arxiv.org/abs/1409.0473>
    ///
    /// # Keras
    /// The arguments of the call, `use_causal_mask` and `return_attention_scores`, are builder methods.
    AdditiveAttention requires [] {
        use_scale: bool = true,
        dropout: f64 = 0.0,
        seed: Option<i64> = None,
        #[serde(skip)]
        call: Flags = Flags::default(),
    }
}

impl AdditiveAttention {
    /// A layer with a learned scale and without dropout.
    #[must_use]
    #[track_caller]
    #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
    pub fn new() -> AdditiveAttention {
        made()
    }

    setters! {
        /// Whether the features are multiplied by learned numbers.
        use_scale: bool;
        /// The share of weights that are set to 0 in `fit`, from 0 to 1.
        dropout: f64;
    }

    flag_setters!();
}

called_with_flags!(AdditiveAttention);

impl Layer for AdditiveAttention {
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
        check_sequences("AdditiveAttention", inputs)?;
        if self.use_scale {
            let features = known_last("AdditiveAttention", &inputs[0].shape, 3)?;
            cx.weight("scale", self.dtype.dtype(), &[features], &InitializerRef::glorot_uniform());
        }
        Ok(())
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let [query, value, key] = query_value_key("AdditiveAttention", inputs)?;
        let dtype = self.dtype.dtype();
        let (q, k) = (cx.as_float(query.value, dtype, "query")?, cx.as_float(key.value, dtype, "key")?);
        let scale = if self.use_scale { Some(cx.weight("scale")?) } else { None };
        let g = cx.graph();
        let (q, k) = (compose::expand_dims(g, q, 2)?, compose::expand_dims(g, k, 1)?);
        let sum = compose::add(g, q, k)?;
        let mut bent = ops::tanh(g, sum)?;
        if let Some(scale) = scale {
            bent = compose::multiply(g, scale, bent)?;
        }
        let scores = compose::sum(g, bent, &[3], false)?;
        weighed(cx, scores, [query, value], self.call, (self.dropout, self.seed))
    }
}
