//! Which elementwise nodes go together.

use crate::graph::{Graph, Value};
use crate::ops::{self, BroadcastInDim};

/// Operands of a region, at most: a tile of each stays in the L1 cache.
const MAX_INPUTS: usize = 16;
/// Results of a region, at most.
const MAX_OUTPUTS: usize = 8;
/// Ops of a region, at most.
const MAX_OPS: usize = 48;
/// How many nodes are looked at to see whether a larger region would wait for itself; beyond, it counts as if it did.
const MAX_VISITS: usize = 512;

/// How a node reads an operand inside a region: the value, and the broadcast node it comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// The value outside of the region.
    pub(super) value: Value,
    /// The node that broadcasts it to the region's shape, to be done inside.
    pub(super) broadcast: Option<usize>,
}

/// Elementwise nodes in groups: each node's group is a list of nodes in order of execution.
pub(super) struct Regions<'a> {
    graph: &'a Graph,
    /// For each node its group.
    group_of: Vec<Option<usize>>,
    /// The groups; those that were merged into others are empty.
    pub(super) groups: Vec<Vec<usize>>,
    /// For each value the nodes that read it.
    users: Vec<Vec<usize>>,
    /// For each value whether it is an output of the graph.
    is_output: Vec<bool>,
}

impl<'a> Regions<'a> {
    /// Grows regions in order of execution: a node joins the region of an operand of its shape, where that makes no
    /// region wait for itself.
    pub(super) fn grow(graph: &'a Graph) -> Regions<'a> {
        let mut users = vec![Vec::new(); graph.values()];
        for (index, node) in graph.nodes().iter().enumerate() {
            for value in &node.inputs {
                if users[value.index()].last() != Some(&index) {
                    users[value.index()].push(index);
                }
            }
        }
        let mut is_output = vec![false; graph.values()];
        graph.outputs().iter().for_each(|value| is_output[value.index()] = true);
        let nodes = graph.nodes().len();
        let members: Vec<bool> = (0..nodes).map(|index| is_member(graph, index)).collect();
        let mut regions =
            Regions { graph, group_of: vec![None; nodes], groups: Vec::new(), users, is_output };
        let waiting = regions.waiting(&members);
        for index in (0..nodes).filter(|&index| members[index] && !waiting[index]) {
            regions.join(index, &waiting);
        }
        regions
    }

    /// The group of a node.
    pub(super) fn group_of(&self, node: usize) -> Option<usize> {
        self.group_of[node]
    }

    /// The nodes that read a value.
    pub(super) fn users(&self, value: Value) -> &[usize] {
        &self.users[value.index()]
    }

    /// Whether a value is needed outside of a group.
    pub(super) fn leaves(&self, group: usize, value: Value) -> bool {
        self.is_output[value.index()]
            || self.users[value.index()].iter().any(|user| self.group_of[*user] != Some(group))
    }

    /// Which nodes come into a region with the one node that reads them.
    ///
    /// Such a node reads only what lies in memory anyway. In its operand's region its result would have to lie there, too,
    /// in case its reader cannot join that region: the mask of a `relu`, say, that the way back asks for.
    fn waiting(&self, members: &[bool]) -> Vec<bool> {
        let mut waiting = vec![false; members.len()];
        let node = |index: usize| &self.graph.nodes()[index];
        let shape = |value: Value| &self.graph.ty(value).shape;
        let lies_in_memory = |value: &Value| {
            let made = self.graph.producer_index(*value).is_some_and(|(producer, _)| members[producer]);
            let kept =
                self.is_output[value.index()] || self.users[value.index()].iter().any(|user| !members[*user]);
            !made || kept || shape(*value).rank() == 0
        };
        for index in (0..members.len()).rev().filter(|&index| members[index]) {
            let output = node(index).outputs[0];
            let [user] = self.users[output.index()][..] else { continue };
            let together = members[user] && shape(node(user).outputs[0]) == shape(output);
            waiting[index] = together
                && !waiting[user]
                && !self.is_output[output.index()]
                && node(index).inputs.iter().all(lies_in_memory);
        }
        waiting
    }

    fn join(&mut self, node: usize, waiting: &[bool]) {
        let own = self.groups.len();
        let shape = &self.graph.ty(self.graph.nodes()[node].outputs[0]).shape;
        let producers =
            self.graph.nodes()[node].inputs.iter().filter_map(|value| self.graph.producer_index(*value));
        let mut group: Vec<usize> =
            producers.map(|(producer, _)| producer).filter(|&it| waiting[it]).collect();
        group.push(node);
        group.sort_unstable();
        group.dedup();
        group.iter().for_each(|&member| self.group_of[member] = Some(own));
        let mut neighbours: Vec<usize> = Vec::new();
        for value in group.iter().flat_map(|&member| &self.graph.nodes()[member].inputs) {
            let Some((producer, _)) = self.graph.producer_index(*value) else { continue };
            let Some(group) = self.group_of[producer] else { continue };
            if self.graph.ty(*value).shape == *shape && group != own && !neighbours.contains(&group) {
                neighbours.push(group);
            }
        }
        self.groups.push(group);
        // The latest first: what was just made is still in the cache.
        neighbours.sort_unstable_by_key(|group| std::cmp::Reverse(self.groups[*group].last().copied()));
        let mut current = own;
        for neighbour in neighbours {
            let mut union = [&self.groups[neighbour][..], &self.groups[current]].concat();
            union.sort_unstable();
            if self.fits(&union) && !self.waits_for_itself(&union) {
                for member in &union {
                    self.group_of[*member] = Some(neighbour);
                }
                self.groups[current].clear();
                self.groups[neighbour] = union;
                current = neighbour;
            }
        }
    }

    fn fits(&self, union: &[usize]) -> bool {
        let leaves = |node: &&usize| {
            let value = self.graph.nodes()[**node].outputs[0];
            self.is_output[value.index()]
                || self.users[value.index()].iter().any(|user| !union.contains(user))
        };
        // Results that only later nodes of the region will read count, too; they may have to be let out.
        union.len() <= MAX_OPS
            && self.sources(union).len() <= MAX_INPUTS
            && union.iter().filter(leaves).count() <= MAX_OUTPUTS
    }

    /// What a set of nodes reads from outside, in order of first use.
    pub(super) fn sources(&self, members: &[usize]) -> Vec<Source> {
        let mut sources: Vec<Source> = Vec::new();
        for &member in members {
            let shape = &self.graph.ty(self.graph.nodes()[member].outputs[0]).shape;
            for value in &self.graph.nodes()[member].inputs {
                let producer = self.graph.producer_index(*value).map(|(node, _)| node);
                if producer.is_some_and(|producer| members.contains(&producer)) {
                    continue;
                }
                let source = self.source(*value, shape);
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
        sources
    }

    /// How a region of this shape reads a value.
    pub(super) fn source(&self, value: Value, shape: &crate::types::Shape) -> Source {
        let plain = Source { value, broadcast: None };
        let Some((producer, _)) = self.graph.producer_index(value) else { return plain };
        let node = &self.graph.nodes()[producer];
        let is_broadcast = ops::downcast::<BroadcastInDim>(&*node.op).is_some();
        if is_broadcast && self.graph.ty(value).shape == *shape {
            return Source { value: node.inputs[0], broadcast: Some(producer) };
        }
        plain
    }

    /// Whether a node outside of the set depends on it and it depends on that node.
    fn waits_for_itself(&self, union: &[usize]) -> bool {
        let (Some(&first), mut visits) = (union.first(), 0) else { return false };
        let mut seen: Vec<usize> = Vec::new();
        let mut stack: Vec<usize> = Vec::new();
        self.push_producers(union, union, &mut stack);
        while let Some(node) = stack.pop() {
            // Everything before the first member is made before it.
            let unit: &[usize] = match self.group_of[node] {
                Some(group) => &self.groups[group],
                None => std::slice::from_ref(&node),
            };
            let (head, last) = (unit[0], unit[unit.len() - 1]);
            if last < first || seen.contains(&head) {
                continue;
            }
            seen.push(head);
            visits += 1;
            if visits > MAX_VISITS || self.reads(unit, union) {
                return true;
            }
            self.push_producers(unit, union, &mut stack);
        }
        false
    }

    /// The nodes outside of both sets that make what a set reads.
    fn push_producers(&self, set: &[usize], union: &[usize], stack: &mut Vec<usize>) {
        for &member in set {
            for value in &self.graph.nodes()[member].inputs {
                if let Some((producer, _)) = self.graph.producer_index(*value)
                    && !set.contains(&producer)
                    && !union.contains(&producer)
                {
                    stack.push(producer);
                }
            }
        }
    }

    /// Whether a set of nodes reads what another makes.
    fn reads(&self, set: &[usize], union: &[usize]) -> bool {
        set.iter().flat_map(|&member| &self.graph.nodes()[member].inputs).any(|value| {
            self.graph.producer_index(*value).is_some_and(|(producer, _)| union.contains(&producer))
        })
    }
}

/// Whether a node can be part of a region.
fn is_member(graph: &Graph, index: usize) -> bool {
    let node = &graph.nodes()[index];
    let [output] = node.outputs[..] else { return false };
    let shape = &graph.ty(output).shape;
    let fits = |value: &Value| graph.ty(*value).shape == *shape || graph.ty(*value).shape.rank() == 0;
    node.op.elementwise().is_some() && shape.is_known() && node.inputs.iter().all(fits)
}
