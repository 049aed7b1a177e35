//! Elementwise regions become one node each; those that follow a matrix product or a convolution become its epilogue, and
//! those that only lead to a convolution of single pixels its prologue.
//!
//! A region applies the same functions in the same order as its nodes did, so no rounding changes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::products;
use super::rebuild::Rebuild;
use super::regions::{Regions, Source};
use crate::graph::{Graph, Node, Value};
use crate::op::Op;
use crate::ops::{self, Fused};

/// Nodes that are carried out together: one, or a region.
#[derive(Clone, Debug)]
struct Unit {
    /// In order of execution.
    nodes: Vec<usize>,
    /// The op that stands for a region; `None` for a node that stays as it is.
    region: Option<Region>,
}

#[derive(Clone, Debug)]
struct Region {
    op: Arc<dyn Op>,
    inputs: Vec<Value>,
    outputs: Vec<Value>,
}

/// The graph with one `fused` node for each elementwise region.
pub fn fuse(graph: &Graph) -> Graph {
    let regions = Regions::grow(graph);
    let mut taken = vec![false; graph.nodes().len()];
    let mut units: Vec<Unit> = Vec::new();
    for (group, members) in regions.groups.iter().enumerate().filter(|(_, members)| !members.is_empty()) {
        let Some(unit) = region_unit(graph, &regions, group, members) else { continue };
        unit.nodes.iter().for_each(|node| taken[*node] = true);
        units.push(unit);
    }
    let alone = (0..graph.nodes().len()).filter(|index| !taken[*index]);
    units.extend(alone.map(|index| Unit { nodes: vec![index], region: None }));
    lead_in(graph, &regions, &mut units);
    emit(graph, units)
}

/// Makes regions whose one result is read by one convolution alone its prologue.
fn lead_in(graph: &Graph, regions: &Regions<'_>, units: &mut Vec<Unit>) {
    let reader = |unit: &Unit| -> Option<usize> {
        let region = unit.region.as_ref().filter(|region| region.op.name() == "fused")?;
        let [output] = region.outputs[..] else { return None };
        let [user] = *regions.users(output) else { return None };
        let [image, kernel, ..] = graph.nodes()[user].inputs[..] else { return None };
        (!graph.outputs().contains(&output) && image == output && kernel != output).then_some(user)
    };
    let mut index = 0;
    while index < units.len() {
        let merged = reader(&units[index]).and_then(|node| {
            let place = units.iter().position(|unit| unit.nodes[0] == node)?;
            let unit = prologue_unit(graph, &units[index], &units[place])?;
            Some((place, unit))
        });
        if let Some((place, unit)) = merged {
            units[place] = unit;
            units.swap_remove(index);
        } else {
            index += 1;
        }
    }
}

/// A convolution, perhaps with its epilogue, together with the region that makes its image.
fn prologue_unit(graph: &Graph, before: &Unit, unit: &Unit) -> Option<Unit> {
    let before_region = before.region.as_ref()?;
    let node = &graph.nodes()[unit.nodes[0]];
    let (op, inputs, outputs) = match &unit.region {
        Some(region) => (&region.op, &region.inputs, &region.outputs),
        None => (&node.op, &node.inputs, &node.outputs),
    };
    let body = ops::downcast::<Fused>(&*before_region.op)?.body();
    let image = graph.ty(inputs[0]);
    // The operand that the convolution reads in the image's place.
    let place = before_region.inputs.iter().position(|value| graph.ty(*value) == image)?;
    let mut order: Vec<usize> = (0..before_region.inputs.len()).collect();
    order.remove(place);
    order.insert(0, place);
    let prologue = products::reordered(body, &order)?;
    let mut operands = vec![before_region.inputs[place], inputs[1]];
    operands.extend(order[1..].iter().map(|&index| before_region.inputs[index]));
    operands.extend(&inputs[2..]);
    let types: Vec<_> = operands.iter().map(|value| graph.ty(*value)).collect();
    let op = products::with_prologue(&**op, prologue, &types)?;
    // The convolution's node comes first: it is the one that gives the unit its name.
    let nodes = [&unit.nodes[..1], &before.nodes, &unit.nodes[1..]].concat();
    Some(Unit { nodes, region: Some(Region { op, inputs: operands, outputs: outputs.clone() }) })
}

