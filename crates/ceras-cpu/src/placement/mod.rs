//! Which storage every value lies in.

mod concatenate;
mod in_place;
mod state;

pub(crate) use concatenate::slice_of;

use std::collections::HashMap;

use ceras_kernels::{Region, Space};

use crate::arena::{self, Request};
use crate::lower::Work;
use crate::schedule::{Id, Schedule, Source};
use crate::signature::Binding;

/// A position after all items.
const AFTER: usize = usize::MAX;

/// A range of bytes that one value, or several that take turns or lie side by side, live in.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    pub(crate) space: Space,
    pub(crate) offset: usize,
    pub(crate) bytes: usize,
    /// The first item that needs it.
    start: usize,
    /// The last item that needs it.
    end: usize,
    /// Whether temporaries may take it over; inputs keep their contents.
    temporary: bool,
}

/// The bytes of a value: rows within a storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) storage: usize,
    pub(crate) offset: usize,
    pub(crate) rows: usize,
    pub(crate) row_bytes: usize,
    pub(crate) stride: usize,
}

impl Place {
    fn contiguous(storage: usize, offset: usize, bytes: usize) -> Place {
        Place { storage, offset, rows: 1, row_bytes: bytes, stride: bytes }
    }

    fn is_contiguous(&self) -> bool {
        self.rows <= 1 || self.row_bytes == self.stride
    }

    fn bytes(&self) -> usize {
        self.rows * self.row_bytes
    }
}

/// The result: storages with offsets, and a place for every value that anything reads or writes.
#[derive(Debug)]
pub(crate) struct Placement {
    storages: Vec<Storage>,
    places: Vec<Option<Place>>,
    /// For each item, its scratch.
    scratch: Vec<Option<usize>>,
    pub(crate) arena_bytes: usize,
}

impl Placement {
    /// Where a value lies.
    pub(crate) fn region(&self, value: Id) -> Region {
        self.resolve(&self.place(value))
    }

    pub(crate) fn place(&self, value: Id) -> Place {
        self.places[value].expect("every value that is used has a place")
    }

    pub(crate) fn resolve(&self, place: &Place) -> Region {
        let storage = &self.storages[place.storage];
        let offset = storage.offset + place.offset;
        if place.is_contiguous() {
            return Region::contiguous(storage.space, offset, place.bytes());
        }
        Region {
            space: storage.space,
            offset,
            rows: place.rows,
            row_bytes: place.row_bytes,
            stride_bytes: place.stride,
        }
    }

    pub(crate) fn scratch(&self, item: usize) -> Option<Region> {
        let storage = &self.storages[self.scratch[item]?];
        Some(Region::contiguous(storage.space, storage.offset, storage.bytes))
    }
}

/// Places all values; adds the copies that bring new state home.
pub(crate) fn place(schedule: &mut Schedule) -> Placement {
    let mut placer = Placer::new(schedule);
    placer.sources();
    placer.state();
    placer.find_last_uses();
    placer.concatenations();
    for item in 0..placer.schedule.items.len() {
        placer.item(item);
    }
    placer.finish()
}

struct Placer<'a> {
    schedule: &'a mut Schedule,
    storages: Vec<Storage>,
    places: Vec<Option<Place>>,
    /// For each root, the last item that reads it or a view of it.
    last_use: Vec<usize>,
    /// For each value, the items that read it under this very number.
    readers: Vec<Vec<usize>>,
    scratch: Vec<Option<usize>>,
}

