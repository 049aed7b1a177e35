//! Attention of several heads.

use ceras_graph::{DType, Dim, TensorType, Value, compose, ops};
use serde_json::{Value as Json, json};

use super::call::{Flags, flag_setters};
use super::{both, causal_mask, dropout_modes, steps};
use crate::constraints::ConstraintRef;
use crate::error::{Error, Result};
use crate::initializers::InitializerRef;
use crate::layers::declare::{
    ListOf, check_share, layer_struct, misfit, named_setters, setters, unusable,
    with_open_activity_regularizer,
};
use crate::layers::regularization::{drop_out, is_on};
use crate::layers::{Axes, BuildCx, CallCx, Called, EinsumDense, Layer, LayerRef, Modes, Traced};
use crate::registry::Config;
use crate::regularizers::RegularizerRef;

/// The argument of a call that is the mask, behind query, value and key.
const MASK: &str = "attention_mask";
/// What a score is that does not count: as low as still leaves room for a difference.
const LOWEST: f64 = -0.7 * f32::MAX as f64;

layer_struct! {
    /// Attention of several heads at once, each with projections of its own.
    ///
    /// For each head, `softmax(q · kᵀ / √key_dim) · v`, where `q`, `k` and `v` are projections of query, key and value; the heads' results are projected
    /// to the output.
    ///
    /// # Shapes
    /// Query `[batch, queries, features]`, value `[batch, values, …]` and, if it is not the value, key → `[batch, queries, features]`, or with
    /// `output_shape` in place of the features. More axes between batch and features are taken together, unless `attention_axes` says which ones.
    /// With [`return_attention_scores`](MultiHeadAttention::return_attention_scores) the weights `[batch, heads, queries, values]` follow. Weights:
    /// `query`, `key`, `value` (with `use_gate` `gate` after `key`) and `attention_output`, each a kernel and a bias. The mask is the query's.
    ///
    /// # Errors
    /// `num_heads` or `key_dim` is 0, or the inputs do not fit.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::MultiHeadAttention;
    /// use ceras::prelude::*;
    /// let x = Input::new([10, 16]).tensor();
    /// let y = MultiHeadAttention::new(2, 8).use_causal_mask(true).apply_all(&[&x, &x])?;
    /// let model = Model::new(&[x], &[y])?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 10, 16]");
    /// assert_eq!(model.count_params(), 4 * 16 * 16 + 4 * 16);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Vaswani et al. (2017), *Attention is all you need*, <https://arxiv.org/abs/1706.03762>
    ///
    /// # Keras
    /// The arguments of the call, `use_causal_mask`, `return_attention_scores` and `attention_mask`, are builder methods; the masks of query,
    /// value and key travel with them. `flash_attention` chooses a kernel in Keras and is unknown here.
    MultiHeadAttention requires ["num_heads", "key_dim"] written written {
        num_heads: usize = 1,
        key_dim: usize = 1,
        value_dim: Option<usize> = None,
        dropout: f64 = 0.0,
        use_bias: bool = true,
        use_gate: bool = false,
        output_shape: Option<ListOf<usize>> = None,
        attention_axes: Option<Axes> = None,
        sliding_window: Option<usize> = None,
        kernel_initializer: InitializerRef = InitializerRef::glorot_uniform(),
        bias_initializer: InitializerRef = InitializerRef::zeros(),
        kernel_regularizer: Option<RegularizerRef> = None,
        bias_regularizer: Option<RegularizerRef> = None,
        kernel_constraint: Option<ConstraintRef> = None,
        bias_constraint: Option<ConstraintRef> = None,
        seed: Option<i64> = None,
        #[serde(skip)]
        call: Flags = Flags::default(),
        #[serde(skip)]
        attention_mask: bool = false,
    }
}

/// Keras writes the value's size always, axes as a list, and an activity regularizer behind that of the bias.
fn written(mut config: Config) -> Config {
    if config.get("value_dim").is_none_or(Json::is_null) {
        config.insert("value_dim".to_owned(), config["key_dim"].clone());
    }
    if let Some(axis) = config.get("attention_axes").filter(|axes| axes.is_number()).cloned() {
        config.insert("attention_axes".to_owned(), json!([axis]));
    }
    let regularizer = config.shift_remove("activity_regularizer");
    let mut config = with_open_activity_regularizer(config);
    config["activity_regularizer"] = regularizer.unwrap_or_default();
    config
}

/// The letters of the axes from a number on.
fn letters(first: usize, count: usize) -> Vec<char> {
    (first..first + count).filter_map(|number| char::from_u32(u32::from('a') + number as u32)).collect()
}

/// The labels of the axes of projections and scores.
struct Labels {
    query: Vec<char>,
    key: Vec<char>,
    scores: Vec<char>,
}

