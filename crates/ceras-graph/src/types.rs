//! Shapes and types of tensors.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use ceras_kernels::DType;

/// A dimension: a number of elements, or `None` while it is unknown (the batch size, mostly).
pub type Dim = Option<usize>;

/// The shape of a tensor; dimensions may be unknown while a model is described, and never when it is compiled.
#[derive(Clone)]
pub struct Shape(Dims);

/// Few dimensions lie in the shape itself: graphs are copied many times on their way to a plan.
#[derive(Clone)]
enum Dims {
    Few(u8, [Dim; FEW]),
    Many(Arc<[Dim]>),
}

const FEW: usize = 4;

impl FromIterator<Dim> for Shape {
    fn from_iter<I: IntoIterator<Item = Dim>>(dims: I) -> Shape {
        let (mut few, mut rank) = ([None; FEW], 0);
        let mut dims = dims.into_iter();
        for dim in dims.by_ref() {
            if rank == FEW {
                return Shape(Dims::Many(few.into_iter().chain([dim]).chain(dims).collect()));
            }
            few[rank] = dim;
            rank += 1;
        }
        Shape(Dims::Few(rank as u8, few))
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shape").field(&self.dims()).finish()
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Shape) -> bool {
        self.dims() == other.dims()
    }
}

impl Eq for Shape {}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.dims().hash(state);
    }
}

impl Default for Shape {
    fn default() -> Shape {
        Shape::scalar()
    }
}

impl Shape {
    /// The shape of a single number.
    pub const fn scalar() -> Shape {
        Shape(Dims::Few(0, [None; FEW]))
    }

    /// A shape of known dimensions.
    pub fn known(dims: &[usize]) -> Shape {
        dims.iter().copied().map(Some).collect()
    }

    /// How many axes there are.
    pub fn rank(&self) -> usize {
        self.dims().len()
    }

    /// The dimensions.
    pub fn dims(&self) -> &[Dim] {
        match &self.0 {
            Dims::Few(rank, dims) => &dims[..usize::from(*rank)],
            Dims::Many(dims) => dims,
        }
    }

    /// The dimension of an axis.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn dim(&self, axis: usize) -> Dim {
        self.dims()[axis]
    }

    /// The last dimension: `None` when there is no axis or it is unknown.
    pub fn last(&self) -> Dim {
        self.dims().last().copied().flatten()
    }

    /// The dimensions when all are known.
    pub fn to_known(&self) -> Option<Vec<usize>> {
        self.dims().iter().copied().collect()
    }

    /// Whether all dimensions are known.
    pub fn is_known(&self) -> bool {
        self.dims().iter().all(Option::is_some)
    }

    /// How many elements, when all dimensions are known and the product fits.
    pub fn elements(&self) -> Option<usize> {
        self.dims().iter().try_fold(1usize, |product, dim| product.checked_mul((*dim)?))
    }

    /// Whether the two may be the same shape: equal ranks, and equal wherever both are known.
    pub fn is_compatible(&self, other: &Shape) -> bool {
        self.rank() == other.rank()
            && self.dims().iter().zip(other.dims()).all(|(a, b)| a.is_none() || b.is_none() || a == b)
    }

    /// Keras' axis, which counts from the end when negative, as an index; `None` when there is no such axis.
    pub fn axis(&self, axis: i64) -> Option<usize> {
        let rank = self.rank() as i64;
        let index = if axis < 0 { axis + rank } else { axis };
        (0..rank).contains(&index).then_some(index as usize)
    }

    /// The shape without one axis.
    pub fn without(&self, axis: usize) -> Shape {
        let dims = self.dims();
        assert!(axis < dims.len(), "axis {axis} of {self}");
        dims[..axis].iter().chain(&dims[axis + 1..]).copied().collect()
    }

    /// The shape with another dimension in one place.
    pub fn with(&self, axis: usize, dim: Dim) -> Shape {
        assert!(axis < self.rank(), "axis {axis} of {self}");
        self.dims().iter().enumerate().map(|(index, old)| if index == axis { dim } else { *old }).collect()
    }

    /// The shape with one more axis in front.
    pub fn prepend(&self, dim: Dim) -> Shape {
        std::iter::once(dim).chain(self.dims().iter().copied()).collect()
    }
}

impl From<Vec<Dim>> for Shape {
    fn from(dims: Vec<Dim>) -> Shape {
        dims.into_iter().collect()
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Shape {
        Shape::known(dims)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Shape {
        Shape::known(&dims)
    }
}

impl<const N: usize> From<[Dim; N]> for Shape {
    fn from(dims: [Dim; N]) -> Shape {
        dims.into_iter().collect()
    }
}

/// As Keras prints shapes in Rust's brackets: `[?, 4]`, with `?` for an unknown dimension.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (axis, dim) in self.dims().iter().enumerate() {
            if axis > 0 {
                f.write_str(", ")?;
            }
            match dim {
                Some(dim) => write!(f, "{dim}")?,
                None => f.write_str("?")?,
            }
        }
        f.write_str("]")
    }
}

/// The type of a value: its elements' type and its shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// The type of the elements.
    pub dtype: DType,
    /// The shape.
    pub shape: Shape,
}

impl TensorType {
    /// A type.
    pub fn new(dtype: DType, shape: impl Into<Shape>) -> TensorType {
        TensorType { dtype, shape: shape.into() }
    }

    /// The type of a single number.
    pub fn scalar(dtype: DType) -> TensorType {
        TensorType { dtype, shape: Shape::scalar() }
    }

    /// Bytes of such a tensor, when all dimensions are known and the product fits.
    pub fn bytes(&self) -> Option<usize> {
        self.shape.elements()?.checked_mul(self.dtype.size())
    }
}

/// Such as `float32 [8, 15]`.
impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.dtype, self.shape)
    }
}
