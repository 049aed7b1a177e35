//! Sums, extremes, products and the like over axes.

use std::sync::Arc;

use ceras_kernels::DType;
use ceras_kernels::elementwise::Direction;
use ceras_kernels::reduce::{self as kernels, Reduction};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::{Dim, Shape, TensorType};

/// Combines the elements along some axes, which vanish. Of no elements: 0, −∞, ∞, 1, true, false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduce {
    /// How to combine.
    pub reduction: Reduction,
    /// Over which axes, in increasing order.
    pub axes: Vec<usize>,
}

pub(super) fn parse(reduction: Reduction, given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Reduce { reduction, axes: given.axes("axes")? }))
}

impl Reduce {
    /// A value of the result's shape, repeated to the operand's.
    fn spread(&self, g: &mut Graph, value: Value, shape: &Shape) -> Result<Value, GraphError> {
        let kept: Vec<usize> = (0..shape.rank()).filter(|axis| !self.axes.contains(axis)).collect();
        ops::broadcast_in_dim(g, value, shape.clone(), &kept)
    }

    /// Ties share the cotangent evenly.
    fn extreme_vjp(&self, g: &mut Graph, x: Value, y: Value, ct: Value) -> Result<Value, GraphError> {
        let TensorType { dtype, shape } = g.ty(x).clone();
        let (wide_y, wide_ct) = (self.spread(g, y, &shape)?, self.spread(g, ct, &shape)?);
        let chosen = ops::compare(g, x, wide_y, Direction::Eq)?;
        let chosen = ops::convert(g, chosen, dtype)?;
        let ties = ops::reduce(g, chosen, Reduction::Sum, &self.axes)?;
        let ties = self.spread(g, ties, &shape)?;
        let share = ops::divide(g, chosen, ties)?;
        ops::multiply(g, share, wide_ct)
    }

    /// ct times the product of the others: y / x, or, at the only zero, the product of all that are not zero.
    fn product_vjp(&self, g: &mut Graph, x: Value, ct: Value) -> Result<Value, GraphError> {
        let TensorType { dtype, shape } = g.ty(x).clone();
        let (zeros, ones) = (ops::zeros_like(g, x)?, ops::full_like(g, x, 1.0)?);
        let is_zero = ops::compare(g, x, zeros, Direction::Eq)?;
        let safe = ops::select(g, is_zero, ones, x)?;
        let product = ops::reduce(g, safe, Reduction::Product, &self.axes)?;
        let product = self.spread(g, product, &shape)?;
        let counted = ops::convert(g, is_zero, dtype)?;
        let count = ops::reduce(g, counted, Reduction::Sum, &self.axes)?;
        let count = self.spread(g, count, &shape)?;
        // How many of the *other* factors are zero.
        let others = ops::subtract(g, count, counted)?;
        let free = ops::compare(g, others, zeros, Direction::Eq)?;
        let slope = ops::divide(g, product, safe)?;
        let slope = ops::select(g, free, slope, zeros)?;
        let wide_ct = self.spread(g, ct, &shape)?;
        ops::multiply(g, wide_ct, slope)
    }
}

impl Op for Reduce {
    fn name(&self) -> &'static str {
        match self.reduction {
            Reduction::Sum => "reduce_sum",
            Reduction::Max => "reduce_max",
            Reduction::Min => "reduce_min",
            Reduction::Product => "reduce_product",
            Reduction::And => "reduce_and",
            Reduction::Or => "reduce_or",
        }
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        let TensorType { dtype, shape } = inputs[0];
        rules::distinct_axes("{0}", &self.axes, shape.rank())?;
        let logical = matches!(self.reduction, Reduction::And | Reduction::Or);
        match (logical, *dtype == DType::Bool) {
            (true, false) => return Err(Rule::new(format!("{{0}} must be bool; it is {dtype}"))),
            (false, true) => return Err(Rule::new("{0} must be numbers; it is bool")),
            _ => {}
        }
        let kept = (0..shape.rank()).filter(|axis| !self.axes.contains(axis));
        let dims: Vec<Dim> = kept.map(|axis| shape.dim(axis)).collect();
        Ok(vec![TensorType { dtype: *dtype, shape: Shape::from(dims) }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let (x, y, ct) = (cx.inputs[0], cx.outputs[0], cx.cotangent());
        let shape = cx.ty(x).shape.clone();
        let cotangent = match self.reduction {
            Reduction::Sum => Some(self.spread(cx.graph, ct, &shape)?),
            Reduction::Max | Reduction::Min => Some(self.extreme_vjp(cx.graph, x, y, ct)?),
            Reduction::Product => Some(self.product_vjp(cx.graph, x, ct)?),
            Reduction::And | Reduction::Or => None,
        };
        Ok(Vjp::Cotangents(vec![cotangent]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let dims = types.input_dims(0);
        if self.axes.iter().all(|&axis| dims[axis] == 1) {
            return CpuStep::View { offset_bytes: 0 };
        }
        let dtype = types.inputs[0].dtype;
        let kernel = kernels::Reduce::new(self.reduction, dtype, &dims, &self.axes, types.isa);
        let scratch = kernel.scratch_bytes();
        KernelStep::new(kernel).scratch(scratch).into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("axes", rules::ints(&self.axes))
    }

    ops::plain!();
}

/// Combines the elements along some axes, which vanish; the value itself when there are no axes.
///
/// # Errors
/// There is no such axis, one is named twice, or the reduction does not take elements of that type.
///
/// # Examples
/// ```
/// use ceras_graph::{DType, Function, Tensor, TensorType, eval, ops};
/// let x = TensorType::new(DType::F32, [2, 2]);
/// let f = Function::trace(&[("x", x)], |g, x| Ok(vec![ops::reduce(g, x[0], ops::Reduction::Sum, &[1])?]))?;
/// let y = eval::interpret(f.graph(), &[Tensor::new(&[2, 2], [1.0f32, 2.0, 3.0, 4.0]).unwrap()]).unwrap();
/// assert_eq!(y[0].slice::<f32>(), [3.0, 7.0]);
/// # Ok::<(), ceras_graph::GraphError>(())
/// ```
#[track_caller]
pub fn reduce(g: &mut Graph, x: Value, reduction: Reduction, axes: &[usize]) -> Result<Value, GraphError> {
    if axes.is_empty() {
        return Ok(x);
    }
    let mut axes = axes.to_vec();
    axes.sort_unstable();
    g.emit_one(Reduce { reduction, axes }, &[x])
}