impl MultiHeadAttention {
    /// A layer of so many heads, whose queries and keys have so many numbers each.
    #[must_use]
    #[track_caller]
    pub fn new(num_heads: usize, key_dim: usize) -> MultiHeadAttention {
        MultiHeadAttention { num_heads, key_dim, ..made() }
    }

    /// How many numbers a head makes of a step of the value; `key_dim` by default.
    #[must_use]
    pub fn value_dim(mut self, value_dim: usize) -> MultiHeadAttention {
        self.value_dim = Some(value_dim);
        self
    }

    setters! {
        /// The share of weights that are set to 0 in `fit`, from 0 to 1.
        dropout: f64;
        /// Whether the projections have biases.
        use_bias: bool;
        /// Whether the heads' results are multiplied by the sigmoid of one more projection of the query.
        use_gate: bool;
    }

    /// The dimensions of the output in place of the query's features.
    #[must_use]
    pub fn output_shape(mut self, dims: &[usize]) -> MultiHeadAttention {
        self.output_shape = Some(ListOf(dims.to_vec()));
        self
    }

    /// The axes of steps, counted with the batch; all between batch and features by default.
    #[must_use]
    pub fn attention_axes(mut self, axes: &[i64]) -> MultiHeadAttention {
        self.attention_axes = Some(Axes::from(axes));
        self
    }

    /// Lets a step look only at those less than so many steps away.
    #[must_use]
    pub fn sliding_window(mut self, steps: usize) -> MultiHeadAttention {
        self.sliding_window = Some(steps);
        self
    }

    /// Whether the last input is a mask, `[batch, queries, values]`, of what may be looked at; an argument of the call in Keras.
    #[must_use]
    pub fn attention_mask(mut self, on: bool) -> MultiHeadAttention {
        self.attention_mask = on;
        self
    }

    named_setters! {
        /// How the kernels are first filled: `glorot_uniform` by default.
        kernel_initializer: InitializerRef;
        /// How the biases are first filled: zeros by default.
        bias_initializer: InitializerRef;
        /// What the kernels' size adds to the loss.
        kernel_regularizer: RegularizerRef;
        /// What the biases' size adds to the loss.
        bias_regularizer: RegularizerRef;
        /// What is done to the kernels after each step.
        kernel_constraint: ConstraintRef;
        /// What is done to the biases after each step.
        bias_constraint: ConstraintRef;
    }

    flag_setters!();

    fn value_size(&self) -> usize {
        self.value_dim.unwrap_or(self.key_dim)
    }

