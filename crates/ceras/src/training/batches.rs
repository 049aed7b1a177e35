//! Batches: which rows make one, and how they get into a plan's inputs.

use ceras_cpu::Memory;
use ceras_graph::Tensor;

use super::data::Dataset;
use super::step::StepPlan;

/// Copies the rows of a batch into the inputs of a plan.
pub(crate) fn fill(plan: &mut StepPlan, memory: &mut Memory, data: &Dataset, rows: &[usize]) {
    for (index, tensor) in data.x.iter().enumerate() {
        let input = plan.x[index];
        gather(tensor, rows, plan.input_mut(memory, input));
    }
    for (index, tensor) in data.y.iter().enumerate() {
        let input = plan.y[index];
        gather(tensor, rows, plan.input_mut(memory, input));
        if let (Some(input), Some(weight)) = (plan.weights[index], &data.weights[index]) {
            gather(weight, rows, plan.input_mut(memory, input));
        }
    }
}

/// Copies rows one after the other.
pub(crate) fn gather(tensor: &Tensor, rows: &[usize], target: &mut [u8]) {
    let bytes = tensor.bytes();
    let row_bytes = target.len() / rows.len().max(1);
    if row_bytes == 0 {
        return;
    }
    for (row, target) in rows.iter().zip(target.chunks_exact_mut(row_bytes)) {
        target.copy_from_slice(&bytes[row * row_bytes..(row + 1) * row_bytes]);
    }
}
