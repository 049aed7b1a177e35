//! Operations that change the shape alone.

use ceras_graph::{Dim, Graph, Shape, Value, compose, ops as primitives};
use serde::{Deserialize, Serialize};

use super::axes::axis as axis_of;
use super::{Axes, NUMPY, Operand, Operation, configurable, node, one, operation_entry};
use crate::error::{Error, ErrorKind, Result};
use crate::models::KerasTensor;
use crate::registry::Entry;

/// The entries of the registry.
pub(super) const ENTRIES: &[&Entry<dyn Operation>] = &[&RESHAPE, &TRANSPOSE, &EXPAND_DIMS, &SQUEEZE];

static RESHAPE: Entry<dyn Operation> = operation_entry!(Reshape, "Reshape");
static TRANSPOSE: Entry<dyn Operation> = operation_entry!(Transpose, "Transpose");
static EXPAND_DIMS: Entry<dyn Operation> = operation_entry!(ExpandDims, "ExpandDims");
static SQUEEZE: Entry<dyn Operation> = operation_entry!(Squeeze, "Squeeze");

/// The same elements in the same order under another shape, the batch axis included; −1 stands for what is left.
///
/// # Errors
/// The elements do not fill the shape.
#[track_caller]
pub fn reshape(x: &KerasTensor, newshape: &[i64]) -> Result<KerasTensor> {
    let newshape = newshape.iter().map(|&dim| Some(dim)).collect();
    node(Reshape { newshape }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reshape {
    newshape: Vec<Option<i64>>,
}

configurable!(Reshape, "Reshape");

impl Operation for Reshape {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Reshape", operands)?;
        let dim = |dim: &Option<i64>| -> Result<Dim> {
            match dim {
                None | Some(-1) => Ok(None),
                Some(dim) => usize::try_from(*dim).map(Some).map_err(|_| {
                    Error::new(
                        ErrorKind::Usage,
                        format!("a dimension must be -1 or not negative; one is {dim}"),
                    )
                }),
            }
        };
        let dims = self.newshape.iter().map(dim).collect::<Result<Vec<Dim>>>()?;
        if dims.iter().filter(|dim| dim.is_none()).count() > 1 {
            return Err(Error::new(ErrorKind::Usage, "only one dimension of `newshape` can be -1"));
        }
        Ok(primitives::reshape(g, x, Shape::from(dims))?)
    }
}

/// The axes in another order, the batch axis included.
///
/// # Errors
/// `axes` does not name every axis once.
#[track_caller]
pub fn transpose(x: &KerasTensor, axes: &[i64]) -> Result<KerasTensor> {
    node(Transpose { axes: Some(axes.to_vec()) }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transpose {
    #[serde(default)]
    axes: Option<Vec<i64>>,
}

configurable!(Transpose, "Transpose");

impl Operation for Transpose {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Transpose", operands)?;
        let shape = g.ty(x).shape.clone();
        let axes = match &self.axes {
            None => (0..shape.rank()).rev().collect(),
            Some(axes) => Axes::from(axes.clone()).of(&shape)?,
        };
        Ok(primitives::transpose(g, x, &axes)?)
    }
}

/// One more axis of one element at each of these places of the result.
///
/// # Errors
/// There is no such place.
#[track_caller]
pub fn expand_dims(x: &KerasTensor, axis: impl Into<Axes>) -> Result<KerasTensor> {
    node(ExpandDims { axis: axis.into() }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpandDims {
    axis: Axes,
}

configurable!(ExpandDims, "ExpandDims");

impl Operation for ExpandDims {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("ExpandDims", operands)?;
        let shape = g.ty(x).shape.clone();
        let given = match &self.axis {
            Axes::All => return Err(Error::new(ErrorKind::Usage, "`expand_dims` needs an axis")),
            Axes::One(axis) => vec![*axis],
            Axes::Several(axes) => axes.clone(),
        };
        let rank = shape.rank() + given.len();
        let places = given.iter().map(|&given| axis_of(given, &shape, rank));
        let mut places = places.collect::<Result<Vec<usize>>>()?;
        places.sort_unstable();
        if places.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::new(ErrorKind::Usage, "`expand_dims` names one place twice"));
        }
        Ok(places.into_iter().try_fold(x, |x, place| compose::expand_dims(g, x, place))?)
    }
}

/// Without axes of one element: these, or all that are known to have one.
///
/// # Errors
/// An axis has more elements.
#[track_caller]
pub fn squeeze(x: &KerasTensor, axis: impl Into<Axes>) -> Result<KerasTensor> {
    node(Squeeze { axis: axis.into() }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Squeeze {
    #[serde(default)]
    axis: Axes,
}

configurable!(Squeeze, "Squeeze");

impl Operation for Squeeze {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Squeeze", operands)?;
        let shape = g.ty(x).shape.clone();
        let axes = match &self.axis {
            // The batch axis stays: whether it goes must not depend on the data.
            Axes::All => (1..shape.rank()).filter(|&axis| shape.dim(axis) == Some(1)).collect(),
            some => some.of(&shape)?,
        };
        Ok(compose::squeeze(g, x, &axes)?)
    }
}