    /// Query, value, key, and the mask if there is one.
    fn roles<'a, T>(&self, inputs: &'a [T]) -> Result<([&'a T; 3], Option<&'a T>)> {
        let (inputs, mask) = match inputs.split_last() {
            Some((mask, inputs)) if self.attention_mask => (inputs, Some(mask)),
            _ => (inputs, None),
        };
        super::query_value_key("MultiHeadAttention", inputs).map(|roles| (roles, mask))
    }

    /// A projection of an input with `axes` axes: its last `bound` ones become those of these dimensions.
    fn projection(&self, name: &str, axes: usize, bound: usize, dims: &[usize]) -> EinsumDense {
        let input = letters(0, axes);
        let made = letters(axes, dims.len());
        let (free, bound) = input.split_at(axes - bound);
        let text = |letters: &[char]| letters.iter().collect::<String>();
        let equation =
            format!("{},{}{}->{}{}", text(&input), text(bound), text(&made), text(free), text(&made));
        let output: Vec<Dim> = std::iter::repeat_n(None, free.len().saturating_sub(1))
            .chain(dims.iter().map(|&dim| Some(dim)))
            .collect();
        let layer = EinsumDense::new(&equation, &output)
            .name(name)
            .dtype(self.dtype)
            .kernel_initializer(self.kernel_initializer.clone())
            .bias_initializer(self.bias_initializer.clone())
            .like(
                [&self.kernel_regularizer, &self.bias_regularizer, &self.activity_regularizer],
                [&self.kernel_constraint, &self.bias_constraint],
            );
        if self.use_bias { layer.bias_axes(&text(&made)) } else { layer }
    }

    /// The projections by the names that Keras' files have for them, each with the number of its input: query, value, key.
    fn projections(&self, ranks: [usize; 3]) -> Vec<(&'static str, usize, EinsumDense)> {
        let heads = [self.num_heads, self.key_dim];
        let values = [self.num_heads, self.value_size()];
        let mut projections = vec![
            ("query_dense", 0, self.projection("query", ranks[0], 1, &heads)),
            ("key_dense", 2, self.projection("key", ranks[2], 1, &heads)),
        ];
        if self.use_gate {
            let gate = self.projection("gate", ranks[0], 1, &values).activation("sigmoid");
            projections.push(("gate_dense", 0, gate));
        }
        projections.push(("value_dense", 1, self.projection("value", ranks[1], 1, &values)));
        projections
    }

    /// The projection of the heads' results, for a query of this shape.
    fn output_projection(&self, query: &ceras_graph::Shape) -> Result<EinsumDense> {
        let dims = match &self.output_shape {
            Some(ListOf(dims)) if !dims.is_empty() => dims.clone(),
            _ => vec![crate::layers::known_last("MultiHeadAttention", query, 3)?],
        };
        Ok(self.projection("attention_output", query.rank() + 1, 2, &dims))
    }

    /// The axes of steps of a query of so many axes.
    fn step_axes(&self, rank: usize) -> Result<Vec<usize>> {
        let Some(axes) = &self.attention_axes else { return Ok((1..rank - 1).collect()) };
        let resolve = |&axis: &i64| {
            let counted = if axis < 0 { axis + rank as i64 } else { axis };
            usize::try_from(counted).ok().filter(|axis| (1..rank - 1).contains(axis)).ok_or_else(|| {
                unusable(format!(
                    "`attention_axes` has {axis}; the axes between batch and features are 1 to {}",
                    rank - 2
                ))
            })
        };
        axes.given().iter().map(resolve).collect()
    }

    /// The labels for a query of so many axes, with its axes of steps.
    fn labels(rank: usize, steps: &[usize]) -> Labels {
        let query = letters(0, rank + 1);
        let others = letters(rank + 1, steps.len());
        let mut key = query.clone();
        for (&axis, &letter) in steps.iter().zip(&others) {
            key[axis] = letter;
        }
        let batch = (0..rank).filter(|axis| !steps.contains(axis)).map(|axis| query[axis]);
        let scores =
            batch.chain(steps.iter().map(|&axis| query[axis])).chain(others.iter().copied()).collect();
        Labels { query, key, scores }
    }

    /// What may be looked at, `[batch, queries, values]` with ones where it is the same for all; none if all may.
    fn mask(
        &self,
        cx: &mut CallCx<'_>,
        roles: [&Traced; 3],
        given: Option<&Traced>,
    ) -> Result<Option<Value>> {
        let [query, value, key] = roles;
        let (queries, values) = (cx.shape(query.value).dim(1), cx.shape(value.value).dim(1));
        let key_mask = key.mask.filter(|_| key.value != value.value);
        let mut mask = None;
        for (part, axis) in [(query.mask, 2), (value.mask, 1), (key_mask, 1)] {
            if let Some(part) = part {
                let part = compose::expand_dims(cx.graph(), part, axis)?;
                mask = both(cx.graph(), mask, Some(part))?;
            }
        }
        let g = cx.graph();
        if self.call.causal {
            let causal = causal_mask(g, queries, values)?;
            mask = both(g, mask, Some(causal))?;
        }
        if let Some(window) = self.sliding_window {
            let (row, column) = (steps(g, queries, values, 1)?, steps(g, queries, values, 2)?);
            let distance = compose::subtract(g, row, column)?;
            let distance = ops::abs(g, distance)?;
            let window = compose::scalar(g, window as f64, DType::I32)?;
            let near = compose::less(g, distance, window)?;
            mask = both(g, mask, Some(near))?;
        }
        let Some(given) = given else { return Ok(mask) };
        let given = match g.ty(given.value).dtype {
            DType::Bool => given.value,
            _ => ops::convert(g, given.value, DType::Bool)?,
        };
        Ok(both(g, Some(given), mask)?)
    }

    /// The weights of the steps: softmax of the scores where the mask lets them count.
    fn weights(
        &self,
        cx: &mut CallCx<'_>,
        scores: Value,
        mask: Option<Value>,
        steps: usize,
    ) -> Result<Value> {
        let rank = cx.shape(scores).rank();
        let low = cx.scalar_like(LOWEST, scores)?;
        let g = cx.graph();
        let mut scores = scores;
        if let Some(mut mask) = mask {
            let axis = g.ty(mask).shape.rank().checked_sub(2 * steps).ok_or_else(|| {
                misfit(format!("a mask of {steps} axes of steps needs an axis for each of query and value"))
            })?;
            while g.ty(mask).shape.rank() < rank {
                mask = compose::expand_dims(g, mask, axis)?;
            }
            scores = compose::select(g, mask, scores, low)?;
        }
        if steps == 1 {
            return Ok(compose::softmax(g, scores, rank - 1)?);
        }
        let axes: Vec<usize> = (rank - steps..rank).collect();
        let total = compose::log_sum_exp(g, scores, &axes, true)?;
        let logarithm = compose::subtract(g, scores, total)?;
        Ok(ops::exponential(g, logarithm)?)
    }
}

