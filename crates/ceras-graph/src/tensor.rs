//! Values of tensors on the host: data to train on, weights to look at, constants.

use std::fmt;
use std::sync::Arc;

use ceras_kernels::{Block, DType, Element};

use crate::types::{Shape, TensorType};

/// A tensor of any rank: elements in row-major order. Cloning shares the elements.
#[derive(Clone)]
pub struct Tensor {
    dtype: DType,
    dims: Vec<usize>,
    data: Arc<Block>,
    len: usize,
}

impl Tensor {
    /// A tensor of these dimensions with these elements, the last axis running fastest.
    ///
    /// # Errors
    /// The number of elements is not the product of the dimensions.
    ///
    /// # Examples
    /// ```
    /// use ceras_graph::Tensor;
    /// let x = Tensor::new(&[2, 3], vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0])?;
    /// assert_eq!(x.dims(), [2, 3]);
    /// assert!(Tensor::new(&[2, 2], vec![1.0f32]).is_err());
    /// # Ok::<(), ceras_graph::tensor::TensorError>(())
    /// ```
    pub fn new<T: Element>(dims: &[usize], elements: impl AsRef<[T]>) -> Result<Tensor, TensorError> {
        let elements = elements.as_ref();
        let expected = Shape::known(dims).elements();
        if expected != Some(elements.len()) {
            return Err(TensorError(format!(
                "a tensor of shape {} does not have {} elements",
                Shape::known(dims),
                elements.len()
            )));
        }
        let mut data = Block::zeroed(size_of_val(elements));
        data.slice_mut::<T>(0, elements.len()).copy_from_slice(elements);
        Ok(Tensor { dtype: T::DTYPE, dims: dims.to_vec(), data: Arc::new(data), len: elements.len() })
    }

    /// A tensor of rank 1.
    pub fn from_slice<T: Element>(elements: &[T]) -> Tensor {
        Tensor::new(&[elements.len()], elements).expect("one dimension, as many elements")
    }

    /// A single number.
    pub fn scalar<T: Element>(element: T) -> Tensor {
        Tensor::new(&[], [element]).expect("a scalar has one element")
    }

    /// Zeros (`false` for `bool`).
    ///
    /// # Errors
    /// The size does not fit in memory's address space.
    pub fn zeros(dtype: DType, dims: &[usize]) -> Result<Tensor, TensorError> {
        let shape = Shape::known(dims);
        let ty = TensorType { dtype, shape };
        let (Some(len), Some(bytes)) = (ty.shape.elements(), ty.bytes()) else {
            return Err(TensorError(format!("a tensor of shape {} is too large", ty.shape)));
        };
        Ok(Tensor { dtype, dims: dims.to_vec(), data: Arc::new(Block::zeroed(bytes)), len })
    }

    /// A tensor of truth values.
    ///
    /// # Errors
    /// As [`Tensor::new`].
    pub fn from_bools(dims: &[usize], elements: &[bool]) -> Result<Tensor, TensorError> {
        let bytes: Vec<u8> = elements.iter().map(|&element| u8::from(element)).collect();
        Ok(Tensor { dtype: DType::Bool, ..Tensor::new(dims, bytes)? })
    }

    /// A tensor from its bytes in row-major order and native endianness. Bytes of a `bool` other than 0 count as 1.
    ///
    /// # Errors
    /// The number of bytes is not what type and dimensions ask for.
    pub fn from_bytes(dtype: DType, dims: &[usize], bytes: &[u8]) -> Result<Tensor, TensorError> {
        let ty = TensorType::new(dtype, dims);
        if ty.bytes() != Some(bytes.len()) {
            return Err(TensorError(format!("{ty} does not take {} bytes", bytes.len())));
        }
        let mut data = Block::zeroed(bytes.len());
        let target = data.slice_mut::<u8>(0, bytes.len());
        target.copy_from_slice(bytes);
        if dtype == DType::Bool {
            target.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
        }
        Ok(Tensor { dtype, dims: dims.to_vec(), len: bytes.len() / dtype.size(), data: Arc::new(data) })
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The dimensions.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        Shape::known(&self.dims)
    }

    /// Type and shape.
    pub fn ty(&self) -> TensorType {
        TensorType { dtype: self.dtype, shape: self.shape() }
    }

