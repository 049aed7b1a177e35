//! The same elements under another shape.

use std::sync::Arc;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::{Shape, TensorType};

/// The same elements in the same order under another shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reshape {
    /// The result's shape; one unknown dimension is found from the others when the operand's shape is known.
    pub shape: Shape,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Reshape { shape: given.shape("shape")? }))
}

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        let (operand, target) = (&inputs[0].shape, &self.shape);
        let Some(elements) = operand.elements() else {
            return Ok(vec![TensorType { dtype: inputs[0].dtype, shape: target.clone() }]);
        };
        let misfit = || Rule::new(format!("{{0}} has {elements} elements, which do not fill shape {target}"));
        let unknown: Vec<usize> = (0..target.rank()).filter(|&axis| target.dim(axis).is_none()).collect();
        let shape = match unknown[..] {
            [] if target.elements() == Some(elements) => target.clone(),
            [] => return Err(misfit()),
            [axis] => {
                let rest = target.without(axis).elements().filter(|rest| *rest > 0 && elements % rest == 0);
                target.with(axis, Some(elements / rest.ok_or_else(misfit)?))
            }
            _ => target.clone(),
        };
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let (ct, shape) = (cx.cotangent(), cx.ty(cx.inputs[0]).shape.clone());
        Ok(Vjp::Cotangents(vec![Some(reshape(cx.graph, ct, shape)?)]))
    }

    fn cpu(&self, _types: &OpTypes<'_>) -> CpuStep {
        CpuStep::View { offset_bytes: 0 }
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("shape", Attribute::Shape(self.shape.clone()))
    }

    ops::plain!();
}

/// The same elements in the same order under another shape; the value itself when it has that shape.
///
/// # Errors
/// The products of the dimensions differ.
#[track_caller]
pub fn reshape(g: &mut Graph, x: Value, shape: impl Into<Shape>) -> Result<Value, GraphError> {
    let shape = shape.into();
    if g.ty(x).shape == shape { Ok(x) } else { g.emit_one(Reshape { shape }, &[x]) }
}
