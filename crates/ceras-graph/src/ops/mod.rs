//! The primitive ops, one file each (elementwise families share one), and the one list of them.
//!
//! The builder functions here are strict: operands of an elementwise op have one type and one shape. NumPy's
//! broadcasting is in [`compose`](crate::compose).

mod given;
pub(crate) mod rules;

mod all_finite;
mod arg_max;
mod average_pool;
mod binary;
mod broadcast_in_dim;
mod clamp;
mod compare;
mod concatenate;
mod cond;
mod constant;
mod convert;
mod convolution;
mod convolution_kernel_gradient;
mod dot_general;
pub(crate) mod fused;
mod gather;
mod iota;
mod max_pool;
mod max_pool_scatter;
mod pad;
mod pool_window;
mod reduce;
mod reshape;
mod reverse;
mod rng_bit_generator;
mod scan;
mod scatter_add;
mod select;
pub(crate) mod slice;
mod stop_gradient;
#[cfg(test)]
mod tests;
mod transpose;
mod unary;

use std::sync::Arc;

use ceras_kernels::elementwise::{self, Body, Function, Instruction, Operand, Register};

use crate::error::GraphError;
use crate::graph::{Graph, Value};
use crate::op::{CpuStep, KernelStep, Op, OpTypes};
use crate::types::{Shape, TensorType};

pub use all_finite::{AllFinite, all_finite};
pub use arg_max::{ArgMax, arg_max};
pub use average_pool::{AveragePool, AveragePoolScatter, average_pool};
pub use binary::*;
pub use broadcast_in_dim::{BroadcastInDim, broadcast_in_dim};
pub use clamp::{Clamp, clamp};
pub use compare::{Compare, compare};
pub use concatenate::{Concatenate, concatenate};
pub use cond::{Cond, cond};
pub use constant::{Constant, constant, scalar_constant};
pub use convert::{Convert, convert};
pub use convolution::{Convolution, ConvolutionWindow, convolution, convolution_transposed};
pub use convolution_kernel_gradient::{ConvolutionKernelGradient, convolution_kernel_gradient};
pub use dot_general::{DotDimensions, DotGeneral, dot_general};
pub use fused::Fused;
pub use gather::{Gather, gather};
pub use given::Given;
pub use iota::{Iota, iota};
pub use max_pool::{MaxPool, max_pool};
pub use max_pool_scatter::{MaxPoolGather, MaxPoolScatter};
pub use pad::{Pad, pad};
pub use pool_window::PoolWindow;
pub use reduce::{Reduce, reduce};
pub use reshape::{Reshape, reshape};
pub use reverse::{Reverse, reverse};
pub use rng_bit_generator::{RngBitGenerator, rng_bit_generator};
pub use scan::{Scan, scan, scan_reverse};
pub use scatter_add::{ScatterAdd, scatter_add};
pub use select::{Select, select};
pub use slice::{Slice, slice};
pub use stop_gradient::{StopGradient, stop_gradient};
pub use transpose::{Transpose, transpose};
pub use unary::*;

pub use ceras_kernels::elementwise::Direction;
pub use ceras_kernels::reduce::Reduction;

/// Makes an op from its attributes, as the text format has them.
pub type Parse = fn(&mut Given) -> Result<Arc<dyn Op>, String>;

