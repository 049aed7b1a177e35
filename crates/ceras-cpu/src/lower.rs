//! One node at a time: from an op to the work of a step.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ceras_graph::op::{CompiledGraph, KernelStep};
use ceras_graph::{CpuStep, Graph, Isa, Node, OpTypes, Tensor, TensorType};
use ceras_kernels::memory::ALIGNMENT;
use ceras_kernels::{Block, Kernel};

use crate::compile::compile_body;
use crate::error::CompileError;

/// The work of an item.
#[derive(Debug)]
pub(crate) enum Work {
    /// Nothing: the result is bytes of the operand.
    View,
    /// Copies the operand, which may be strided, to the result, which may be strided.
    Copy,
    /// Joins the operands along an axis, unless they lie there already.
    Concatenate {
        /// The axis.
        axis: usize,
        /// What to run when none does.
        kernel: Box<dyn Kernel>,
    },
    /// Runs a kernel.
    Kernel(KernelStep),
}

/// What an op turned into.
pub(crate) enum Lowered {
    Constant(Tensor),
    View(usize),
    Work(Work),
}

/// Asks the op how the CPU does it; compiles the graphs it owns.
pub(crate) fn lower(graph: &Graph, node: &Node, isa: Isa) -> Result<Lowered, CompileError> {
    let types = |values: &[ceras_graph::Value]| -> Vec<TensorType> {
        values.iter().map(|value| graph.ty(*value).clone()).collect()
    };
    let (inputs, outputs) = (types(&node.inputs), types(&node.outputs));
    let step = node.op.cpu(&OpTypes { inputs: &inputs, outputs: &outputs, isa });
    Ok(match step {
        CpuStep::View { offset_bytes } => Lowered::View(offset_bytes),
        CpuStep::Constant(tensor) => Lowered::Constant(tensor),
        CpuStep::Concatenate { axis, kernel } => Lowered::Work(Work::Concatenate { axis, kernel }),
        CpuStep::Kernel(step) => Lowered::Work(Work::Kernel(step)),
        CpuStep::Compound(compound) => {
            let bodies: Result<Vec<CompiledGraph>, CompileError> =
                node.op.graphs().into_iter().map(|body| compile_body(body, isa)).collect();
            let bodies =
                bodies.map_err(|error| if error.scope.is_empty() { error.at(node) } else { error })?;
            Lowered::Work(Work::Kernel((compound.build)(bodies)))
        }
    })
}

/// What a node's step is called, such as `model/dense_1/dot_general`.
pub(crate) fn label(node: &Node) -> String {
    let name = node.op.name();
    if node.scope.is_empty() { name.to_owned() } else { format!("{}/{name}", node.scope) }
}

/// The constants of a plan, each stored once.
#[derive(Debug, Default)]
pub(crate) struct Constants {
    bytes: Vec<u8>,
    /// Ranges by the hash of what they hold.
    known: HashMap<u64, Vec<(usize, usize)>>,
}

impl Constants {
    /// Where these bytes lie.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> usize {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let places = self.known.entry(hasher.finish()).or_default();
        let same = places.iter().find(|(offset, len)| self.bytes[*offset..*offset + *len] == *bytes);
        if let Some((offset, _)) = same {
            return *offset;
        }
        let offset = self.bytes.len().next_multiple_of(ALIGNMENT);
        self.bytes.resize(offset, 0);
        self.bytes.extend_from_slice(bytes);
        places.push((offset, bytes.len()));
        offset
    }

    pub(crate) fn into_block(self) -> Block {
        let mut block = Block::zeroed(self.bytes.len());
        block.slice_mut(0, self.bytes.len()).copy_from_slice(&self.bytes);
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_constants_are_one() {
        let mut constants = Constants::default();
        assert_eq!(constants.add(&[1, 2, 3]), 0);
        assert_eq!(constants.add(&[1, 2]), 64);
        assert_eq!(constants.add(&[1, 2, 3]), 0);
        assert_eq!(constants.into_block().bytes(), 66);
    }
}
