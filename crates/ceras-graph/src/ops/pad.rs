//! A tensor with a frame around it and gaps inside.

use std::sync::Arc;

use ceras_kernels::{DType, movement};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, Reduction, rules};
use crate::tensor::Tensor;
use crate::types::{Dim, Shape, TensorType};

/// The operand with `low` elements of the pad value before it, `high` after it and `interior` between its elements,
/// along each axis; negative `low` and `high` cut off instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pad {
    /// Elements before.
    pub low: Vec<i64>,
    /// Elements after.
    pub high: Vec<i64>,
    /// Elements between each two.
    pub interior: Vec<usize>,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let (low, high) = (given.ints("edge_padding_low")?, given.ints("edge_padding_high")?);
    Ok(Arc::new(Pad { low, high, interior: given.axes("interior_padding")? }))
}

impl Pad {
    fn length(&self, axis: usize, shape: &Shape) -> Result<Dim, Rule> {
        let Some(length) = shape.dim(axis) else {
            return Ok(None);
        };
        let spread = length as i128 + length.saturating_sub(1) as i128 * self.interior[axis] as i128;
        let padded = spread + i128::from(self.low[axis]) + i128::from(self.high[axis]);
        usize::try_from(padded).map(Some).map_err(|_| {
            let words = rules::axis_words(axis, shape.rank());
            Rule::new(format!("{words} of {{0}} would have {padded} elements; the shape is {shape}"))
        })
    }

    /// The part of a padded tensor that the operand went to.
    fn extract(&self, g: &mut Graph, padded: Value, operand: &Shape) -> Result<Option<Value>, GraphError> {
        let dtype = g.ty(padded).dtype;
        let zero = ops::constant(g, Tensor::scalar(0.0f64).cast(dtype))?;
        let (low, high): (Vec<i64>, Vec<i64>) =
            (self.low.iter().map(|low| -low).collect(), self.high.iter().map(|high| -high).collect());
        let rank = operand.rank();
        let core = ops::pad(g, padded, zero, &low, &high, &vec![0; rank])?;
        if self.interior.iter().all(|&gap| gap == 0) {
            return Ok(Some(core));
        }
        let limits: Option<Vec<usize>> = (0..rank)
            .map(|axis| match operand.dim(axis) {
                Some(length) => Some(length + length.saturating_sub(1) * self.interior[axis]),
                None => (self.interior[axis] == 0).then_some(usize::MAX),
            })
            .collect();
        let strides: Vec<usize> = self.interior.iter().map(|gap| gap + 1).collect();
        limits.map(|limits| ops::slice(g, core, &vec![0; rank], &limits, &strides)).transpose()
    }
}

impl Op for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 2)?;
        let (operand, value) = (inputs[0], inputs[1]);
        let rank = operand.shape.rank();
        if self.low.len() != rank || self.high.len() != rank || self.interior.len() != rank {
            return Err(Rule::new(format!("the padding must be given for each of the {rank} axes of {{0}}")));
        }
        if *value != TensorType::scalar(operand.dtype) {
            return Err(Rule::new(format!(
                "{{1}} must be a scalar of {}, the type of {{0}}; it is {value}",
                operand.dtype
            )));
        }
        let dims: Result<Vec<Dim>, Rule> = (0..rank).map(|axis| self.length(axis, &operand.shape)).collect();
        Ok(vec![TensorType { dtype: operand.dtype, shape: Shape::from(dims?) }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        let operand = cx.ty(cx.inputs[0]).shape.clone();
        let mut cotangents = vec![None, None];
        if cx.wanted[0] {
            let Some(part) = self.extract(cx.graph, ct, &operand)? else {
                return Ok(Vjp::NotDifferentiable("the padding spreads an axis of unknown length"));
            };
            cotangents[0] = Some(part);
        }
        if cx.wanted[1] {
            cotangents[1] = Some(self.frame(cx, ct, operand)?);
        }
        Ok(Vjp::Cotangents(cotangents))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let (dims, bytes) = (types.input_dims(0), types.inputs[0].dtype.size());
        KernelStep::new(movement::Pad::new(bytes, &dims, &self.low, &self.high, &self.interior)).into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
            .with("edge_padding_low", Attribute::Ints(self.low.clone()))
            .with("edge_padding_high", Attribute::Ints(self.high.clone()))
            .with("interior_padding", rules::ints(&self.interior))
    }

    ops::plain!();
}

impl Pad {
    /// The sum of a cotangent over the places that hold the pad value.
    fn frame(&self, cx: &mut VjpCx<'_>, ct: Value, operand: Shape) -> Result<Value, GraphError> {
        let g = &mut *cx.graph;
        let inside = ops::constant(g, Tensor::scalar(0u8).cast(DType::Bool))?;
        let outside = ops::constant(g, Tensor::scalar(1u8).cast(DType::Bool))?;
        let inside = ops::spread(g, inside, operand)?;
        let mask = pad(g, inside, outside, &self.low, &self.high, &self.interior)?;
        let zeros = ops::zeros_like(g, ct)?;
        let framed = ops::select(g, mask, ct, zeros)?;
        let axes: Vec<usize> = (0..self.low.len()).collect();
        ops::reduce(g, framed, Reduction::Sum, &axes)
    }
}

/// `x` with `low` elements of `value` before it, `high` after it and `interior` between its elements, along each
/// axis; negative `low` and `high` cut off instead.
///
/// # Errors
/// `value` is not a scalar of the type of `x`, or less than nothing would be left.
#[track_caller]
pub fn pad(
    g: &mut Graph,
    x: Value,
    value: Value,
    low: &[i64],
    high: &[i64],
    interior: &[usize],
) -> Result<Value, GraphError> {
    g.emit_one(Pad { low: low.to_vec(), high: high.to_vec(), interior: interior.to_vec() }, &[x, value])
}