/// The unit of a group, if it is more than a single node that stays as it is.
fn region_unit(graph: &Graph, regions: &Regions<'_>, group: usize, members: &[usize]) -> Option<Unit> {
    let sources = regions.sources(members);
    if members.len() == 1 && sources.iter().all(|source| source.broadcast.is_none()) {
        return None;
    }
    let made = members.iter().map(|&member| graph.nodes()[member].outputs[0]);
    let outputs: Vec<Value> = made.filter(|value| regions.leaves(group, *value)).collect();
    if let Some(unit) = epilogue_unit(graph, regions, group, members, &sources, &outputs) {
        return Some(unit);
    }
    let op = Fused::new(body(graph, regions, members, &sources, &outputs)?);
    // What the kernel would not take stays as it is.
    op.program().ok()?;
    let inputs = sources.iter().map(|source| source.value).collect();
    Some(Unit { nodes: members.to_vec(), region: Some(Region { op: Arc::new(op), inputs, outputs }) })
}

/// A region together with the matrix product or the convolution it starts from, if that is read by nothing else.
fn epilogue_unit(
    graph: &Graph,
    regions: &Regions<'_>,
    group: usize,
    members: &[usize],
    sources: &[Source],
    outputs: &[Value],
) -> Option<Unit> {
    let [output] = outputs else { return None };
    let (place, dot) = sources.iter().enumerate().find_map(|(place, source)| {
        let (node, _) = graph.producer_index(source.value).filter(|_| source.broadcast.is_none())?;
        let plain = products::takes_epilogue(&*graph.nodes()[node].op);
        let ours = regions.users(source.value).iter().all(|user| regions.group_of(*user) == Some(group));
        let typed = graph.ty(source.value) == graph.ty(*output) && !graph.outputs().contains(&source.value);
        (plain && ours && typed).then_some((place, node))
    })?;
    let mut ordered = sources.to_vec();
    let product = ordered.remove(place);
    ordered.insert(0, product);
    let epilogue = body(graph, regions, members, &ordered, outputs)?;
    let node = &graph.nodes()[dot];
    let others = ordered[1..].iter().map(|source| source.value);
    let inputs: Vec<Value> = node.inputs.iter().copied().chain(others).collect();
    let types: Vec<_> = inputs.iter().map(|value| graph.ty(*value)).collect();
    let op = products::with_epilogue(&*node.op, epilogue, &types)?;
    let nodes = [&[dot][..], members].concat();
    Some(Unit { nodes, region: Some(Region { op, inputs, outputs: outputs.to_vec() }) })
}

/// The body of a region: its inputs are the sources, each used as it is or through its broadcast.
fn body(
    graph: &Graph,
    regions: &Regions<'_>,
    members: &[usize],
    sources: &[Source],
    outputs: &[Value],
) -> Option<Graph> {
    let mut body = Graph::new();
    let mut made: Vec<(Value, Value)> = Vec::new();
    let inputs: Vec<Value> =
        sources.iter().map(|source| body.input(graph.ty(source.value).clone(), "")).collect();
    let mut read = Vec::with_capacity(inputs.len());
    for (source, input) in sources.iter().zip(&inputs) {
        read.push(match source.broadcast {
            None => *input,
            Some(node) => {
                let node = &graph.nodes()[node];
                body.emit_like(node, Arc::clone(&node.op), &[*input]).ok()?[0]
            }
        });
    }
    for &member in members {
        let node = &graph.nodes()[member];
        let shape = &graph.ty(node.outputs[0]).shape;
        let operand = |value: &Value| -> Option<Value> {
            if let Some((_, inner)) = made.iter().rev().find(|(outer, _)| outer == value) {
                return Some(*inner);
            }
            let source = regions.source(*value, shape);
            sources.iter().position(|known| *known == source).map(|place| read[place])
        };
        let operands: Vec<Value> = node.inputs.iter().map(operand).collect::<Option<_>>()?;
        let output = body.emit_like(node, Arc::clone(&node.op), &operands).ok()?[0];
        made.push((node.outputs[0], output));
    }
    let inner = |value: &Value| made.iter().find(|(outer, _)| outer == value).map(|(_, inner)| *inner);
    body.set_outputs(outputs.iter().map(inner).collect::<Option<_>>()?);
    Some(body)
}

