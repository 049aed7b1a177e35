//! What `fit`, `evaluate` and `predict` are given, brought into shape and checked before the first step.

use ceras_graph::{DType, Tensor, TensorType};

use super::weights;
use crate::data::Source;
use crate::error::{Error, ErrorKind, Result};

/// One tensor, or one [`Source`] of rows, for each input (or output) of a model, in the model's order or by name.
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
    sources: Vec<Source>,
    names: Option<Vec<String>>,
}

impl From<&Tensor> for Inputs {
    fn from(tensor: &Tensor) -> Inputs {
        Inputs::from(Source::from(tensor))
    }
}

impl From<Tensor> for Inputs {
    fn from(tensor: Tensor) -> Inputs {
        Inputs::from(Source::from(tensor))
    }
}

impl From<Source> for Inputs {
    fn from(source: Source) -> Inputs {
        Inputs::from(vec![source])
    }
}

impl From<&Source> for Inputs {
    fn from(source: &Source) -> Inputs {
        Inputs::from(source.clone())
    }
}

impl From<Vec<Source>> for Inputs {
    fn from(sources: Vec<Source>) -> Inputs {
        Inputs { sources, names: None }
    }
}

impl From<Vec<Tensor>> for Inputs {
    fn from(tensors: Vec<Tensor>) -> Inputs {
        Inputs::from(tensors.into_iter().map(Source::from).collect::<Vec<_>>())
    }
}

impl From<&[Tensor]> for Inputs {
    fn from(tensors: &[Tensor]) -> Inputs {
        Inputs::from(tensors.to_vec())
    }
}

impl<const N: usize> From<[&Tensor; N]> for Inputs {
    fn from(tensors: [&Tensor; N]) -> Inputs {
        Inputs::from(tensors.map(Source::from).to_vec())
    }
}

impl<const N: usize> From<[(&str, &Tensor); N]> for Inputs {
    fn from(items: [(&str, &Tensor); N]) -> Inputs {
        Inputs::from(items.map(|(name, tensor)| (name.to_owned(), Source::from(tensor))).to_vec())
    }
}

impl From<Vec<(String, Tensor)>> for Inputs {
    fn from(items: Vec<(String, Tensor)>) -> Inputs {
        Inputs::from(items.into_iter().map(|(name, tensor)| (name, Source::from(tensor))).collect::<Vec<_>>())
    }
}

impl From<Vec<(String, Source)>> for Inputs {
    fn from(items: Vec<(String, Source)>) -> Inputs {
        let (names, sources): (Vec<String>, Vec<Source>) = items.into_iter().unzip();
        Inputs { sources, names: Some(names) }
    }
}

impl Inputs {
    /// What was given, in its order.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The names that they were given under.
    pub(crate) fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The same with more: by name, or at the end.
    pub(crate) fn with(mut self, more: impl IntoIterator<Item = (usize, String, Source)>) -> Inputs {
        for (place, name, source) in more {
            match &mut self.names {
                Some(names) => {
                    names.push(name);
                    self.sources.push(source);
                }
                None => self.sources.insert(place, source),
            }
        }
        self
    }

    /// The sources in the model's order. `word` is what they are called; `names` is `None` while the model does not
    /// know its ends.
    pub(crate) fn in_order(self, word: &str, names: Option<&[&str]>) -> Result<Vec<Source>> {
        let Some(names) = names else { return Ok(self.sources) };
        let Some(given) = self.names else {
            return if self.sources.len() == names.len() {
                Ok(self.sources)
            } else {
                let (count, plural) = (self.sources.len(), if self.sources.len() == 1 { "" } else { "s" });
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
            place.map(|place| self.sources[place].clone()).ok_or_else(|| {
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
    pub(crate) x: Vec<Source>,
    pub(crate) y: Vec<Source>,
    /// Weights of the rows, or of the steps of each row (`float32`), for each output that has any.
    pub(crate) weights: Vec<Option<Tensor>>,
    pub(crate) rows: usize,
}

impl Dataset {
    /// Checks that all have the same rows and hold only finite numbers; what is streamed is checked as it comes.
    pub(crate) fn new(x: Vec<Source>, y: Vec<Source>, weights: Vec<Option<Tensor>>) -> Result<Dataset> {
        let rows = check_rows("x", &x, None)?;
        check_rows("y", &y, Some(rows))?;
        let x: Vec<Source> = x.into_iter().map(single_precision).collect();
        let y: Vec<Source> = y.into_iter().map(single_precision).collect();
        for (name, sources) in [("x", &x), ("y", &y)] {
            sources
                .iter()
                .filter_map(Source::held)
                .try_for_each(|tensor| check_finite(name, tensor, None))?;
        }
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
        let cut = |sources: &[Source]| {
            sources.iter().map(|source| source.range(start, end)).collect::<Result<Vec<_>>>()
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
    pub(crate) fn batch_types(sources: &[Source], rows: usize) -> Vec<TensorType> {
        sources
            .iter()
            .map(|source| TensorType::new(source.dtype(), source.shape().with(0, Some(rows))))
            .collect()
    }

    /// Whether anything is read while training.
    pub(crate) fn is_streamed(&self) -> bool {
        self.x.iter().chain(&self.y).any(Source::is_streamed)
    }
}

/// Keras works in single precision unless a model says otherwise; data in double precision is converted once.
fn single_precision(source: Source) -> Source {
    if source.dtype() == DType::F64 { source.cast(DType::F32) } else { source }
}

/// As in Keras, a last axis of 1 may be there or not where the input's rank then fits.
pub(crate) fn in_rank(source: Source, wanted: &TensorType) -> Result<Source> {
    let (dims, rank) = (source.dims().to_vec(), wanted.shape.rank());
    if dims.len() + 1 == rank && wanted.shape.last() == Some(1) {
        return source.reshaped(&[&dims[..], &[1]].concat());
    }
    match dims.split_last() {
        Some((1, shorter)) if shorter.len() == rank => source.reshaped(shorter),
        _ => Ok(source),
    }
}

/// The number of rows, the same in all.
pub(crate) fn check_rows(name: &str, sources: &[Source], expected: Option<usize>) -> Result<usize> {
    let mut rows = expected;
    for source in sources {
        let Some(&own) = source.dims().first() else {
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

/// Bad cells are named by row and column before they can do harm: ReLU can hide a NaN for ever. `rows` are the numbers of the
/// tensor's rows where it is a part of the data.
pub(crate) fn check_finite(name: &str, tensor: &Tensor, rows: Option<&[usize]>) -> Result<()> {
    let bad = match tensor.dtype() {
        DType::F32 => tensor.slice::<f32>().iter().position(|value| !value.is_finite()),
        DType::F64 => tensor.slice::<f64>().iter().position(|value| !value.is_finite()),
        _ => None,
    };
    let Some(index) = bad else { return Ok(()) };
    let width: usize = tensor.dims().iter().skip(1).product::<usize>().max(1);
    let value = tensor.to_f64()[index];
    let row = rows.map_or(index / width, |rows| rows[index / width]);
    let place =
        if tensor.rank() > 1 { format!("row {row}, column {}", index % width) } else { format!("row {row}") };
    Err(Error::new(ErrorKind::Data, format!("`{name}` holds {value} at {place} (both counted from 0)"))
        .hint("drop or fill missing and infinite values first"))
}
