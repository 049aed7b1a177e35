//! A part of a tensor.

use std::sync::Arc;

use ceras_kernels::movement;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::{Dim, Shape, TensorType};

/// Every `strides`-th element from `starts` up to, not including, `limits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The first element of each axis.
    pub starts: Vec<usize>,
    /// The end of each axis; `usize::MAX` stands for the end of an axis of unknown length.
    pub limits: Vec<usize>,
    /// The step of each axis, 1 or more.
    pub strides: Vec<usize>,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let starts = given.axes("start_indices")?;
    let limits = given.ints("limit_indices")?.into_iter();
    let limits = limits.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    Ok(Arc::new(Slice { starts, limits, strides: given.axes("strides")? }))
}

impl Slice {
    /// The length of the result along an axis; the rule when there is no such part.
    fn length(&self, axis: usize, shape: &Shape) -> Result<Dim, Rule> {
        let (start, stride) = (self.starts[axis], self.strides[axis]);
        let limit = match (self.limits[axis], shape.dim(axis)) {
            (usize::MAX, None) => return Ok(None),
            (usize::MAX, Some(length)) => length,
            (limit, _) => limit,
        };
        let fits = shape.dim(axis).is_none_or(|length| limit <= length);
        if start > limit || stride == 0 || !fits {
            let words = rules::axis_words(axis, shape.rank());
            return Err(Rule::new(format!(
                "{words} of {{0}} has no elements {start}..{limit} in steps of {stride}; the shape is {shape}"
            )));
        }
        Ok(Some((limit - start).div_ceil(stride)))
    }

    /// Where the part starts, in elements, when it is one run of them.
    fn run(&self, dims: &[usize], result: &[usize]) -> Option<usize> {
        let strides = ops::contiguous_strides(dims);
        if !result.contains(&0) {
            // Leading axes of one element pick a place; the next one may be cut; all after it must be whole.
            let first = result.iter().position(|&length| length != 1).unwrap_or(result.len());
            let unit_step = first == result.len() || self.strides[first] == 1;
            let whole = (first + 1..result.len()).all(|axis| result[axis] == dims[axis]);
            if !unit_step || !whole {
                return None;
            }
            return Some(self.starts.iter().zip(strides).map(|(start, stride)| start * stride).sum());
        }
        Some(0)
    }
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        let shape = &inputs[0].shape;
        if [&self.starts, &self.limits, &self.strides].iter().any(|list| list.len() != shape.rank()) {
            return Err(Rule::new(format!(
                "start, limit and stride must be given for each of the {} axes of {{0}}",
                shape.rank()
            )));
        }
        let dims: Result<Vec<Dim>, Rule> = (0..shape.rank()).map(|axis| self.length(axis, shape)).collect();
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape: Shape::from(dims?) }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        let shape = cx.ty(cx.inputs[0]).shape.clone();
        let result = cx.ty(ct).shape.clone();
        let mut high = Vec::with_capacity(shape.rank());
        for axis in 0..shape.rank() {
            let after = match (shape.dim(axis), result.dim(axis)) {
                (_, Some(0)) => shape.dim(axis).map(|length| length - self.starts[axis]),
                (Some(length), Some(taken)) => {
                    Some(length - self.starts[axis] - (taken - 1) * self.strides[axis] - 1)
                }
                // An axis of unknown length that is taken whole has nothing after it.
                _ => (self.limits[axis] == usize::MAX && self.strides[axis] == 1).then_some(0),
            };
            let Some(after) = after else {
                return Ok(Vjp::NotDifferentiable("a part of an axis of unknown length is taken"));
            };
            high.push(after as i64);
        }
        let low: Vec<i64> = self.starts.iter().map(|&start| start as i64).collect();
        let interior: Vec<usize> = self.strides.iter().map(|stride| stride - 1).collect();
        let dtype = cx.ty(ct).dtype;
        let zero = ops::scalar_constant(cx.graph, 0.0, dtype)?;
        Ok(Vjp::Cotangents(vec![Some(ops::pad(cx.graph, ct, zero, &low, &high, &interior)?)]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let (dims, result) = (types.input_dims(0), types.output_dims(0));
        let bytes = types.inputs[0].dtype.size();
        if let Some(start) = self.run(&dims, &result) {
            return CpuStep::View { offset_bytes: start * bytes };
        }
        let limits: Vec<usize> = self.limits.iter().zip(&dims).map(|(limit, dim)| *limit.min(dim)).collect();
        KernelStep::new(movement::Slice::new(bytes, &dims, &self.starts, &limits, &self.strides)).into()
    }

    fn attributes(&self) -> Attributes {
        let limit = |limit: &usize| i64::try_from(*limit).unwrap_or(-1);
        let limits = self.limits.iter().map(limit).collect();
        Attributes::none()
            .with("start_indices", rules::ints(&self.starts))
            .with("limit_indices", crate::op::Attribute::Ints(limits))
            .with("strides", rules::ints(&self.strides))
    }

    ops::plain!();
}

/// Every `strides`-th element from `starts` up to, not including, `limits`, along each axis.
///
/// # Errors
/// There are no such elements.
#[track_caller]
pub fn slice(
    g: &mut Graph,
    x: Value,
    starts: &[usize],
    limits: &[usize],
    strides: &[usize],
) -> Result<Value, GraphError> {
    let op = Slice { starts: starts.to_vec(), limits: limits.to_vec(), strides: strides.to_vec() };
    g.emit_one(op, &[x])
}

/// The elements `start..limit` along one axis, all along the others.
#[track_caller]
pub(crate) fn along(
    g: &mut Graph,
    x: Value,
    axis: usize,
    start: usize,
    limit: usize,
) -> Result<Value, GraphError> {
    let shape = g.ty(x).shape.clone();
    let mut starts = vec![0; shape.rank()];
    let mut limits: Vec<usize> = shape.dims().iter().map(|dim| dim.unwrap_or(usize::MAX)).collect();
    if let (Some(first), Some(last)) = (starts.get_mut(axis), limits.get_mut(axis)) {
        (*first, *last) = (start, limit);
    }
    slice(g, x, &starts, &limits, &vec![1; shape.rank()])
}
