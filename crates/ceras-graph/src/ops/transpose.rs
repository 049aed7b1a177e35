//! Axes in another order.

use std::sync::Arc;

use ceras_kernels::movement;

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::{Dim, Shape, TensorType};

/// The result's axis `i` is the operand's axis `permutation[i]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transpose {
    /// The operand's axes in the order of the result.
    pub permutation: Vec<usize>,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(Transpose { permutation: given.axes("permutation")? }))
}

impl Transpose {
    /// The permutation that undoes this one.
    pub(crate) fn inverse(&self) -> Vec<usize> {
        let mut inverse = vec![0; self.permutation.len()];
        for (to, from) in self.permutation.iter().enumerate() {
            inverse[*from] = to;
        }
        inverse
    }
}

impl Op for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        let operand = &inputs[0].shape;
        if self.permutation.len() != operand.rank() {
            let (given, rank) = (self.permutation.len(), operand.rank());
            return Err(Rule::new(format!("the permutation names {given} axes, but {{0}} has rank {rank}")));
        }
        rules::distinct_axes("{0}", &self.permutation, operand.rank())?;
        let dims: Vec<Dim> = self.permutation.iter().map(|&axis| operand.dim(axis)).collect();
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape: Shape::from(dims) }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        Ok(Vjp::Cotangents(vec![Some(transpose(cx.graph, ct, &self.inverse())?)]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let dims = types.input_dims(0);
        let moved: Vec<usize> = self.permutation.iter().copied().filter(|&axis| dims[axis] != 1).collect();
        if moved.is_sorted() || dims.contains(&0) {
            return CpuStep::View { offset_bytes: 0 };
        }
        let bytes = types.inputs[0].dtype.size();
        KernelStep::new(movement::Transpose::new(bytes, &dims, &self.permutation)).into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("permutation", rules::ints(&self.permutation))
    }

    ops::plain!();
}

/// The axes in another order: the result's axis `i` is axis `permutation[i]` of `x`.
///
/// # Errors
/// The permutation does not name every axis once.
#[track_caller]
pub fn transpose(g: &mut Graph, x: Value, permutation: &[usize]) -> Result<Value, GraphError> {
    g.emit_one(Transpose { permutation: permutation.to_vec() }, &[x])
}
