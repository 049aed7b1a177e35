//! Results that are written over an operand that dies.

use super::{Place, Placer};
use crate::lower::Work;

impl Placer<'_> {
    /// The place of a dying operand that the kernel offers to overwrite with this result; notes the pair.
    pub(super) fn in_place(&mut self, position: usize, result: usize) -> Option<Place> {
        let item = &self.schedule.items[position];
        let Work::Kernel(step) = &item.work else { return None };
        let mut pairs = step.in_place.iter().filter(|(_, output)| *output == result);
        let (input, place) =
            pairs.find_map(|(input, _)| Some((*input, self.dying(position, *input, result)?)))?;
        self.schedule.items[position].in_place.push((input, result));
        Some(place)
    }

    /// The place of an operand if nothing else needs its bytes from this item on and the result fits exactly.
    fn dying(&self, position: usize, input: usize, result: usize) -> Option<Place> {
        let (item, values) = (&self.schedule.items[position], &self.schedule.values);
        let place = self.places[*item.inputs.get(input)?]?;
        let storage = &self.storages[place.storage];
        let bytes = values[item.outputs[result]].bytes;
        let fits = place.is_contiguous() && place.bytes() == bytes && bytes > 0;
        let dead = storage.temporary && storage.end <= position;
        let here = |value: &usize| self.places[*value].is_some_and(|other| other.storage == place.storage);
        let alone = item.inputs.iter().enumerate().all(|(other, value)| other == input || !here(value));
        let untaken = !item.outputs.iter().any(here);
        (fits && dead && alone && untaken).then_some(place)
    }
}
