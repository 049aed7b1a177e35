//! Connectionist temporal classification.

use ceras_graph::{DType, Function, Graph, GraphError, Tensor, TensorType, Value, compose, ops};

use super::reduction::convert;
use super::{Loss, loss, named, targets};
use crate::activations::rules;
use crate::error::Result as CerasResult;

loss! {
    /// Connectionist temporal classification: labels of sequences that are not aligned with their steps.
    ///
    /// `−ln Σ Π softmax(y_pred)`, the sum over all ways to spread the labels over the steps in their order, each label over one
    /// step or several in a row, with blanks (class 0) between, before and after them; between two equal labels in a row there
    /// must be a blank.
    ///
    /// # Shapes
    /// Labels `[batch, length]` and logits `[batch, steps, classes]` → losses `[batch]`. Labels are numbers from 1; shorter rows
    /// end in zeros.
    ///
    /// # Errors
    /// The shapes are others. Before training, rows of labels that do not fit into the steps, and zeros between labels.
    ///
    /// # Examples
    /// One label in two steps of two classes with equal shares: `1 1`, `0 1` and `1 0` are three of four ways.
    /// ```
    /// use ceras::losses::Ctc;
    /// use ceras_graph::Tensor;
    /// let y_true = Tensor::new(&[1, 1], [1i32])?;
    /// let y_pred = Tensor::new(&[1, 2, 2], [0.0f32; 4])?;
    /// let loss = Ctc::new().eval(&y_true, &y_pred)?;
    /// assert!((loss - -(0.75f64.ln())).abs() < 1e-6);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Graves et al. (2006), *Connectionist temporal classification*, <https://doi.org/10.1145/1143844.1143891>
    ///
    /// # Keras
    /// The loss of labels that need more steps than there are is infinite; Keras on TensorFlow gives about 708 more than that of
    /// an impossible way.
    Ctc, "CTC", "ctc", &["ctc"], {}
}

const WORD: &str = "ctc";

/// The logarithm of a probability of 0: finite, so that differences of two such are not NaN.
const NEVER: f64 = -1e30;

impl Loss for Ctc {
    named!();