    /// How many axes.
    pub fn rank(&self) -> usize {
        self.dims.len()
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes of the elements in row-major order.
    pub fn bytes(&self) -> &[u8] {
        self.data.slice(0, self.len * self.dtype.size())
    }

    /// The elements, when they are of that type; `bool` is seen as `u8`.
    pub fn try_slice<T: Element>(&self) -> Option<&[T]> {
        let same = T::DTYPE == self.dtype || (T::DTYPE == DType::U8 && self.dtype == DType::Bool);
        same.then(|| self.data.slice(0, self.len))
    }

    /// The elements.
    ///
    /// # Panics
    /// If they are not of that type; [`Tensor::try_slice`] asks first.
    #[track_caller]
    pub fn slice<T: Element>(&self) -> &[T] {
        self.try_slice().unwrap_or_else(|| panic!("a tensor of {} is not one of {}", self.dtype, T::DTYPE))
    }

    /// The same elements under other dimensions.
    ///
    /// # Errors
    /// The products of the dimensions differ.
    pub fn reshape(&self, dims: &[usize]) -> Result<Tensor, TensorError> {
        if Shape::known(dims).elements() != Some(self.len) {
            return Err(TensorError(format!(
                "{} elements do not fill shape {}",
                self.len,
                Shape::known(dims)
            )));
        }
        Ok(Tensor { dims: dims.to_vec(), ..self.clone() })
    }

    /// Rows `start..end` along the first axis.
    ///
    /// # Errors
    /// There are no such rows.
    pub fn rows(&self, start: usize, end: usize) -> Result<Tensor, TensorError> {
        let rows = self.dims.first().copied().unwrap_or(0);
        if start > end || end > rows {
            return Err(TensorError(format!("rows {start}..{end} of a tensor of shape {}", self.shape())));
        }
        let row_bytes = self.row_bytes();
        let mut dims = self.dims.clone();
        dims[0] = end - start;
        Tensor::from_bytes(self.dtype, &dims, &self.bytes()[start * row_bytes..end * row_bytes])
    }

    /// The rows of these numbers along the first axis, in this order.
    ///
    /// # Errors
    /// There is no such row.
    pub fn take(&self, rows: &[usize]) -> Result<Tensor, TensorError> {
        let count = self.dims.first().copied().unwrap_or(0);
        if let Some(row) = rows.iter().find(|row| **row >= count) {
            return Err(TensorError(format!("row {row} of a tensor of shape {}", self.shape())));
        }
        let row_bytes = self.row_bytes();
        let mut bytes = Vec::with_capacity(rows.len() * row_bytes);
        for row in rows {
            bytes.extend_from_slice(&self.bytes()[row * row_bytes..(row + 1) * row_bytes]);
        }
        let mut dims = self.dims.clone();
        dims[0] = rows.len();
        Tensor::from_bytes(self.dtype, &dims, &bytes)
    }

    /// The same numbers in another type, as Rust's `as` converts; to `bool` as "is not zero".
    pub fn cast(&self, dtype: DType) -> Tensor {
        if dtype == self.dtype {
            return self.clone();
        }
        let converted = match dtype {
            DType::F32 => self.convert(|x| x as f32, |x| x as f32, |x| x as f32),
            DType::F64 => self.convert(|x| x, |x| x as f64, |x| x as f64),
            DType::I32 => self.convert(|x| x as i32, |x| x as i32, |x| x as i32),
            DType::U32 => self.convert(|x| x as u32, |x| x as u32, |x| x as u32),
            DType::I64 => self.convert(|x| x as i64, |x| x, |x| x as i64),
            DType::U64 => self.convert(|x| x as u64, |x| x as u64, |x| x),
            DType::U8 => self.convert(|x| x as u8, |x| x as u8, |x| x as u8),
            _ => self.convert(|x| u8::from(x != 0.0), |x| u8::from(x != 0), |x| u8::from(x != 0)),
        };
        Tensor { dtype, ..converted }
    }

    /// The elements as `f64`, whatever their type.
    pub fn to_f64(&self) -> Vec<f64> {
        self.cast(DType::F64).slice::<f64>().to_vec()
    }

    /// The elements as `f32`, whatever their type.
    pub fn to_f32(&self) -> Vec<f32> {
        self.cast(DType::F32).slice::<f32>().to_vec()
    }

    /// The only element, as `f64`.
    ///
    /// # Errors
    /// There is not exactly one element.
    pub fn item(&self) -> Result<f64, TensorError> {
        if self.len == 1 {
            Ok(self.to_f64()[0])
        } else {
            Err(TensorError(format!("a tensor of shape {} is not a single number", self.shape())))
        }
    }

    fn row_bytes(&self) -> usize {
        self.dims.iter().skip(1).product::<usize>() * self.dtype.size()
    }

    fn convert<T: Element>(
        &self,
        float: fn(f64) -> T,
        signed: fn(i64) -> T,
        unsigned: fn(u64) -> T,
    ) -> Tensor {
        let elements: Vec<T> = match self.dtype {
            DType::F32 => self.slice::<f32>().iter().map(|&x| float(f64::from(x))).collect(),
            DType::F64 => self.slice::<f64>().iter().map(|&x| float(x)).collect(),
            DType::I32 => self.slice::<i32>().iter().map(|&x| signed(i64::from(x))).collect(),
            DType::I64 => self.slice::<i64>().iter().map(|&x| signed(x)).collect(),
            DType::U32 => self.slice::<u32>().iter().map(|&x| unsigned(u64::from(x))).collect(),
            DType::U64 => self.slice::<u64>().iter().map(|&x| unsigned(x)).collect(),
            _ => self.slice::<u8>().iter().map(|&x| unsigned(u64::from(x))).collect(),
        };
        Tensor::new(&self.dims, elements).expect("as many elements as before")
    }
}

/// Equal type, shape and bytes; so a NaN equals itself.
impl PartialEq for Tensor {
    fn eq(&self, other: &Tensor) -> bool {
        self.dtype == other.dtype && self.dims == other.dims && self.bytes() == other.bytes()
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({}", self.ty())?;
        let shown: Vec<String> = self.to_f64().iter().take(8).map(f64::to_string).collect();
        write!(f, ": {}{})", shown.join(", "), if self.len > 8 { ", …" } else { "" })
    }
}

/// Dimensions and elements that do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorError(pub String);

impl fmt::Display for TensorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TensorError {}
