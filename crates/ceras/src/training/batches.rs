//! Batches: which rows make one, and how they get into a plan's inputs.

use ceras_cpu::Memory;
use ceras_graph::Tensor;

use super::ahead::each_batch;
use super::data::Dataset;
use super::step::StepPlan;
use crate::data::{Source, copy_rows};
use crate::error::Result;

/// Copies the rows of a batch into the inputs of a plan. `read` is what other threads have read of it; what is not there is read
/// now.
///
/// # Errors
/// Rows cannot be read, which those in memory always can.
pub(crate) fn fill(
    plan: &mut StepPlan,
    memory: &mut Memory,
    data: &Dataset,
    rows: &[usize],
    read: &[Option<Tensor>],
) -> Result<()> {
    let put = |source: &Source, number: usize, target: &mut [u8]| match read.get(number) {
        Some(Some(tensor)) => {
            target.copy_from_slice(tensor.bytes());
            Ok(())
        }
        _ => source.read_into(rows, target),
    };
    for (index, source) in data.x.iter().enumerate() {
        let input = plan.x[index];
        put(source, index, plan.input_mut(memory, input))?;
    }
    for (index, source) in data.y.iter().enumerate() {
        let input = plan.y[index];
        put(source, data.x.len() + index, plan.input_mut(memory, input))?;
        if let (Some(input), Some(weight)) = (plan.weights[index], &data.weights[index]) {
            let target = plan.input_mut(memory, input);
            copy_rows(weight.bytes(), target.len() / rows.len().max(1), rows, target);
        }
    }
    Ok(())
}

/// Calls `step` for batches of consecutive rows, at most so many batches.
///
/// # Errors
/// Those of reading and of `step`.
pub(crate) fn in_order(
    data: &Dataset,
    size: usize,
    most: usize,
    mut step: impl FnMut(&[usize], &[Option<Tensor>]) -> Result<()>,
) -> Result<()> {
    let rows: Vec<usize> = (0..data.rows).collect();
    let mut batches = rows.chunks(size).take(most);
    if !data.is_streamed() {
        return batches.try_for_each(|rows| step(rows, &[]));
    }
    let batches: Vec<Vec<usize>> = batches.map(<[usize]>::to_vec).collect();
    each_batch(
        data,
        &batches,
        |batch| format!("in batch {}", batch + 1),
        |batch, read| step(&batches[batch], read),
    )
}
