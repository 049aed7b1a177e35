//! The penalty of rows or columns that are not orthogonal.

use ceras_graph::{Graph, GraphError, Value, compose, ops};
use serde::{Deserialize, Serialize};

use super::{Regularizer, configurable, not_negative, total};
use crate::activations::rules;
use crate::constraints::normalize;
use crate::error::Result;

/// Which vectors of a matrix are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pairs {
    /// The rows.
    #[default]
    Rows,
    /// The columns.
    Columns,
}

/// `factor ·` the mean of `|cos|` over all pairs of rows (or columns) of a matrix.
///
/// # Shapes
/// Matrices with known dimensions; the penalty is a scalar.
///
/// # Errors
/// The factor is negative, or `x` is not a matrix of floating-point numbers.
///
/// # Examples
/// ```
/// use ceras::regularizers::{OrthogonalRegularizer, RegularizerRef};
/// use ceras_graph::Tensor;
/// let rows = Tensor::new(&[2, 2], [1.0f64, 0.0, 3.0, 3.0])?;
/// let penalty = RegularizerRef::from(OrthogonalRegularizer::new(1.0)).eval(&rows)?;
/// assert!((penalty - 0.5f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrthogonalRegularizer {
    factor: f64,
    mode: Pairs,
}

configurable!(OrthogonalRegularizer, &["orthogonal_regularizer"]);

impl Default for OrthogonalRegularizer {
    fn default() -> OrthogonalRegularizer {
        OrthogonalRegularizer { factor: 0.01, mode: Pairs::Rows }
    }
}

impl OrthogonalRegularizer {
    /// The penalty of rows with this factor; Keras' default is 0.01.
    #[must_use]
    pub fn new(factor: f64) -> OrthogonalRegularizer {
        OrthogonalRegularizer { factor, ..OrthogonalRegularizer::default() }
    }

    /// The same for rows or columns.
    #[must_use]
    pub fn mode(mut self, mode: Pairs) -> OrthogonalRegularizer {
        self.mode = mode;
        self
    }

    fn check(&self) -> Result<()> {
        not_negative("factor", self.factor)
    }
}

impl Regularizer for OrthogonalRegularizer {
    fn penalty(&self, g: &mut Graph, x: Value) -> Result<Value, GraphError> {
        if g.ty(x).shape.rank() != 2 {
            return Err(rules::broken(g, "OrthogonalRegularizer", "`x` must be a matrix", &[("x", x)]));
        }
        let (vectors, along) = match self.mode {
            Pairs::Rows => (0, 1),
            Pairs::Columns => (1, 0),
        };
        let count = rules::known_dim(g, "OrthogonalRegularizer", x, vectors)?;
        let unit = normalize(g, x, along)?;
        let turned = ops::transpose(g, unit, &[1, 0])?;
        let product = match self.mode {
            Pairs::Rows => compose::matmul(g, unit, turned)?,
            Pairs::Columns => compose::matmul(g, turned, unit)?,
        };
        let cosines = ops::abs(g, product)?;
        let ty = g.ty(cosines).clone();
        let row = ops::iota(g, ceras_graph::TensorType::new(ceras_graph::DType::I32, ty.shape.clone()), 0)?;
        let column = ops::iota(g, ceras_graph::TensorType::new(ceras_graph::DType::I32, ty.shape), 1)?;
        let apart = compose::not_equal(g, row, column)?;
        let zero = compose::scalar(g, 0.0, ty.dtype)?;
        let cosines = compose::select(g, apart, cosines, zero)?;
        let sum = total(g, cosines)?;
        let pairs = (count * count.saturating_sub(1)) as f64 / 2.0;
        let scaled = compose::multiply_scalar(g, sum, self.factor * 0.5)?;
        compose::divide_scalar(g, scaled, pairs)
    }
}