    fn call(&self, g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Value, GraphError> {
        check_shapes(g, y_true, y_pred)?;
        let labels = Labels::new(g, y_true, y_pred)?;
        let (batch, length) = (labels.batch, labels.length);
        let dtype = g.ty(y_pred).dtype;
        let (at_blank, at_label) = labels.log_probabilities(g, y_pred)?;
        // Before the first step, the way stands at the blank before all labels.
        let start: Vec<f64> = (0..=length).map(|place| if place == 0 { 0.0 } else { NEVER }).collect();
        let blanks = ops::constant(g, Tensor::from_slice(&start).cast(dtype))?;
        let blanks = compose::broadcast_to(g, blanks, &[batch, length + 1][..].into())?;
        let never = compose::scalar(g, NEVER, dtype)?;
        let start = compose::broadcast_to(g, never, &[batch, length][..].into())?;
        let zero = compose::scalar(g, 0.0, dtype)?;
        let skips = compose::select(g, labels.differ, zero, never)?;
        let body = step(g, [blanks, start, skips], [at_blank, at_label])?;
        let ends = ops::scan(g, &[blanks, start, skips], &[at_blank, at_label], body)?;
        let ends = ops::concatenate(g, &[ends[0], ends[1]], 1)?;
        let is_end = labels.ends(g)?;
        let ends = compose::select(g, is_end, ends, never)?;
        let likelihood = compose::log_sum_exp(g, ends, &[1], false)?;
        let loss = ops::negate(g, likelihood)?;
        let infinite = compose::scalar(g, f64::INFINITY, dtype)?;
        let limit = compose::scalar(g, -NEVER / 2.0, dtype)?;
        let never = compose::greater(g, loss, limit)?;
        compose::select(g, never, infinite, loss)
    }

    fn check_targets(&self, y: &Tensor, output: &TensorType) -> CerasResult<()> {
        targets::sequences(y, output, WORD)
    }
}

fn check_shapes(g: &Graph, y_true: Value, y_pred: Value) -> Result<(), GraphError> {
    rules::must_be_float(g, WORD, y_pred)?;
    let (labels, logits) = (&g.ty(y_true).shape, &g.ty(y_pred).shape);
    let fits = labels.rank() == 2 && logits.rank() == 3 && labels.dims()[1] != Some(0);
    if fits && labels.dims()[0] == logits.dims()[0] {
        return Ok(());
    }
    let rule =
        format!("labels [batch, length] and logits [batch, steps, classes]; they are {labels} and {logits}");
    Err(rules::broken(g, WORD, rule, &[("y_true", y_true), ("y_pred", y_pred)]))
}

/// One step: the logarithms of the likelihoods of standing at each blank and at each label.
fn step(g: &Graph, carries: [Value; 3], sequences: [Value; 2]) -> Result<Graph, GraphError> {
    let carry = |value: Value| ("", g.ty(value).clone());
    let one =
        |value: Value| ("", TensorType { dtype: g.ty(value).dtype, shape: g.ty(value).shape.without(0) });
    let inputs: Vec<(&str, TensorType)> =
        carries.into_iter().map(carry).chain(sequences.into_iter().map(one)).collect();
    let function = Function::trace(&inputs, |g, x| {
        let [blanks, labels, skips, at_blank, at_label] = [x[0], x[1], x[2], x[3], x[4]];
        let never = compose::scalar(g, NEVER, g.ty(blanks).dtype)?;
        let length = g.ty(labels).shape.dims()[1].unwrap_or(0);
        let batch = g.ty(labels).shape.dims()[0].unwrap_or(0);
        // The label before each blank, and before each label.
        let before = ops::pad(g, labels, never, &[0, 1], &[0, 0], &[0, 0])?;
        let stay = either(g, &[blanks, before])?;
        let new_blanks = compose::add(g, stay, at_blank)?;
        let left = ops::slice(g, blanks, &[0, 0], &[batch, length], &[1, 1])?;
        let before = ops::slice(g, before, &[0, 0], &[batch, length], &[1, 1])?;
        let jump = ops::add(g, before, skips)?;
        let stay = either(g, &[labels, left, jump])?;
        let new_labels = ops::add(g, stay, at_label)?;
        Ok(vec![new_blanks, new_labels, skips])
    })?;
    Ok(function.graph().clone())
}

/// The logarithm of a sum of likelihoods whose logarithms these are.
fn either(g: &mut Graph, ways: &[Value]) -> Result<Value, GraphError> {
    let mut most = ways[0];
    for way in &ways[1..] {
        most = ops::maximum(g, most, *way)?;
    }
    // The result does not depend on what is taken out of the exponents.
    let most = ops::stop_gradient(g, most)?;
    let mut sum = None;
    for way in ways {
        let rest = ops::subtract(g, *way, most)?;
        let share = ops::exponential(g, rest)?;
        sum = Some(match sum {
            Some(sum) => ops::add(g, sum, share)?,
            None => share,
        });
    }
    let log = ops::log(g, sum.unwrap_or(most))?;
    ops::add(g, log, most)
}

/// The labels of a batch.
struct Labels {
    batch: usize,
    length: usize,
    classes: usize,
    values: Value,
    /// Whether each is another than the one before it.
    differ: Value,
    /// How many there are in each row.
    counts: Value,
}

impl Labels {
    fn new(g: &mut Graph, y_true: Value, y_pred: Value) -> Result<Labels, GraphError> {
        let batch = rules::known_dim(g, WORD, y_pred, 0)?;
        let length = rules::known_dim(g, WORD, y_true, 1)?;
        let classes = rules::known_dim(g, WORD, y_pred, 2)?;
        let values = convert(g, y_true, DType::I32)?;
        let zero = compose::scalar(g, 0.0, DType::I32)?;
        let before = ops::pad(g, values, zero, &[0, 1], &[0, -1], &[0, 0])?;
        let differ = compose::not_equal(g, values, before)?;
        let is_label = compose::not_equal(g, values, zero)?;
        let is_label = ops::convert(g, is_label, DType::I32)?;
        let counts = compose::sum(g, is_label, &[1], true)?;
        Ok(Labels { batch, length, classes, values, differ, counts })
    }

    /// The logarithms of the probabilities of the blank `[steps, batch, 1]` and of each label `[steps, batch, length]`.
    fn log_probabilities(&self, g: &mut Graph, y_pred: Value) -> Result<(Value, Value), GraphError> {
        let steps = rules::known_dim(g, WORD, y_pred, 1)?;
        let dtype = g.ty(y_pred).dtype;
        let log = compose::log_softmax(g, y_pred, 2)?;
        let blank = ops::slice(g, log, &[0, 0, 0], &[self.batch, steps, 1], &[1, 1, 1])?;
        let hot = compose::one_hot(g, self.values, self.classes, dtype)?;
        let hot = ops::transpose(g, hot, &[0, 2, 1])?;
        let label = compose::matmul(g, log, hot)?;
        Ok((ops::transpose(g, blank, &[1, 0, 2])?, ops::transpose(g, label, &[1, 0, 2])?))
    }

    /// Where a way may end: at the last label or the blank after it, among the blanks and then the labels.
    fn ends(&self, g: &mut Graph) -> Result<Value, GraphError> {
        let places: Vec<i32> = (0..=self.length as i32).chain(1..=self.length as i32).collect();
        let places = ops::constant(g, Tensor::from_slice(&places))?;
        compose::equal(g, self.counts, places)
    }
}
