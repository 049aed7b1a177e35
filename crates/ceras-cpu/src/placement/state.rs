//! New state: right into its place where nothing needs the old one any more, else by a copy at the end.

use std::collections::HashMap;

use ceras_kernels::Space;

use super::{Place, Placer};
use crate::lower::Work;
use crate::schedule::{Id, Source};
use crate::signature::Binding;

impl Placer<'_> {
    /// Places the state outputs; appends copies for those that cannot be computed in place.
    pub(super) fn state(&mut self) {
        let last_reads = self.last_reads_of_state();
        let bound: Vec<(Id, Binding)> =
            self.schedule.outputs.iter().copied().zip(self.schedule.bindings.iter().copied()).collect();
        for (value, binding) in bound {
            let Binding::State { offset } = binding else { continue };
            let info = &self.schedule.values[value];
            let (bytes, (root, start)) = (info.bytes, info.root);
            let whole = start == 0 && self.schedule.values[root].bytes == bytes;
            if whole && self.schedule.values[root].source == Source::State(offset) {
                continue;
            }
            let storage = self.state_storage(offset, bytes);
            let place = Place::contiguous(storage, 0, bytes);
            if whole && self.may_be_written_early(root, offset, &last_reads) {
                self.places[root] = Some(place);
            } else {
                let copy = self.schedule.push_copy(value);
                self.places.resize(self.schedule.values.len(), None);
                self.places[copy] = Some(place);
            }
        }
    }

    fn state_storage(&mut self, offset: usize, bytes: usize) -> usize {
        let same = |storage: &super::Storage| storage.space == Space::State && storage.offset == offset;
        match self.storages.iter().position(same) {
            Some(storage) if self.storages[storage].bytes == bytes => storage,
            _ => self.push(Space::State, offset, bytes),
        }
    }

    /// For each place of the state, the last item that reads the old value.
    fn last_reads_of_state(&self) -> HashMap<usize, usize> {
        let mut last = HashMap::new();
        for (position, item) in self.schedule.items.iter().enumerate() {
            if matches!(item.work, Work::View) {
                continue;
            }
            for input in &item.inputs {
                if let Source::State(offset) = self.schedule.values[*input].source {
                    last.insert(offset, position);
                }
            }
        }
        last
    }

    /// Whether the item that computes `root` may write right into the state; notes the in-place pair if it takes one.
    fn may_be_written_early(&mut self, root: Id, offset: usize, last_reads: &HashMap<usize, usize>) -> bool {
        let Source::Item(position) = self.schedule.values[root].source else { return false };
        let in_commit = !self.schedule.guarded || position >= self.schedule.compute;
        if !in_commit || self.places[root].is_some() {
            return false;
        }
        let Some(&last) = last_reads.get(&offset).filter(|&&last| last >= position) else {
            return matches!(self.schedule.items[position].work, Work::Kernel(_) | Work::Copy);
        };
        let Some(pair) = (last == position).then(|| self.pair_with_state(position, root, offset)).flatten()
        else {
            return false;
        };
        self.schedule.items[position].in_place.push(pair);
        true
    }

    /// The pair that lets an item write `root` over the old state, the only operand that lies there.
    fn pair_with_state(&self, position: usize, root: Id, offset: usize) -> Option<(usize, usize)> {
        let (item, values) = (&self.schedule.items[position], &self.schedule.values);
        let Work::Kernel(step) = &item.work else { return None };
        let mut there = (0..item.inputs.len())
            .filter(|&input| values[item.inputs[input]].source == Source::State(offset));
        let (input, None) = (there.next()?, there.next()) else { return None };
        let bytes = values[root].bytes;
        let whole = values[item.inputs[input]].bytes == bytes && values[item.inputs[input]].root.1 == 0;
        let output = item.outputs.iter().position(|output| *output == root)?;
        let free = item.in_place.iter().all(|(taken, _)| *taken != input);
        (whole && free && step.in_place.contains(&(input, output))).then_some((input, output))
    }
}