/// Every op: its name and how it is made from its attributes.
pub const LIST: &[(&str, Parse)] = &[
    ("constant", constant::parse),
    ("iota", iota::parse),
    ("abs", unary::Abs::parse),
    ("negate", unary::Negate::parse),
    ("exponential", unary::Exponential::parse),
    ("exponential_minus_one", unary::ExponentialMinusOne::parse),
    ("log", unary::Log::parse),
    ("log_plus_one", unary::LogPlusOne::parse),
    ("sqrt", unary::Sqrt::parse),
    ("rsqrt", unary::Rsqrt::parse),
    ("tanh", unary::Tanh::parse),
    ("logistic", unary::Logistic::parse),
    ("sign", unary::Sign::parse),
    ("floor", unary::Floor::parse),
    ("ceil", unary::Ceil::parse),
    ("round_nearest_even", unary::RoundNearestEven::parse),
    ("cosine", unary::Cosine::parse),
    ("sine", unary::Sine::parse),
    ("erf", unary::Erf::parse),
    ("not", unary::Not::parse),
    ("is_finite", unary::IsFinite::parse),
    ("add", binary::Add::parse),
    ("subtract", binary::Subtract::parse),
    ("multiply", binary::Multiply::parse),
    ("divide", binary::Divide::parse),
    ("maximum", binary::Maximum::parse),
    ("minimum", binary::Minimum::parse),
    ("power", binary::Power::parse),
    ("remainder", binary::Remainder::parse),
    ("and", binary::And::parse),
    ("or", binary::Or::parse),
    ("xor", binary::Xor::parse),
    ("compare", compare::parse),
    ("select", select::parse),
    ("clamp", clamp::parse),
    ("convert", convert::parse),
    ("broadcast_in_dim", broadcast_in_dim::parse),
    ("reshape", reshape::parse),
    ("transpose", transpose::parse),
    ("concatenate", concatenate::parse),
    ("slice", slice::parse),
    ("pad", pad::parse),
    ("reverse", reverse::parse),
    ("gather", gather::parse),
    ("scatter_add", scatter_add::parse),
    ("reduce_sum", |given| reduce::parse(Reduction::Sum, given)),
    ("reduce_max", |given| reduce::parse(Reduction::Max, given)),
    ("reduce_min", |given| reduce::parse(Reduction::Min, given)),
    ("reduce_product", |given| reduce::parse(Reduction::Product, given)),
    ("reduce_and", |given| reduce::parse(Reduction::And, given)),
    ("reduce_or", |given| reduce::parse(Reduction::Or, given)),
    ("arg_max", arg_max::parse),
    ("all_finite", all_finite::parse),
    ("dot_general", dot_general::parse),
    ("convolution", convolution::parse),
    ("convolution_kernel_gradient", convolution_kernel_gradient::parse),
    ("max_pool", max_pool::parse),
    ("max_pool_scatter", max_pool_scatter::parse_scatter),
    ("max_pool_gather", max_pool_scatter::parse_gather),
    ("average_pool", average_pool::parse),
    ("average_pool_scatter", average_pool::parse_scatter),
    ("rng_bit_generator", rng_bit_generator::parse),
    ("stop_gradient", stop_gradient::parse),
    ("cond", cond::parse),
    ("scan", scan::parse),
    ("fused", fused::parse),
];

/// Makes the op of a name from its attributes.
///
/// # Errors
/// There is no such op, or the attributes are not those it takes.
pub fn parse(name: &str, mut given: Given) -> Result<Arc<dyn Op>, String> {
    let Some((_, parse)) = LIST.iter().find(|(known, _)| *known == name) else {
        return Err(format!("there is no op `{name}`"));
    };
    let op = parse(&mut given).map_err(|why| format!("`{name}`: {why}"))?;
    given.finish().map_err(|why| format!("`{name}`: {why}"))?;
    Ok(op)
}

/// The methods of an op that is not elementwise and owns no graphs.
macro_rules! plain {
    () => {
        fn elementwise(&self) -> Option<&'static ceras_kernels::elementwise::Function> {
            None
        }

        fn graphs(&self) -> Vec<&$crate::graph::Graph> {
            Vec::new()
        }

        fn with_graphs(&self, _graphs: Vec<$crate::graph::Graph>) -> std::sync::Arc<dyn $crate::op::Op> {
            std::sync::Arc::new(self.clone())
        }
    };
}
pub(crate) use plain;

