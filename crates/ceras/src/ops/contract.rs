//! Operations that contract tensors: Einstein's notation, lengths, sums of exponentials.

use ceras_graph::{Dim, Graph, Shape, Value, compose, ops as primitives};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::arrange::unsupported;
use super::promote::{float, together};
use super::{Axes, NUMPY, Operand, Operation, configurable, node, one, operation_entry};
use crate::error::Result;
use crate::models::KerasTensor;
use crate::registry::Entry;

/// The entries of the registry.
pub(super) const ENTRIES: &[&Entry<dyn Operation>] = &[&EINSUM, &NORM, &LOGSUMEXP];

static EINSUM: Entry<dyn Operation> = operation_entry!(Einsum, "Einsum");
static NORM: Entry<dyn Operation> = operation_entry!(Norm, "Norm");
static LOGSUMEXP: Entry<dyn Operation> = operation_entry!(Logsumexp, "Logsumexp");

/// A contraction by Einstein's notation, of two tensors: `bij,bkj->bik`.
///
/// # Errors
/// The letters do not fit the shapes.
#[track_caller]
pub fn einsum(subscripts: &str, a: &KerasTensor, b: &KerasTensor) -> Result<KerasTensor> {
    node(Einsum { subscripts: subscripts.to_owned() }, vec![a.into(), b.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Einsum {
    subscripts: String,
}

configurable!(Einsum, "Einsum");

impl Operation for Einsum {
    fn module(&self) -> &'static str {
        NUMPY
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let letters = |text: &str| -> Option<Vec<char>> {
            let text = text.trim();
            text.chars().all(|letter| letter.is_ascii_alphabetic()).then(|| text.chars().collect())
        };
        let parts = self.subscripts.split_once("->").and_then(|(operands, result)| {
            let (a, b) = operands.split_once(',')?;
            Some((letters(a)?, letters(b)?, letters(result)?))
        });
        let (Some((a, b, result)), [Operand::Tensor(x), Operand::Tensor(y)]) = (parts, operands) else {
            let text = format!("the operation Einsum with `{}` is not supported", self.subscripts);
            return Err(unsupported(text).detail("two tensors and a result are, such as `bij,bkj->bik`"));
        };
        let both = together(g, &[*x, *y])?;
        Ok(compose::einsum(g, (both[0], &a), (both[1], &b), &result)?)
    }
}

/// The Euclidean length along axes.
///
/// # Errors
/// There is no such axis.
#[track_caller]
pub fn norm(x: &KerasTensor, axis: impl Into<Axes>, keepdims: bool) -> Result<KerasTensor> {
    node(Norm { ord: Json::Null, axis: axis.into(), keepdims }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Norm {
    #[serde(default)]
    ord: Json,
    #[serde(default)]
    axis: Axes,
    #[serde(default)]
    keepdims: bool,
}

configurable!(Norm, "Norm");

impl Operation for Norm {
    fn module(&self) -> &'static str {
        "keras.src.ops.linalg"
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Norm", operands)?;
        let x = float(g, x)?;
        let axes = self.axis.of(&g.ty(x).shape)?;
        if self.ord.is_null() || (self.ord.as_f64() == Some(2.0) && axes.len() == 1) {
            let squares = compose::square(g, x)?;
            let sum = compose::sum(g, squares, &axes, self.keepdims)?;
            return Ok(primitives::sqrt(g, sum)?);
        }
        if self.ord.as_f64() == Some(1.0) && axes.len() == 1 {
            let sizes = primitives::abs(g, x)?;
            return Ok(compose::sum(g, sizes, &axes, self.keepdims)?);
        }
        Err(unsupported(format!("the operation Norm with `ord` {} is not supported", self.ord)))
    }
}

/// The logarithm of the sum of exponentials, without overflow.
///
/// # Errors
/// There is no such axis.
#[track_caller]
pub fn logsumexp(x: &KerasTensor, axis: impl Into<Axes>, keepdims: bool) -> Result<KerasTensor> {
    node(Logsumexp { axis: axis.into(), keepdims }, vec![x.into()])
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Logsumexp {
    #[serde(default)]
    axis: Axes,
    #[serde(default)]
    keepdims: bool,
}

configurable!(Logsumexp, "Logsumexp");

impl Operation for Logsumexp {
    fn module(&self) -> &'static str {
        "keras.src.ops.math"
    }

    fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
        let x = one("Logsumexp", operands)?;
        let x = float(g, x)?;
        let axes = self.axis.of(&g.ty(x).shape)?;
        let largest = compose::max(g, x, &axes, true)?;
        let below = compose::subtract(g, x, largest)?;
        let powers = primitives::exponential(g, below)?;
        let sum = compose::sum(g, powers, &axes, true)?;
        let sum = primitives::log(g, sum)?;
        let sum = compose::add(g, sum, largest)?;
        if self.keepdims {
            return Ok(sum);
        }
        let shape = g.ty(sum).shape.clone();
        let left =
            shape.dims().iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, dim)| *dim);
        Ok(primitives::reshape(g, sum, Shape::from(left.collect::<Vec<Dim>>()))?)
    }
}
