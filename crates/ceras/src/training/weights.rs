//! How much rows count: sample weights, and the weights of classes that become such.

use ceras_graph::{DType, Tensor};

use super::data::{Dataset, Inputs, check_finite};
use super::outputs::outputs_in_words;
use crate::data::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::models::Model;

/// How much a class counts in the loss.
pub type ClassWeight = Vec<(usize, f64)>;

/// The weights of each output: one tensor for all, one for each, or by the outputs' names, where an output that is not named has
/// none.
///
/// # Errors
/// Another number of tensors, a name that no output has.
pub(super) fn of_outputs(
    given: &Inputs,
    outputs: usize,
    names: Option<&[&str]>,
) -> Result<Vec<Option<Tensor>>> {
    let tensors = given.sources().iter().map(in_memory).collect::<Result<Vec<&Tensor>>>()?;
    let Some(given) = given.names() else {
        return match &tensors[..] {
            [one] => Ok(vec![Some((*one).clone()); outputs]),
            several if several.len() == outputs => {
                Ok(several.iter().map(|weight| Some((*weight).clone())).collect())
            }
            several => {
                let text = format!(
                    "`sample_weight` holds {} tensors, and there are {outputs} targets",
                    several.len()
                );
                Err(Error::new(ErrorKind::Shape, text)
                    .hint("give one for all outputs, one for each, or some by the outputs' names"))
            }
        };
    };
    let names = names.unwrap_or_default();
    if let Some(unknown) = given.iter().find(|name| !names.contains(&name.as_str())) {
        let text = format!("`sample_weight` names `{unknown}`, which is no output of the model");
        let error = Error::new(ErrorKind::Usage, text).detail(outputs_in_words(names));
        return Err(error.suggest(unknown, names.iter().copied()));
    }
    let place = |name: &&str| given.iter().position(|given| given == name);
    Ok(names.iter().map(|name| place(name).map(|place| tensors[place].clone())).collect())
}

fn in_memory(source: &Source) -> Result<&Tensor> {
    source.held().ok_or_else(|| {
        Error::new(ErrorKind::Usage, "`sample_weight` must be in memory; it is read while training")
            .hint("give it as a tensor")
    })
}

/// Weights in single precision: one for each row, or for each step of each row.
///
/// # Errors
/// They do not begin with an axis of the rows; one is not finite.
pub(super) fn checked(weight: &Tensor, rows: usize) -> Result<Tensor> {
    if weight.dims().first() != Some(&rows) {
        let text = format!("`sample_weight` has shape {}; the data has {rows} rows", weight.shape());
        return Err(Error::new(ErrorKind::Shape, text));
    }
    let weight = if weight.len() == rows { weight.reshape(&[rows])? } else { weight.clone() };
    let weight = weight.cast(DType::F32);
    check_finite("sample_weight", &weight, None)?;
    Ok(weight)
}

impl Model {
    /// Multiplies the weights by those of the classes.
    ///
    /// # Errors
    /// The model has several outputs, or a target is no class.
    ///
    /// # Keras
    /// There `class_weight` and `sample_weight` exclude each other; here they are multiplied. Where each step of a row has a
    /// class of its own, each step has the weight of its class; Keras takes one for the row.
    pub(super) fn weigh_classes(&self, data: &mut Dataset, class_weight: &ClassWeight) -> Result<()> {
        if class_weight.is_empty() {
            return Ok(());
        }
        let [output] = &self.architecture()?.output_types()[..] else {
            let text = "`class_weight` is for models with one output";
            return Err(Error::new(ErrorKind::Usage, text)
                .hint("give `sample_weight` for the output that it is meant for"));
        };
        let targets = data.y[0].held().ok_or_else(|| {
            let text = "`class_weight` needs the targets in memory; they are read while training";
            Error::new(ErrorKind::Usage, text)
                .hint("give the targets as a tensor, or weights as `sample_weight`")
        })?;
        let (classes, dims) = classes(targets, output.shape.rank())?;
        let of = |class: usize| {
            class_weight.iter().find(|(key, _)| *key == class).map_or(1.0, |(_, weight)| *weight)
        };
        let weights: Vec<f64> = classes.into_iter().map(of).collect();
        let weights = Tensor::new(&dims, weights)?.cast(DType::F32);
        data.weights[0] = Some(match &data.weights[0] {
            Some(before) => product(before, &weights)?,
            None => weights,
        });
        Ok(())
    }
}

/// The product of weights of rows or steps, of which one may have fewer axes.
fn product(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (long, short) = if a.rank() >= b.rank() { (a, b) } else { (b, a) };
    if long.dims()[..short.rank()] != *short.dims() {
        let text = format!("`sample_weight` has shape {}; the classes have shape {}", a.shape(), b.shape());
        return Err(Error::new(ErrorKind::Shape, text));
    }
    let repeats = long.len() / short.len().max(1);
    let (many, few) = (long.slice::<f32>(), short.slice::<f32>());
    let values: Vec<f32> =
        many.iter().enumerate().map(|(place, value)| value * few[place / repeats]).collect();
    Ok(Tensor::new(long.dims(), values)?)
}

/// The classes of targets for an output of this rank and their shape: numbers of classes as they are, of one-hot rows the place of
/// the largest entry.
fn classes(y: &Tensor, output_rank: usize) -> Result<(Vec<usize>, Vec<usize>)> {
    let values = y.to_f64();
    let (places, width) = match y.dims().split_last() {
        Some((&width, places)) if y.rank() >= output_rank && y.rank() > 1 => (places, width),
        _ => (y.dims(), 1),
    };
    if width > 1 {
        let largest =
            |row: &[f64]| (0..width).fold(0, |best, at| if row[at] > row[best] { at } else { best });
        return Ok((values.chunks(width).map(largest).collect(), places.to_vec()));
    }
    let class = |value: &f64| {
        let whole = *value >= 0.0 && value.fract() == 0.0;
        whole.then_some(*value as usize).ok_or_else(|| {
            let text = format!("`class_weight` needs class numbers as targets; one is {value}");
            Error::new(ErrorKind::Data, text)
        })
    };
    Ok((values.iter().map(class).collect::<Result<Vec<_>>>()?, places.to_vec()))
}