/// The methods of an op that applies an elementwise function.
macro_rules! elementwise_methods {
    ($function:expr) => {
        fn cpu(&self, types: &$crate::op::OpTypes<'_>) -> $crate::op::CpuStep {
            $crate::ops::elementwise_step($function(self), types)
        }

        fn elementwise(&self) -> Option<&'static ceras_kernels::elementwise::Function> {
            Some($function(self))
        }

        fn graphs(&self) -> Vec<&$crate::graph::Graph> {
            Vec::new()
        }

        fn with_graphs(&self, _graphs: Vec<$crate::graph::Graph>) -> std::sync::Arc<dyn $crate::op::Op> {
            std::sync::Arc::new(self.clone())
        }
    };
}
pub(crate) use elementwise_methods;

/// Strides in elements of a contiguous tensor of these dimensions.
pub(crate) fn contiguous_strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    strides
}

/// The step of one elementwise function; an operand that is a scalar is repeated.
pub(crate) fn elementwise_step(function: &'static Function, types: &OpTypes<'_>) -> CpuStep {
    let shape = types.output_dims(0);
    let inputs: Vec<Operand> = types
        .inputs
        .iter()
        .map(|ty| Operand {
            dtype: ty.dtype,
            strides: if ty.shape.rank() == 0 { vec![0; shape.len()] } else { contiguous_strides(&shape) },
        })
        .collect();
    let arguments = (0..inputs.len()).map(Register::Input).collect();
    let instructions = vec![Instruction { function, arguments }];
    body_step(Body { shape, inputs, instructions, outputs: vec![Register::Instruction(0)] }, types)
}

/// The step of a register program.
pub(crate) fn body_step(body: Body, types: &OpTypes<'_>) -> CpuStep {
    let full = contiguous_strides(&body.shape);
    let mut in_place = Vec::new();
    for (output, ty) in types.outputs.iter().enumerate() {
        for (input, operand) in body.inputs.iter().enumerate() {
            let whole = types.inputs[input].shape == ty.shape && operand.strides == full;
            if whole && operand.dtype.size() == ty.dtype.size() {
                in_place.push((input, output));
            }
        }
    }
    let kernel = elementwise::fused(body, types.isa)
        .expect("`infer` and the fuse pass admit only what the kernel can do");
    CpuStep::Kernel(KernelStep { in_place, ..KernelStep::new(kernel).strided() })
}

/// Zeros of a value's type.
pub(crate) fn zeros_like(g: &mut Graph, value: Value) -> Result<Value, GraphError> {
    full_like(g, value, 0.0)
}

/// A number in the type and shape of a value.
pub(crate) fn full_like(g: &mut Graph, value: Value, number: f64) -> Result<Value, GraphError> {
    let TensorType { dtype, shape } = g.ty(value).clone();
    let scalar = scalar_constant(g, number, dtype)?;
    spread(g, scalar, shape)
}

/// A scalar repeated to a shape.
pub(crate) fn spread(g: &mut Graph, scalar: Value, shape: Shape) -> Result<Value, GraphError> {
    if shape.rank() == 0 { Ok(scalar) } else { broadcast_in_dim(g, scalar, shape, &[]) }
}

/// The op itself, if it is of that type.
pub fn downcast<T: Op>(op: &dyn Op) -> Option<&T> {
    (op as &dyn std::any::Any).downcast_ref::<T>()
}

/// The tensor of a value that is a constant.
pub(crate) fn constant_of(graph: &Graph, value: Value) -> Option<&crate::tensor::Tensor> {
    downcast::<Constant>(&*graph.producer(value)?.op).map(|constant| &constant.value)
}

/// The one number that a value repeats, if it is a constant scalar, that scalar broadcast.
pub(crate) fn splat_of(graph: &Graph, value: Value) -> Option<&crate::tensor::Tensor> {
    let node = graph.producer(value)?;
    let source = if downcast::<BroadcastInDim>(&*node.op).is_some() { node.inputs[0] } else { value };
    constant_of(graph, source).filter(|tensor| tensor.len() == 1)
}
