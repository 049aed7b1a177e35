//! Repetition along axes.

use std::sync::Arc;

use ceras_kernels::elementwise::{self, Body, Instruction, Operand, Register};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, Reduction, rules};
use crate::types::{Dim, Shape, TensorType};

/// The operand's axis `i` becomes the result's axis `axes[i]`; along all others, and where the operand has one
/// element, it repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastInDim {
    /// The result's shape.
    pub shape: Shape,
    /// The result's axis for each of the operand's, in increasing order.
    pub axes: Vec<usize>,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    let (shape, axes) = (given.shape("shape")?, given.axes("broadcast_dimensions")?);
    Ok(Arc::new(BroadcastInDim { shape, axes }))
}

impl BroadcastInDim {
    /// How an operand of these dimensions is read for each axis of the result: its stride in elements, 0 to repeat.
    pub(crate) fn strides(&self, dims: &[usize]) -> Vec<usize> {
        let own = ops::contiguous_strides(dims);
        let mut strides = vec![0; self.shape.rank()];
        for (index, axis) in self.axes.iter().enumerate() {
            strides[*axis] = if dims[index] == 1 { 0 } else { own[index] };
        }
        strides
    }

    /// The result's axes along which an operand of this shape repeats.
    fn repeated(&self, operand: &Shape, result: &Shape) -> Vec<usize> {
        let repeats = |axis: &usize| match self.axes.iter().position(|own| own == axis) {
            None => true,
            Some(index) => operand.dim(index) == Some(1) && result.dim(*axis) != Some(1),
        };
        (0..result.rank()).filter(repeats).collect()
    }
}

impl Op for BroadcastInDim {
    fn name(&self) -> &'static str {
        "broadcast_in_dim"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        let operand = &inputs[0].shape;
        if self.axes.len() != operand.rank() {
            let (rank, given) = (operand.rank(), self.axes.len());
            return Err(Rule::new(format!(
                "{{0}} has rank {rank}, but {given} axes of the result are named"
            )));
        }
        rules::distinct_axes("the result", &self.axes, self.shape.rank())?;
        if self.axes.windows(2).any(|pair| pair[0] > pair[1]) {
            return Err(Rule::new("the result's axes must be named in increasing order"));
        }
        let mut dims: Vec<Dim> = self.shape.dims().to_vec();
        for (index, &axis) in self.axes.iter().enumerate() {
            if operand.dim(index) == Some(1) {
                continue;
            }
            dims[axis] = rules::merge_dim(dims[axis], operand.dim(index)).ok_or_else(|| {
                let words = rules::axis_words(index, operand.rank());
                Rule::new(format!(
                    "{words} of {{0}} must be 1 or that of {} to repeat; the shape is {operand}",
                    self.shape
                ))
            })?;
        }
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape: Shape::from(dims) }])
    }

    fn vjp(&self, cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        let ct = cx.cotangent();
        let (operand, result) = (cx.ty(cx.inputs[0]).shape.clone(), cx.ty(ct).shape.clone());
        let sum = ops::reduce(cx.graph, ct, Reduction::Sum, &self.repeated(&operand, &result))?;
        Ok(Vjp::Cotangents(vec![Some(ops::reshape(cx.graph, sum, operand)?)]))
    }

    fn cpu(&self, types: &OpTypes<'_>) -> CpuStep {
        let (dims, shape) = (types.input_dims(0), types.output_dims(0));
        if types.inputs[0].shape.elements() == types.outputs[0].shape.elements() {
            return CpuStep::View { offset_bytes: 0 };
        }
        let inputs = vec![Operand { dtype: types.inputs[0].dtype, strides: self.strides(&dims) }];
        let copy = Instruction { function: &elementwise::COPY, arguments: vec![Register::Input(0)] };
        let outputs = vec![Register::Instruction(0)];
        ops::body_step(Body { shape, inputs, instructions: vec![copy], outputs }, types)
    }

    fn attributes(&self) -> Attributes {
        Attributes::none()
            .with("shape", Attribute::Shape(self.shape.clone()))
            .with("broadcast_dimensions", rules::ints(&self.axes))
    }

    ops::plain!();
}

/// Repeats a value: its axis `i` becomes axis `axes[i]` of the result, whose other axes repeat it; so do axes along
/// which it has one element.
///
/// # Shapes
/// `axes` is increasing and has an entry for each axis of `x`; the dimension there is 1 or that of `shape`.
///
/// # Errors
/// The shapes are otherwise.
///
/// # Examples
/// ```
/// use ceras_graph::{DType, Function, Shape, Tensor, TensorType, eval, ops};
/// let row = TensorType::new(DType::F32, [2]);
/// let f = Function::trace(&[("row", row)], |g, x| {
///     Ok(vec![ops::broadcast_in_dim(g, x[0], Shape::from([3, 2]), &[1])?])
/// })?;
/// let y = eval::interpret(f.graph(), &[Tensor::from_slice(&[1.0f32, 2.0])]).unwrap();
/// assert_eq!(y[0].slice::<f32>(), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
/// # Ok::<(), ceras_graph::GraphError>(())
/// ```
#[track_caller]
pub fn broadcast_in_dim(g: &mut Graph, x: Value, shape: Shape, axes: &[usize]) -> Result<Value, GraphError> {
    g.emit_one(BroadcastInDim { shape, axes: axes.to_vec() }, &[x])
}
