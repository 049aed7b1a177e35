//! Random bits.

use std::sync::Arc;

use ceras_kernels::{DType, random};

use crate::error::{GraphError, Rule};
use crate::graph::{Graph, Value};
use crate::op::{Attribute, Attributes, CpuStep, KernelStep, Op, OpTypes, Vjp, VjpCx};
use crate::ops::{self, Given, rules};
use crate::types::{Shape, TensorType};

/// 32 random bits an element (Philox 4×32-10), the same for the same key and position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RngBitGenerator {
    /// The result's shape.
    pub shape: Shape,
}

pub(super) fn parse(given: &mut Given) -> Result<Arc<dyn Op>, String> {
    Ok(Arc::new(RngBitGenerator { shape: given.shape("shape")? }))
}

impl Op for RngBitGenerator {
    fn name(&self) -> &'static str {
        "rng_bit_generator"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>, Rule> {
        rules::count(inputs, 1)?;
        let key = TensorType::new(DType::U64, [2]);
        if inputs[0].dtype != key.dtype || !inputs[0].shape.is_compatible(&key.shape) {
            return Err(Rule::new(format!("{{0}} must be a key, {key}; it is {}", inputs[0])));
        }
        Ok(vec![TensorType { dtype: DType::U32, shape: self.shape.clone() }])
    }

    fn vjp(&self, _cx: &mut VjpCx<'_>) -> Result<Vjp, GraphError> {
        Ok(Vjp::Cotangents(vec![None]))
    }

    fn cpu(&self, _types: &OpTypes<'_>) -> CpuStep {
        KernelStep::new(random::Bits::new()).into()
    }

    fn attributes(&self) -> Attributes {
        Attributes::none().with("shape", Attribute::Shape(self.shape.clone()))
    }

    ops::plain!();
}

/// 32 random bits an element, the same for the same key and position.
///
/// # Errors
/// The key is not `uint64 [2]`.
///
/// # References
/// Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3",
/// <https://doi.org/10.1145/2063384.2063405>.
#[track_caller]
pub fn rng_bit_generator(g: &mut Graph, key: Value, shape: Shape) -> Result<Value, GraphError> {
    g.emit_one(RngBitGenerator { shape }, &[key])
}
