//! What a legal graph is; run after every pass in tests and debug builds.

use crate::graph::{Graph, Node, Value};
use crate::types::TensorType;

/// Checks a graph: values are made before they are used and have the types that their ops infer, sub-graphs included.
///
/// # Errors
/// What is wrong, and where.
pub fn verify(graph: &Graph) -> Result<(), String> {
    let mut made = vec![false; graph.values()];
    for input in graph.inputs() {
        make(&mut made, *input)?;
        if graph.producer_index(*input).is_some() {
            return Err(format!("%{} is an input, yet a node makes it", input.index()));
        }
    }
    for (index, node) in graph.nodes().iter().enumerate() {
        verify_node(graph, index, node, &mut made)
            .map_err(|why| format!("node {index}, `{}`: {why}", node.op.name()))?;
    }
    match graph.outputs().iter().find(|value| !made.get(value.index()).copied().unwrap_or(false)) {
        Some(value) => Err(format!("the output %{} is never made", value.index())),
        None => Ok(()),
    }
}

fn make(made: &mut [bool], value: Value) -> Result<(), String> {
    match made.get_mut(value.index()) {
        None => Err(format!("%{} is no value of the graph", value.index())),
        Some(true) => Err(format!("%{} is made twice", value.index())),
        Some(made) => {
            *made = true;
            Ok(())
        }
    }
}

fn verify_node(graph: &Graph, index: usize, node: &Node, made: &mut [bool]) -> Result<(), String> {
    if let Some(value) = node.inputs.iter().find(|value| !made.get(value.index()).copied().unwrap_or(false)) {
        return Err(format!("%{} is used before it is made", value.index()));
    }
    let types: Vec<&TensorType> = node.inputs.iter().map(|value| graph.ty(*value)).collect();
    let results = node.op.infer(&types).map_err(|rule| rule.0)?;
    if results.len() != node.outputs.len() {
        return Err(format!("it makes {} values, not {}", results.len(), node.outputs.len()));
    }
    for (place, (value, ty)) in node.outputs.iter().zip(&results).enumerate() {
        make(made, *value)?;
        if graph.ty(*value) != ty {
            return Err(format!("%{} is said to be {}, but it is {ty}", value.index(), graph.ty(*value)));
        }
        if graph.producer_index(*value) != Some((index, place)) {
            return Err(format!("%{} does not know its node", value.index()));
        }
    }
    for inner in node.op.graphs() {
        verify(inner).map_err(|why| format!("inside: {why}"))?;
    }
    Ok(())
}
