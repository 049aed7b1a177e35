//! Rows in memory, and rows that are read when they are needed.

use std::fmt::Debug;
use std::sync::Arc;

use ceras_graph::{DType, Shape, Tensor, TensorType};

use crate::error::{Error, ErrorKind, Result};

/// Rows that are read when they are needed: data larger than memory, or made while training.
///
/// `fit`, `evaluate` and `predict` take such rows wherever they take a tensor. Batches are read by other threads, ahead of
/// the step that needs them, and no more than a few are in memory at a time. Rows are asked for by number, so shuffling,
/// `validation_split` and weights work as for tensors, and a training has the same bits as with all rows in memory.
///
/// # Examples
/// ```
/// use ceras::data::{Rows, Source};
/// use ceras::prelude::*;
/// use ceras::{DType, TensorType};
///
/// /// The numbers 0, 1, 2, … as rows of one feature.
/// #[derive(Debug)]
/// struct Counted(usize);
///
/// impl Rows for Counted {
///     fn ty(&self) -> TensorType {
///         TensorType::new(DType::F32, [self.0, 1])
///     }
///
///     fn read(&self, rows: &[usize], target: &mut [u8]) -> Result<()> {
///         for (row, bytes) in rows.iter().zip(target.chunks_exact_mut(4)) {
///             bytes.copy_from_slice(&(*row as f32).to_ne_bytes());
///         }
///         Ok(())
///     }
/// }
///
/// let x = Source::new(Counted(100))?;
/// let mut model = Sequential::new().add(Input::new([1])).add(Dense::new(1)).build()?;
/// model.compile(Compile::new("mse").optimizer(Adam::new()))?;
/// model.fit(&x, &x, Fit::new().verbose(Verbose::Silent))?;
/// assert_eq!(model.predict(&x)?.dims(), [100, 1]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # Keras
/// There a `PyDataset` gives whole batches by number, for all inputs and targets at once; here each input and each target is
/// a source of its own, and the batch size is `fit`'s.
pub trait Rows: Debug + Send + Sync {
    /// The type of all rows together: `[rows, …]`, every dimension known.
    fn ty(&self) -> TensorType;

    /// Writes these rows into `target`, one after the other, in the machine's byte order. Called by several threads at once.
    ///
    /// # Errors
    /// A row cannot be read; training ends with this error and the weights of the step before.
    fn read(&self, rows: &[usize], target: &mut [u8]) -> Result<()>;
}