impl<'a> Placer<'a> {
    fn new(schedule: &'a mut Schedule) -> Placer<'a> {
        Placer {
            places: vec![None; schedule.values.len()],
            schedule,
            storages: Vec::new(),
            last_use: Vec::new(),
            readers: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Gives inputs, state and constants their storages.
    fn sources(&mut self) {
        let mut shared: HashMap<(Space, usize), usize> = HashMap::new();
        for value in 0..self.schedule.values.len() {
            let info = &self.schedule.values[value];
            if info.root.0 != value {
                continue;
            }
            let (space, offset, bytes) = match info.source {
                Source::Input => (Space::Arena, 0, info.bytes),
                Source::State(offset) => (Space::State, offset, info.bytes),
                Source::Constant(offset) => (Space::Constants, offset, info.bytes),
                Source::Item(_) | Source::Absent => continue,
            };
            let storage = match space {
                Space::Arena => self.push(space, offset, bytes),
                _ => *shared
                    .entry((space, offset))
                    .or_insert_with(|| push(&mut self.storages, space, offset, bytes)),
            };
            self.places[value] = Some(Place::contiguous(storage, 0, bytes));
        }
    }

    /// Adds a storage that is needed throughout.
    fn push(&mut self, space: Space, offset: usize, bytes: usize) -> usize {
        push(&mut self.storages, space, offset, bytes)
    }

    /// Adds a storage for temporaries; it grows with the values that are put into it.
    fn push_temporary(&mut self, bytes: usize) -> usize {
        self.storages.push(Storage {
            space: Space::Arena,
            offset: 0,
            bytes,
            start: AFTER,
            end: 0,
            temporary: true,
        });
        self.storages.len() - 1
    }

    /// Puts a root, the result of an item, into its place.
    fn put(&mut self, root: Id, item: usize, place: Place) {
        let storage = &mut self.storages[place.storage];
        if storage.temporary {
            storage.start = storage.start.min(item);
            storage.end = storage.end.max(item).max(self.last_use[root]);
        }
        self.places[root] = Some(place);
    }

    fn find_last_uses(&mut self) {
        let values = self.schedule.values.len();
        self.last_use = vec![0; values];
        self.readers = vec![Vec::new(); values];
        self.places.resize(values, None);
        for (position, item) in self.schedule.items.iter().enumerate() {
            for &input in &item.inputs {
                self.readers[input].push(position);
                if !matches!(item.work, Work::View) {
                    self.last_use[self.schedule.values[input].root.0] = position;
                }
            }
        }
        for (&value, binding) in self.schedule.outputs.iter().zip(&self.schedule.bindings) {
            if *binding == Binding::Value {
                self.last_use[self.schedule.values[value].root.0] = AFTER;
            }
        }
    }

    /// Whether an output that is read after the run is, or is a view of, this root.
    fn is_read_after(&self, root: Id) -> bool {
        self.last_use[root] == AFTER
    }

    /// Places the results of an item that have no place yet, and its scratch.
    fn item(&mut self, position: usize) {
        let outputs = self.schedule.items[position].outputs.clone();
        if matches!(self.schedule.items[position].work, Work::View) {
            let (root, offset) = self.schedule.values[outputs[0]].root;
            let source = self.places[root].expect("items are in order of execution");
            let bytes = self.schedule.values[outputs[0]].bytes;
            self.places[outputs[0]] = Some(Place::contiguous(source.storage, source.offset + offset, bytes));
            self.scratch.push(None);
            return;
        }
        for (result, &output) in outputs.iter().enumerate() {
            if self.places[output].is_some() {
                continue;
            }
            let place = self.in_place(position, result).unwrap_or_else(|| {
                let bytes = self.schedule.values[output].bytes;
                Place::contiguous(self.push_temporary(bytes), 0, bytes)
            });
            self.put(output, position, place);
        }
        let scratch_bytes = match &self.schedule.items[position].work {
            Work::Kernel(step) => step.scratch_bytes,
            _ => 0,
        };
        let scratch = (scratch_bytes > 0).then(|| {
            let storage = self.push_temporary(scratch_bytes);
            self.storages[storage].start = position;
            self.storages[storage].end = position;
            storage
        });
        self.scratch.push(scratch);
    }

    /// Lays out the arena.
    fn finish(mut self) -> Placement {
        let in_arena: Vec<usize> =
            (0..self.storages.len()).filter(|&index| self.storages[index].space == Space::Arena).collect();
        let request = |index: &usize| {
            let storage = &self.storages[*index];
            Request { bytes: storage.bytes, start: storage.start, end: storage.end }
        };
        let requests: Vec<Request> = in_arena.iter().map(request).collect();
        let (offsets, arena_bytes) = arena::assign(&requests);
        for (index, offset) in in_arena.into_iter().zip(offsets) {
            self.storages[index].offset = offset;
        }
        Placement { storages: self.storages, places: self.places, scratch: self.scratch, arena_bytes }
    }
}

fn push(storages: &mut Vec<Storage>, space: Space, offset: usize, bytes: usize) -> usize {
    storages.push(Storage { space, offset, bytes, start: 0, end: AFTER, temporary: false });
    storages.len() - 1
}
