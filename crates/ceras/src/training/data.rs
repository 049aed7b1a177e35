//! What `fit`, `evaluate` and `predict` are given, brought into shape and checked before the first step.

use ceras_graph::{DType, Tensor, TensorType};

use super::weights;
use crate::error::{Error, ErrorKind, Result};

/// One tensor for each input (or output) of a model, in the model's order or by name.
///
/// # Examples
/// ```
/// use ceras::{Tensor, training::Inputs};
/// let size = Tensor::new(&[2, 1], [1.0f32, 2.0]).unwrap();
/// let _ = Inputs::from(&size);
/// let _ = Inputs::from([("size", &size), ("age", &size)]);
/// ```
#[derive(Clone, Debug)]
pub struct Inputs {
    tensors: Vec<Tensor>,
    names: Option<Vec<String>>,
}

impl From<&Tensor> for Inputs {
    fn from(tensor: &Tensor) -> Inputs {
        Inputs::from(vec![tensor.clone()])
    }
}

impl From<Tensor> for Inputs {
    fn from(tensor: Tensor) -> Inputs {
        Inputs::from(vec![tensor])
    }
}

impl From<Vec<Tensor>> for Inputs {
    fn from(tensors: Vec<Tensor>) -> Inputs {
        Inputs { tensors, names: None }
    }
}

impl From<&[Tensor]> for Inputs {
    fn from(tensors: &[Tensor]) -> Inputs {
        Inputs::from(tensors.to_vec())
    }
}

impl<const N: usize> From<[&Tensor; N]> for Inputs {
    fn from(tensors: [&Tensor; N]) -> Inputs {
        Inputs::from(tensors.into_iter().cloned().collect::<Vec<_>>())
    }
}

impl<const N: usize> From<[(&str, &Tensor); N]> for Inputs {
    fn from(items: [(&str, &Tensor); N]) -> Inputs {
        Inputs::from(items.map(|(name, tensor)| (name.to_owned(), tensor.clone())).to_vec())
    }
}

impl From<Vec<(String, Tensor)>> for Inputs {
    fn from(items: Vec<(String, Tensor)>) -> Inputs {
        let (names, tensors): (Vec<String>, Vec<Tensor>) = items.into_iter().unzip();
        Inputs { tensors, names: Some(names) }
    }
}

impl Inputs {
    /// The tensors in the order in which they were given.
    pub(crate) fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The names that they were given under.
    pub(crate) fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The same with more tensors: by name, or at the end.
    pub(crate) fn with(mut self, more: impl IntoIterator<Item = (usize, String, Tensor)>) -> Inputs {
        for (place, name, tensor) in more {
            match &mut self.names {
                Some(names) => {
                    names.push(name);
                    self.tensors.push(tensor);
                }
                None => self.tensors.insert(place, tensor),
            }
        }
        self
    }

    /// The tensors in the model's order. `word` is what they are called; `names` is `None` while the model does not
    /// know its ends.
    pub(crate) fn in_order(self, word: &str, names: Option<&[&str]>) -> Result<Vec<Tensor>> {
        let Some(names) = names else { return Ok(self.tensors) };
        let Some(given) = self.names else {
            return if self.tensors.len() == names.len() {
                Ok(self.tensors)
            } else {
                let (count, plural) = (self.tensors.len(), if self.tensors.len() == 1 { "" } else { "s" });
                let text =
                    format!("`{word}` holds {count} tensor{plural}, and the model takes {}", names.len());
                Err(Error::new(ErrorKind::Shape, text).detail(format!("they are: {}", names.join(", "))))
            };
        };
        if let Some(unknown) = given.iter().find(|name| !names.contains(&name.as_str())) {
            let text = format!("`{word}` holds `{unknown}`, which the model does not take");
            return Err(Error::new(ErrorKind::Data, text)
                .detail(format!("it takes: {}", names.join(", ")))
                .suggest(unknown, names.iter().copied()));
        }
        let of = |name: &&str| {
            let place = given.iter().position(|given| given == name);
            place.map(|place| self.tensors[place].clone()).ok_or_else(|| {
                Error::new(ErrorKind::Data, format!("`{word}` has no `{name}`"))
                    .detail(format!("it holds: {}", given.join(", ")))
            })
        };
        names.iter().map(of).collect()
    }
}

/// Rows to train on or to measure.
#[derive(Clone, Debug)]
pub(crate) struct Dataset {
    pub(crate) x: Vec<Tensor>,
    pub(crate) y: Vec<Tensor>,
    /// Weights of the rows, or of the steps of each row (`float32`), for each output that has any.
    pub(crate) weights: Vec<Option<Tensor>>,
    pub(crate) rows: usize,
}

