//! Tensors one after the other.

use std::sync::Arc;

use ceras_kernels::movement;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::{Dim, TensorType};

/// The operands one after the other along an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concatenate {
    /// The axis.
    pub axis: usize,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Concatenate { axis: given.axis("dimension")? }))
}

impl Op for Concatenate {
    fn name(&self) -> &'static str {
        "concatenate"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        let Some(first) = inputs.first() else { return Err(Rule::new("takes one operand or more")) };
        rules::axis_exists("{0}", self.axis, first.shape.rank())?;
        let mut shape = first.shape.clone();
        let mut total: Dim = Some(0);
        for (index, input) in inputs.iter().enumerate() {
            if input.dtype != first.dtype {
                let (a, b) = (first.dtype, input.dtype);
                return Err(Rule::new(format!(
                    "{{0}} and {{{index}}} must have one type; they are {a} and {b}"
                )));
            }
            let misfit = || {
                let words = rules::axis_words(self.axis, first.shape.rank());
                let (a, b) = (&first.shape, &input.shape);
                Rule::new(format!(
                    "{{0}} and {{{index}}} may differ along {words} only; they have {a} and {b}"
                ))
            };
            if input.shape.rank() != shape.rank() {
                return Err(misfit());
            }
            let here = input.shape.dim(self.axis);
            shape = rules::merge(&shape.with(self.axis, None), &input.shape.with(self.axis, None))
                .ok_or_else(misfit)?;
            total = total.zip(here).and_then(|(total, here)| total.checked_add(here));
        }
        Ok(vec![TensorType { dtype: first.dtype, shape: shape.with(self.axis, total) }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        let mut start = 0;
        let mut cotangents = Vec::with_capacity(cx.inputs.len());
        for (input, wanted) in cx.inputs.iter().zip(cx.wanted) {
            let Some(length) = cx.graph.ty(*input).shape.dim(self.axis) else {
                return Ok(Vjp::NotDifferentiable("an operand's length along the axis is unknown"));
            };
            let part = wanted.then(|| ops::slice::along(cx.graph, ct, self.axis, start, start + length));
            cotangents.push(part.transpose()?);
            start += length;
        }
        Ok(Vjp::Cotangents(cotangents))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        if types.inputs.len() == 1 {
            return CpuStep::View { offset_bytes: 0 };
        }
        let dims: Vec<Vec<usize>> = (0..types.inputs.len()).map(|index| types.input_dims(index)).collect();
        let kernel = movement::Concatenate::new(types.inputs[0].dtype.size(), &dims, self.axis);
        CpuStep::Concatenate { axis: self.axis, kernel: Box::new(kernel) }
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("dimension", Attribute::Int(self.axis as i64))
    }

    ops::plain!();
}

/// The operands one after the other along an axis.
///
/// # Shapes
/// Equal but for the axis, whose lengths add up.
///
/// # Errors
/// The types differ, or the shapes along another axis.
#[track_caller]
pub fn concatenate(g: &mut Graph, operands: &[Value], axis: usize) -> Result<Value, GraphError> {
    g.emit_one(Concatenate { axis }, operands)
}
