//! A second opinion on a plan, independent of how it was made.
//!
//! The steps are played through on a map that notes, for every byte, which byte of which value it holds. Each step must
//! find its operands where it reads; at the end the outputs must be there, and the state must be untouched until the
//! commit segment begins. Debug builds check every plan.

use std::collections::{BTreeMap, HashMap};

use ceras_kernels::{Region, Space};

use crate::emit::Event;
use crate::placement::Placement;
use crate::schedule::{Id, Schedule, Source};
use crate::signature::Binding;

/// A byte of a root value.
type Tag = (Id, usize);

/// Plays a plan through.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn check(schedule: &Schedule, placement: &Placement, events: &[Event]) -> Result<(), String> {
    let mut player = Player { schedule, spaces: HashMap::new() };
    let sources: Vec<(Id, Region)> = (0..schedule.values.len())
        .filter(|&id| schedule.values[id].root.0 == id)
        .filter(|&id| !matches!(schedule.values[id].source, Source::Item(_) | Source::Absent))
        .map(|id| (id, placement.region(id)))
        .collect();
    for &(id, region) in &sources {
        // Two inputs may be bound to one place of the state.
        player.also(region, (id, 0), !player.covers(&region));
    }
    let kept = |states: bool| {
        let sources = sources
            .iter()
            .filter(move |(id, _)| states || !matches!(schedule.values[*id].source, Source::State(_)));
        sources.copied()
    };
    let read: Vec<(Id, Region)> = (schedule.outputs.iter().zip(&schedule.bindings))
        .filter(|(_, binding)| **binding == Binding::Value)
        .map(|(&id, _)| (id, placement.region(id)))
        .collect();
    for event in events {
        if matches!(event, Event::Commit) && schedule.guarded {
            player.expect("at the commit", kept(true).chain(read.iter().copied()))?;
        }
        player.play(event)?;
    }
    player.expect("at the end", kept(false).chain(read.iter().copied()).chain(state(schedule, placement)))
}

/// What the state must hold at the end: the new values, and the old ones that nothing was bound to replace.
fn state(schedule: &Schedule, placement: &Placement) -> Vec<(Id, Region)> {
    let mut all = Vec::new();
    let mut replaced = Vec::new();
    for (&id, binding) in schedule.outputs.iter().zip(&schedule.bindings) {
        if let Binding::State { offset } = binding {
            replaced.push(*offset);
            all.push((id, Region::contiguous(Space::State, *offset, schedule.values[id].bytes)));
        }
    }
    for (id, info) in schedule.values.iter().enumerate() {
        if let Source::State(offset) = info.source
            && info.root.0 == id
            && !replaced.contains(&offset)
        {
            all.push((id, placement.region(id)));
        }
    }
    all
}

struct Player<'a> {
    schedule: &'a Schedule,
    /// For each space, runs of bytes by their start: end, and what the first byte holds.
    spaces: HashMap<Space, BTreeMap<usize, (usize, Vec<Tag>)>>,
}

impl Player<'_> {
    fn play(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Step { label, reads, scratch, writes } => {
                self.expect(&format!("step `{label}`"), reads.iter().copied())?;
                for region in scratch.iter().chain(writes.iter().map(|(_, region)| region)) {
                    self.clear(region);
                }
                for (id, region) in writes {
                    let tag = self.schedule.values[*id].root;
                    self.also(*region, tag, true);
                }
            }
            Event::Same(id, region) => self.also(*region, self.schedule.values[*id].root, false),
            Event::Join { whole, parts } => {
                self.expect("a concatenation", parts.iter().copied())?;
                let bytes: usize = parts.iter().map(|(_, region)| region.bytes()).sum();
                if bytes != whole.1.bytes() {
                    return Err("the parts of a concatenation are not the whole".to_owned());
                }
                self.also(whole.1, self.schedule.values[whole.0].root, false);
            }
            Event::Commit => {}
        }
        Ok(())
    }

    fn expect(&self, when: &str, regions: impl Iterator<Item = (Id, Region)>) -> Result<(), String> {
        for (id, region) in regions {
            let info = &self.schedule.values[id];
            if region.bytes() != info.bytes || !self.holds(&region, info.root) {
                return Err(format!("{when}: {region:?} does not hold {} (value {id})", info.name));
            }
        }
        Ok(())
    }

    fn holds(&self, region: &Region, (root, offset): Tag) -> bool {
        let Some(space) = self.spaces.get(&region.space) else { return region.bytes() == 0 };
        runs(region).all(|(start, end, done)| {
            let mut at = start;
            while at < end {
                let Some((from, (to, tags))) = space.range(..=at).next_back() else { return false };
                let wanted = |tag: &Tag| tag.0 == root && tag.1 + (at - from) == offset + done + (at - start);
                if *to <= at || !tags.iter().any(wanted) {
                    return false;
                }
                at = *to;
            }
            true
        })
    }

    fn covers(&self, region: &Region) -> bool {
        let Some(space) = self.spaces.get(&region.space) else { return region.bytes() == 0 };
        runs(region)
            .all(|(start, end, _)| space.range(..=start).next_back().is_some_and(|(_, run)| run.0 >= end))
    }

    /// Forgets what the bytes of a region hold.
    fn clear(&mut self, region: &Region) {
        let space = self.spaces.entry(region.space).or_default();
        for (start, end, _) in runs(region) {
            split(space, start);
            split(space, end);
            let inside: Vec<usize> = space.range(start..end).map(|(from, _)| *from).collect();
            inside.iter().for_each(|from| {
                space.remove(from);
            });
        }
    }

    /// Notes that a region holds (with `fresh`, only) a value from an offset on.
    fn also(&mut self, region: Region, (root, offset): Tag, fresh: bool) {
        if fresh {
            self.clear(&region);
        }
        let space = self.spaces.entry(region.space).or_default();
        for (start, end, done) in runs(&region) {
            if fresh {
                space.insert(start, (end, vec![(root, offset + done)]));
                continue;
            }
            split(space, start);
            split(space, end);
            for (from, (_, tags)) in space.range_mut(start..end) {
                tags.push((root, offset + done + (from - start)));
            }
        }
    }
}

/// Cuts the run that holds a byte in two, so that one starts there.
fn split(space: &mut BTreeMap<usize, (usize, Vec<Tag>)>, at: usize) {
    let Some((&from, run)) = space.range_mut(..at).next_back() else { return };
    if run.0 > at {
        let tags = run.1.iter().map(|(root, offset)| (*root, offset + (at - from))).collect();
        let end = std::mem::replace(&mut run.0, at);
        space.insert(at, (end, tags));
    }
}

/// Start, end, and bytes before it, of each run of a region.
fn runs(region: &Region) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
    let region = *region;
    (0..region.rows).filter(move |_| region.row_bytes > 0).map(move |row| {
        let start = region.offset + row * region.stride_bytes;
        (start, start + region.row_bytes, row * region.row_bytes)
    })
}