impl Called for MultiHeadAttention {
    fn tensors(&self) -> &'static [&'static str] {
        &["query", "value", "key", MASK]
    }

    fn called(&self, arguments: &Config) -> Result<LayerRef> {
        let call = Flags::read("MultiHeadAttention", arguments, self.tensors())?;
        let attention_mask = arguments.get(MASK).is_some_and(|mask| !mask.is_null());
        Ok(MultiHeadAttention { call, attention_mask, ..self.clone() }.into())
    }

    fn node(&self, mut inputs: Vec<Json>) -> (Json, Config) {
        let mut arguments = self.call.write();
        if self.attention_mask
            && let Some(mask) = inputs.pop()
        {
            arguments.insert(MASK.to_owned(), mask);
        }
        (Json::Array(inputs), arguments)
    }

    fn build_config(&self, mut shapes: Vec<Json>) -> Json {
        if self.attention_mask {
            shapes.pop();
        }
        let names = ["query_shape", "value_shape", "key_shape"].map(str::to_owned);
        json!({"shapes_dict": names.into_iter().zip(shapes).collect::<Config>()})
    }
}

impl Layer for MultiHeadAttention {
    crate::layers::layer_info!();

    fn as_called(&self) -> Option<&dyn Called> {
        Some(self)
    }

    fn modes(&self, _: bool) -> Option<Modes> {
        dropout_modes(self.dropout)
    }

    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()> {
        self.problem.clone().map_or(Ok(()), Err)?;
        check_share("dropout", self.dropout)?;
        for (name, number) in
            [("num_heads", self.num_heads), ("key_dim", self.key_dim), ("value_dim", self.value_size())]
        {
            if number == 0 {
                return Err(unusable(format!("`{name}` must be 1 or more; it is 0")));
            }
        }
        let (roles, _) = self.roles(inputs)?;
        let shapes = roles.map(|ty| &ty.shape);
        let fit = |other: &ceras_graph::Shape| {
            let middle = 1..other.rank().saturating_sub(1);
            other.rank() >= 3
                && other.rank() == shapes[1].rank()
                && middle
                    .into_iter()
                    .all(|axis| other.dim(axis).zip(shapes[1].dim(axis)).is_none_or(|(a, b)| a == b))
        };
        if shapes[0].rank() != shapes[1].rank() || !fit(shapes[2]) {
            let error: Error = misfit("query, value and key of MultiHeadAttention do not fit");
            return Err(error.detail(format!(
                "they have shapes {}, {} and {}; key and value have the same steps, and all as many axes, 3 or more",
                shapes[0], shapes[1], shapes[2]
            )));
        }
        self.step_axes(shapes[0].rank())?;
        for (name, input, layer) in self.projections(shapes.map(|shape| shape.rank())) {
            cx.child(name, &layer, std::slice::from_ref(roles[input]))?;
        }
        let output = self.output_projection(shapes[0])?;
        let mut dims: Vec<Dim> = shapes[0].without(shapes[0].rank() - 1).dims().to_vec();
        dims.extend([Some(self.num_heads), Some(self.value_size())]);
        let made = TensorType { dtype: self.dtype.dtype(), shape: dims.into() };
        cx.child("output_dense", &output, &[made])
    }

    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>> {
        let (roles, given) = self.roles(inputs)?;
        let shape = cx.shape(roles[0].value);
        let axes = self.step_axes(shape.rank())?;
        let labels = MultiHeadAttention::labels(shape.rank(), &axes);
        let mask = self.mask(cx, roles, given)?;
        let mut projected = Vec::new();
        for (name, input, layer) in self.projections(roles.map(|role| cx.shape(role.value).rank())) {
            let input = Traced { value: roles[input].value, mask: None };
            projected.extend(cx.child(name, &layer, &[input])?.into_iter().map(|output| output.value));
        }
        let (query, key, value) = (projected[0], projected[1], projected[projected.len() - 1]);
        let g = cx.graph();
        let query = compose::multiply_scalar(g, query, 1.0 / (self.key_dim as f64).sqrt())?;
        let scores = compose::einsum(g, (query, &labels.query), (key, &labels.key), &labels.scores)?;
        let weights = self.weights(cx, scores, mask, axes.len())?;
        let dropped = if is_on(cx, self.dropout) {
            let shape = cx.shape(weights);
            drop_out(cx, weights, self.dropout, shape, self.seed)?
        } else {
            weights
        };
        let g = cx.graph();
        let mut heads = compose::einsum(g, (dropped, &labels.scores), (value, &labels.key), &labels.query)?;
        if self.use_gate {
            heads = compose::multiply(g, heads, projected[2])?;
        }
        let output = self.output_projection(&shape)?;
        let mut outputs = cx.child("output_dense", &output, &[heads.into()])?;
        outputs[0].mask = roles[0].mask;
        if self.call.scores {
            outputs.push(weights.into());
        }
        Ok(outputs)
    }
}