/// The rows of one input or one target: a tensor, or [`Rows`] that are read when they are needed.
#[derive(Clone, Debug)]
pub struct Source {
    kind: Kind,
    dtype: DType,
    dims: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Kind {
    Held(Tensor),
    /// Which of the rows are meant; all without.
    Read(Arc<dyn Rows>, Option<Arc<[usize]>>),
}

impl From<Tensor> for Source {
    fn from(tensor: Tensor) -> Source {
        Source { dtype: tensor.dtype(), dims: tensor.dims().to_vec(), kind: Kind::Held(tensor) }
    }
}

impl From<&Tensor> for Source {
    fn from(tensor: &Tensor) -> Source {
        Source::from(tensor.clone())
    }
}

impl Source {
    /// Rows that are read when they are needed.
    ///
    /// # Errors
    /// Their type has no rows axis or an unknown dimension, or one row is more than can be held.
    pub fn new(rows: impl Rows + 'static) -> Result<Source> {
        let ty = rows.ty();
        let dims = ty.shape.to_known().filter(|dims| !dims.is_empty()).ok_or_else(|| {
            let text = format!("rows must have a known type `[rows, …]`; these have {ty}");
            Error::new(ErrorKind::Shape, text)
        })?;
        let row = dims[1..].iter().try_fold(ty.dtype.size(), |bytes, dim| bytes.checked_mul(*dim));
        if row.is_none_or(|bytes| bytes > isize::MAX as usize) {
            return Err(Error::new(ErrorKind::Shape, format!("a row of {ty} does not fit into memory")));
        }
        Ok(Source { kind: Kind::Read(Arc::new(rows), None), dtype: ty.dtype, dims })
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The dimensions, the rows first.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The shape of all rows together.
    pub fn shape(&self) -> Shape {
        Shape::known(&self.dims)
    }

    /// Whether rows are read when they are needed.
    pub fn is_streamed(&self) -> bool {
        matches!(self.kind, Kind::Read(..))
    }

    /// The tensor, where the rows are in memory.
    pub fn held(&self) -> Option<&Tensor> {
        match &self.kind {
            Kind::Held(tensor) => Some(tensor),
            Kind::Read(..) => None,
        }
    }

    /// These rows, in this order; nothing is read yet.
    ///
    /// # Errors
    /// There is no such row.
    pub fn take(&self, rows: &[usize]) -> Result<Source> {
        self.check(rows)?;
        let mut dims = self.dims.clone();
        dims[0] = rows.len();
        let kind = match &self.kind {
            Kind::Held(_) => return Ok(Source::from(self.read(rows)?)),
            Kind::Read(own, None) => Kind::Read(own.clone(), Some(rows.into())),
            Kind::Read(own, Some(picked)) => {
                Kind::Read(own.clone(), Some(rows.iter().map(|row| picked[*row]).collect()))
            }
        };
        Ok(Source { kind, dtype: self.dtype, dims })
    }

    /// Rows one after another, from `start` to before `end`.
    ///
    /// # Errors
    /// There are not as many.
    pub fn range(&self, start: usize, end: usize) -> Result<Source> {
        match &self.kind {
            Kind::Held(tensor) => Ok(Source::from(tensor.rows(start, end)?)),
            Kind::Read(..) => self.take(&(start..end).collect::<Vec<_>>()),
        }
    }

    /// These rows as a tensor.
    ///
    /// # Errors
    /// There is no such row, or it cannot be read.
    pub fn read(&self, rows: &[usize]) -> Result<Tensor> {
        self.check(rows)?;
        let mut dims = self.dims.clone();
        dims[0] = rows.len();
        let mut bytes = vec![0; self.row_bytes() * rows.len()];
        self.read_into(rows, &mut bytes)?;
        Ok(Tensor::from_bytes(self.dtype, &dims, &bytes)?)
    }

    fn check(&self, rows: &[usize]) -> Result<()> {
        let count = self.dims.first().copied().unwrap_or(0);
        match rows.iter().find(|row| **row >= count) {
            None => Ok(()),
            Some(row) => {
                Err(Error::new(ErrorKind::Data, format!("there is no row {row}; there are {count} rows")))
            }
        }
    }

    /// The bytes of one row.
    pub(crate) fn row_bytes(&self) -> usize {
        self.dims.iter().skip(1).product::<usize>() * self.dtype.size()
    }

    /// Writes rows that there are, one after the other.
    pub(crate) fn read_into(&self, rows: &[usize], target: &mut [u8]) -> Result<()> {
        let (source, picked) = match &self.kind {
            Kind::Held(tensor) => {
                copy_rows(tensor.bytes(), self.row_bytes(), rows, target);
                return Ok(());
            }
            Kind::Read(source, picked) => (source, picked),
        };
        let own: Vec<usize>;
        let rows = match picked {
            Some(picked) => {
                own = rows.iter().map(|row| picked[*row]).collect();
                &own[..]
            }
            None => rows,
        };
        if source.ty().dtype == self.dtype {
            return source.read(rows, target);
        }
        // Double precision becomes single on its way, as it does for tensors.
        let mut wide = vec![0; target.len() / self.dtype.size() * source.ty().dtype.size()];
        source.read(rows, &mut wide)?;
        let elements = target.len() / self.dtype.size();
        let narrow = Tensor::from_bytes(source.ty().dtype, &[elements], &wide)?.cast(self.dtype);
        target.copy_from_slice(narrow.bytes());
        Ok(())
    }

    /// The same elements under other dimensions with as many rows.
    pub(crate) fn reshaped(self, dims: &[usize]) -> Result<Source> {
        Ok(match self.kind {
            Kind::Held(tensor) => Source::from(tensor.reshape(dims)?),
            kind => Source { kind, dims: dims.to_vec(), ..self },
        })
    }

    /// Floating-point numbers in another precision.
    pub(crate) fn cast(self, dtype: DType) -> Source {
        match self.kind {
            Kind::Held(tensor) if tensor.dtype() != dtype => Source::from(tensor.cast(dtype)),
            kind => Source { kind, dtype, ..self },
        }
    }
}

/// Copies rows of so many bytes one after the other.
pub(crate) fn copy_rows(bytes: &[u8], row_bytes: usize, rows: &[usize], target: &mut [u8]) {
    // A call to copy a label or a few features takes longer than the copying.
    match row_bytes {
        0 => {}
        4 => copy_short_rows::<4>(bytes, rows, target),
        8 => copy_short_rows::<8>(bytes, rows, target),
        12 => copy_short_rows::<12>(bytes, rows, target),
        16 => copy_short_rows::<16>(bytes, rows, target),
        32 => copy_short_rows::<32>(bytes, rows, target),
        _ => {
            for (row, target) in rows.iter().zip(target.chunks_exact_mut(row_bytes)) {
                target.copy_from_slice(&bytes[row * row_bytes..(row + 1) * row_bytes]);
            }
        }
    }
}

fn copy_short_rows<const BYTES: usize>(bytes: &[u8], rows: &[usize], target: &mut [u8]) {
    let (source, target) = (bytes.as_chunks::<BYTES>().0, target.as_chunks_mut::<BYTES>().0);
    for (row, target) in rows.iter().zip(target) {
        *target = source[*row];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Tens(DType);

    impl Rows for Tens {
        fn ty(&self) -> TensorType {
            TensorType::new(self.0, [4, 2])
        }

        fn read(&self, rows: &[usize], target: &mut [u8]) -> Result<()> {
            let numbers: Vec<f64> = rows.iter().flat_map(|row| [10.0 * *row as f64, 1.0]).collect();
            target.copy_from_slice(Tensor::from_slice(&numbers).cast(self.0).bytes());
            Ok(())
        }
    }

    #[test]
    fn rows_are_picked_before_they_are_read() {
        let source = Source::new(Tens(DType::F32)).unwrap();
        assert!(source.is_streamed() && source.held().is_none());
        let some = source.take(&[3, 1, 2]).unwrap().range(1, 3).unwrap();
        assert_eq!(some.dims(), [2, 2]);
        assert_eq!(some.read(&[1, 0]).unwrap().slice::<f32>(), [20.0, 1.0, 10.0, 1.0]);
        let error = some.read(&[2]).unwrap_err().to_string();
        assert!(error.contains("there is no row 2; there are 2 rows"), "{error}");
        let held = Source::from(Tensor::new(&[3, 1], [1.0f32, 2.0, 3.0]).unwrap());
        assert_eq!(held.take(&[2, 0]).unwrap().held().unwrap().slice::<f32>(), [3.0, 1.0]);
    }

    #[test]
    fn double_precision_becomes_single_on_its_way() {
        let source = Source::new(Tens(DType::F64)).unwrap().cast(DType::F32).reshaped(&[4, 1, 2]).unwrap();
        let read = source.read(&[2]).unwrap();
        assert_eq!((read.dims(), read.slice::<f32>()), (&[1, 1, 2][..], &[20.0, 1.0][..]));
    }
}
