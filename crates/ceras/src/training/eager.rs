//! A step carried out node by node on the plain kernels, for debugging.

use ceras_cpu::{Binding, Memory, Signature};
use ceras_graph::{Graph, Tensor, Value, eval};

use crate::error::{Error, ErrorKind, Result};

/// A graph with the bytes of its inputs and what it gave last.
#[derive(Debug)]
pub(crate) struct Eager {
    graph: Graph,
    signature: Signature,
    pub(super) inputs: Vec<Vec<u8>>,
    pub(super) outputs: Vec<Tensor>,
}

impl Eager {
    /// A graph with room for its inputs.
    pub(super) fn new(graph: Graph, signature: Signature) -> Eager {
        let bytes = |value: &Value| vec![0; graph.ty(*value).bytes().unwrap_or(0)];
        let inputs = graph.inputs().iter().map(bytes).collect();
        Eager { graph, signature, inputs, outputs: Vec::new() }
    }

    /// Runs the step; false when its guard says so, and then nothing is stored.
    pub(super) fn run(&mut self, memory: &mut Memory) -> Result<bool> {
        self.outputs = interpret(&self.graph, &self.signature, &self.inputs, memory)?;
        let good = self.signature.guard.is_none_or(|guard| self.outputs[guard].slice::<u8>()[0] != 0);
        if good {
            store_outputs(&self.signature, &self.outputs, memory);
        }
        Ok(good)
    }
}

fn interpret(
    graph: &Graph,
    signature: &Signature,
    inputs: &[Vec<u8>],
    memory: &Memory,
) -> Result<Vec<Tensor>> {
    let tensor = |(index, value): (usize, &Value)| -> Result<Tensor> {
        let ty = graph.ty(*value);
        let dims = ty.shape.to_known().unwrap_or_default();
        let bytes = match signature.inputs[index] {
            Binding::State { offset } => memory.state.slice::<u8>(offset, ty.bytes().unwrap_or(0)),
            Binding::Value => inputs[index].as_slice(),
        };
        Ok(Tensor::from_bytes(ty.dtype, &dims, bytes)?)
    };
    let tensors = graph.inputs().iter().enumerate().map(tensor).collect::<Result<Vec<_>>>()?;
    eval::interpret(graph, &tensors).map_err(|error| Error::new(ErrorKind::Training, error.to_string()))
}

fn store_outputs(signature: &Signature, outputs: &[Tensor], memory: &mut Memory) {
    for (binding, output) in signature.outputs.iter().zip(outputs) {
        if let Binding::State { offset } = binding {
            memory.state.slice_mut::<u8>(*offset, output.bytes().len()).copy_from_slice(output.bytes());
        }
    }
}