/// Puts the units in an order of execution, as close to the old one as can be, and makes the new graph.
fn emit(graph: &Graph, mut units: Vec<Unit>) -> Graph {
    let order = loop {
        match schedule(graph, &units) {
            Ok(order) => break order,
            Err(knot) => {
                let region = units.swap_remove(knot);
                units.extend(region.nodes.iter().map(|&node| Unit { nodes: vec![node], region: None }));
            }
        }
    };
    let mut rebuild = Rebuild::new(graph);
    order.into_iter().for_each(|index| put(graph, &mut rebuild, &units[index]));
    let graph = rebuild.finish();
    super::dce::without_dead(&graph).unwrap_or(graph)
}

/// An order of execution, or else a region that waits for itself: one may come about through two others that each look
/// well, and growing regions looks back a little way only.
fn schedule(graph: &Graph, units: &[Unit]) -> Result<Vec<usize>, usize> {
    let mut unit_of = vec![usize::MAX; graph.nodes().len()];
    for (index, unit) in units.iter().enumerate() {
        unit.nodes.iter().for_each(|node| unit_of[*node] = index);
    }
    let producers: Vec<Vec<usize>> = units.iter().map(|unit| producers(graph, unit, &unit_of)).collect();
    let mut waiting: Vec<usize> = producers.iter().map(Vec::len).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
    for (index, producers) in producers.iter().enumerate() {
        producers.iter().for_each(|&producer| followers[producer].push(index));
    }
    // A region runs where its last node stood: then all that it reads has been made.
    let position = |index: usize| Reverse((units[index].nodes.iter().max().copied(), index));
    let mut ready: BinaryHeap<_> =
        (0..units.len()).filter(|&index| waiting[index] == 0).map(position).collect();
    let mut order = Vec::with_capacity(units.len());
    while let Some(Reverse((_, index))) = ready.pop() {
        order.push(index);
        for &follower in &followers[index] {
            waiting[follower] -= 1;
            if waiting[follower] == 0 {
                ready.push(position(follower));
            }
        }
    }
    let Some(mut at) = (0..units.len()).find(|&index| waiting[index] > 0) else { return Ok(order) };
    // Going back from one that waits to one that it waits for ends in the ring that waits for itself.
    let mut path: Vec<usize> = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        at = producers[at].iter().copied().find(|&producer| waiting[producer] > 0).unwrap_or(at);
    }
    let ring = path.iter().copied().skip_while(|&index| index != at);
    // The graph has no ring, so one of the units is a region; the smallest gives up.
    Err(ring
        .filter(|&index| units[index].nodes.len() > 1)
        .min_by_key(|&index| units[index].nodes.len())
        .unwrap_or(at))
}

/// The units that a unit reads from.
fn producers(graph: &Graph, unit: &Unit, unit_of: &[usize]) -> Vec<usize> {
    let values = match &unit.region {
        Some(region) => &region.inputs,
        None => &graph.nodes()[unit.nodes[0]].inputs,
    };
    let made = values.iter().filter_map(|value| graph.producer_index(*value));
    let mut producers: Vec<usize> = made.map(|(node, _)| unit_of[node]).collect();
    producers.sort_unstable();
    producers.dedup();
    producers
}

fn put(graph: &Graph, rebuild: &mut Rebuild<'_>, unit: &Unit) {
    let Some(region) = &unit.region else {
        rebuild.copy(&graph.nodes()[unit.nodes[0]]);
        return;
    };
    let inputs: Vec<Value> = region.inputs.iter().map(|value| rebuild.get(*value)).collect();
    // In a profile a region counts for the layer that it ends in; a product's epilogue for that of the product.
    let is_product = region.op.name() != "fused";
    let place = if is_product { unit.nodes[0] } else { unit.nodes[unit.nodes.len() - 1] };
    let like: &Node = &graph.nodes()[place];
    let outputs = rebuild.emit(like, Arc::clone(&region.op), &inputs);
    for (old, new) in region.outputs.iter().zip(outputs) {
        rebuild.set(*old, new);
    }
}