impl Dataset {
    /// Checks that all tensors have the same rows and hold only finite numbers.
    pub(crate) fn new(x: Vec<Tensor>, y: Vec<Tensor>, weights: Vec<Option<Tensor>>) -> Result<Dataset> {
        let rows = check_rows("x", &x, None)?;
        check_rows("y", &y, Some(rows))?;
        let x: Vec<Tensor> = x.iter().map(single_precision).collect();
        let y: Vec<Tensor> = y.iter().map(single_precision).collect();
        x.iter().try_for_each(|tensor| check_finite("x", tensor))?;
        y.iter().try_for_each(|tensor| check_finite("y", tensor))?;
        let checked =
            |weight: Option<Tensor>| weight.map(|weight| weights::checked(&weight, rows)).transpose();
        let mut weights = weights.into_iter().map(checked).collect::<Result<Vec<_>>>()?;
        weights.resize(y.len(), None);
        Ok(Dataset { x, y, weights, rows })
    }

    /// The first rows and the last ones, as Keras' `validation_split` cuts them: before any shuffling.
    pub(crate) fn split(&self, validation_split: f64) -> Result<(Dataset, Dataset)> {
        let at = (self.rows as f64 * (1.0 - validation_split)).floor() as usize;
        if at == 0 || at >= self.rows {
            let text =
                format!("`validation_split` {validation_split} of {} rows leaves one part empty", self.rows);
            return Err(Error::new(ErrorKind::Usage, text));
        }
        Ok((self.part(0, at)?, self.part(at, self.rows)?))
    }

    fn part(&self, start: usize, end: usize) -> Result<Dataset> {
        let cut = |tensors: &[Tensor]| {
            tensors.iter().map(|tensor| tensor.rows(start, end)).collect::<Result<Vec<_>, _>>()
        };
        let weights = self
            .weights
            .iter()
            .map(|weight| weight.as_ref().map(|weight| weight.rows(start, end)).transpose());
        Ok(Dataset {
            x: cut(&self.x)?,
            y: cut(&self.y)?,
            weights: weights.collect::<Result<Vec<_>, _>>()?,
            rows: end - start,
        })
    }

    /// The types of the weights of a batch of so many rows.
    pub(crate) fn weight_types(&self, rows: usize) -> Vec<Option<TensorType>> {
        let of = |weight: &Tensor| TensorType::new(weight.dtype(), weight.shape().with(0, Some(rows)));
        self.weights.iter().map(|weight| weight.as_ref().map(of)).collect()
    }

    /// The types of a batch of so many rows.
    pub(crate) fn batch_types(tensors: &[Tensor], rows: usize) -> Vec<TensorType> {
        tensors
            .iter()
            .map(|tensor| TensorType::new(tensor.dtype(), tensor.shape().with(0, Some(rows))))
            .collect()
    }
}

/// Keras works in single precision unless a model says otherwise; data in double precision is converted once.
fn single_precision(tensor: &Tensor) -> Tensor {
    if tensor.dtype() == DType::F64 { tensor.cast(DType::F32) } else { tensor.clone() }
}

/// As in Keras, a last axis of 1 may be there or not where the input's rank then fits.
pub(crate) fn in_rank(tensor: Tensor, wanted: &TensorType) -> Result<Tensor> {
    let (dims, rank) = (tensor.dims(), wanted.shape.rank());
    if dims.len() + 1 == rank && wanted.shape.last() == Some(1) {
        return Ok(tensor.reshape(&[dims, &[1]].concat())?);
    }
    match dims.split_last() {
        Some((1, shorter)) if shorter.len() == rank => Ok(tensor.reshape(shorter)?),
        _ => Ok(tensor),
    }
}

/// The number of rows, the same in all.
pub(crate) fn check_rows(name: &str, tensors: &[Tensor], expected: Option<usize>) -> Result<usize> {
    let mut rows = expected;
    for tensor in tensors {
        let Some(&own) = tensor.dims().first() else {
            return Err(Error::new(
                ErrorKind::Shape,
                format!("`{name}` must have a batch axis; it is a single number"),
            ));
        };
        match rows {
            Some(rows) if rows != own => {
                let text = format!("`{name}` has {own} rows where the rest of the data has {rows}");
                return Err(Error::new(ErrorKind::Shape, text));
            }
            _ => rows = Some(own),
        }
    }
    match rows {
        None => Err(Error::new(ErrorKind::Data, format!("`{name}` holds no tensor"))),
        Some(0) => Err(Error::new(ErrorKind::Data, format!("`{name}` has no rows"))),
        Some(rows) => Ok(rows),
    }
}

/// Bad cells are named by row and column before they can do harm: ReLU can hide a NaN for ever.
pub(crate) fn check_finite(name: &str, tensor: &Tensor) -> Result<()> {
    let bad = match tensor.dtype() {
        DType::F32 => tensor.slice::<f32>().iter().position(|value| !value.is_finite()),
        DType::F64 => tensor.slice::<f64>().iter().position(|value| !value.is_finite()),
        _ => None,
    };
    let Some(index) = bad else { return Ok(()) };
    let width: usize = tensor.dims().iter().skip(1).product::<usize>().max(1);
    let value = tensor.to_f64()[index];
    let place = if tensor.rank() > 1 {
        format!("row {}, column {}", index / width, index % width)
    } else {
        format!("row {index}")
    };
    Err(Error::new(ErrorKind::Data, format!("`{name}` holds {value} at {place} (both counted from 0)"))
        .hint("drop or fill missing and infinite values first"))
}
