//! Concatenations whose parts are computed right where they belong.

use super::{Place, Placer};
use crate::lower::Work;
use crate::schedule::{Id, Schedule, Source};

impl Placer<'_> {
    /// Gives every concatenation a place, and its operands their slices of it where that can be.
    ///
    /// From the last to the first, so that a concatenation within a concatenation passes its own slice on.
    pub(super) fn concatenations(&mut self) {
        for position in (0..self.schedule.items.len()).rev() {
            let item = &self.schedule.items[position];
            let Work::Concatenate { axis, .. } = item.work else { continue };
            let (result, inputs) = (item.outputs[0], item.inputs.clone());
            let bytes = self.schedule.values[result].bytes;
            if bytes == 0 {
                continue;
            }
            let whole = self.places[result]
                .unwrap_or_else(|| Place::contiguous(self.push_temporary(bytes), 0, bytes));
            self.put(result, position, whole);
            for operand in 0..inputs.len() {
                let slice = slice_of(self.schedule, &whole, &inputs, operand, axis);
                self.grant(inputs[operand], &slice);
            }
        }
    }

    /// Lets an operand be computed in its slice, if it can and has no place yet.
    fn grant(&mut self, operand: Id, slice: &Place) {
        let values = &self.schedule.values;
        let (root, start) = values[operand].root;
        let whole = start == 0 && values[root].bytes == values[operand].bytes && slice.bytes() > 0;
        let Source::Item(position) = values[root].source else { return };
        if !whole || self.places[root].is_some() {
            return;
        }
        if slice.is_contiguous() || (root == operand && self.may_be_strided(root, position, slice.rows)) {
            self.put(root, position, *slice);
        }
    }

    /// Whether a value may have gaps between so many rows: these are its rows along all axes but the last, and its
    /// kernel can write, and all its readers can read, such rows.
    fn may_be_strided(&self, root: Id, position: usize, rows: usize) -> bool {
        let values = &self.schedule.values;
        let rank = values[root].dims.len();
        let writes = match &self.schedule.items[position].work {
            Work::Kernel(step) => step.strided_outputs,
            Work::Concatenate { axis, .. } => *axis + 1 == rank,
            Work::Copy => true,
            Work::View => false,
        };
        let leading = &values[root].dims[..rank.saturating_sub(1)];
        let reads = |position: &usize| {
            let item = &self.schedule.items[*position];
            match &item.work {
                // A kernel sees rows, not axes: it must have as many of them as the value.
                Work::Kernel(step) => {
                    let dims = &values[item.outputs[0]].dims;
                    step.strided_inputs
                        && (dims == leading || dims[..dims.len().saturating_sub(1)] == *leading)
                }
                Work::Concatenate { .. } | Work::Copy => true,
                Work::View => false,
            }
        };
        writes
            && leading.iter().product::<usize>() == rows
            && self.readers[root].iter().all(reads)
            && !self.is_read_after(root)
    }
}

/// The slice of a concatenation that an operand belongs into.
pub(crate) fn slice_of(
    schedule: &Schedule,
    whole: &Place,
    inputs: &[Id],
    operand: usize,
    axis: usize,
) -> Place {
    let dims = &schedule.values[inputs[operand]].dims;
    let outer: usize = dims[..axis].iter().product();
    let width = |input: &Id| schedule.values[*input].bytes / outer.max(1);
    let before: usize = inputs[..operand].iter().map(width).sum();
    let row_bytes = width(&inputs[operand]);
    // A result with gaps is one along whose last axis the operands follow one another: its rows are theirs.
    let stride = if whole.is_contiguous() { inputs.iter().map(width).sum() } else { whole.stride };
    if outer <= 1 || row_bytes == stride {
        return Place::contiguous(whole.storage, whole.offset + before, outer * row_bytes);
    }
    Place { storage: whole.storage, offset: whole.offset + before, rows: outer, row_bytes, stride }
}
