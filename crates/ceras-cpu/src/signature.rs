//! Where the inputs and outputs of a graph live.

use std::collections::BTreeMap;

use ceras_graph::{DType, Graph, Value};

use crate::error::CompileError;

/// Where an input comes from or an output goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    /// Given before a run, or read after it: a batch, a loss.
    Value,
    /// Bytes of the state block, which outlives a run: a weight, an optimizer slot, a metric's total.
    State {
        /// Where it starts, in bytes; a multiple of the element's size, best of 64.
        offset: usize,
    },
}

/// What the inputs and outputs of a graph are to the plan, in the graph's order.
///
/// An output that is bound to the state is written after everything that reads the old value has read it. An input
/// whose place no output is bound to is only read.
///
/// # Examples
/// ```
/// use ceras_cpu::{Binding, Signature};
/// // (x, total) -> (loss, total, finite): the total is kept only while the numbers are finite.
/// let signature = Signature {
///     inputs: vec![Binding::Value, Binding::State { offset: 0 }],
///     outputs: vec![Binding::Value, Binding::State { offset: 0 }, Binding::Value],
///     guard: Some(2),
/// };
/// assert_ne!(signature, Signature::values(2, 3));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signature {
    /// For each input of the graph.
    pub inputs: Vec<Binding>,
    /// For each output of the graph.
    pub outputs: Vec<Binding>,
    /// The output, a single `bool`, that must be true for the state to be written at all.
    ///
    /// Without a guard the state is always written.
    pub guard: Option<usize>,
}

impl Signature {
    /// So many inputs and outputs, none of them state.
    pub fn values(inputs: usize, outputs: usize) -> Signature {
        Signature {
            inputs: vec![Binding::Value; inputs],
            outputs: vec![Binding::Value; outputs],
            guard: None,
        }
    }

    /// Bytes of state that the plan reaches.
    ///
    /// # Errors
    /// The signature does not fit the graph.
    pub(crate) fn check(&self, graph: &Graph) -> Result<usize, CompileError> {
        for (what, bindings, values) in
            [("inputs", &self.inputs, graph.inputs()), ("outputs", &self.outputs, graph.outputs())]
        {
            if bindings.len() != values.len() {
                return Err(CompileError::new(format!(
                    "the graph has {} {what}, its signature {}",
                    values.len(),
                    bindings.len()
                )));
            }
        }
        self.check_guard(graph)?;
        let inputs = slots(&self.inputs, graph.inputs());
        let outputs = slots(&self.outputs, graph.outputs());
        let mut written = BTreeMap::new();
        for (offset, value) in outputs.clone() {
            if let Some(other) = written.insert(offset, value) {
                let (value, other) = (describe(graph, value), describe(graph, other));
                return Err(CompileError::new(format!(
                    "{value} and {other} are written to one place of the state"
                )));
            }
        }
        let mut slots: Vec<(usize, Value)> = inputs.chain(outputs).collect();
        slots.sort_by_key(|(offset, _)| *offset);
        check_slots(graph, &slots)
    }

    fn check_guard(&self, graph: &Graph) -> Result<(), CompileError> {
        let Some(guard) = self.guard else { return Ok(()) };
        if self.outputs.get(guard) != Some(&Binding::Value) {
            return Err(CompileError::new(format!("the guard, output {guard}, is not an output to be read")));
        }
        let ty = graph.ty(graph.outputs()[guard]);
        if ty.dtype != DType::Bool || ty.shape.elements() != Some(1) {
            return Err(CompileError::new(format!("the guard must be a single bool; it is {ty}")));
        }
        Ok(())
    }
}

fn slots<'a>(
    bindings: &'a [Binding],
    values: &'a [Value],
) -> impl Iterator<Item = (usize, Value)> + Clone + 'a {
    bindings.iter().zip(values).filter_map(|(binding, value)| match binding {
        Binding::State { offset } => Some((*offset, *value)),
        Binding::Value => None,
    })
}

/// Slots, sorted by offset, are equal or apart, and aligned. Gives the end of the last.
fn check_slots(graph: &Graph, slots: &[(usize, Value)]) -> Result<usize, CompileError> {
    let end_of = |(offset, value): (usize, Value)| {
        let size = graph.ty(value).dtype.size();
        let end = graph.ty(value).bytes().and_then(|bytes| offset.checked_add(bytes));
        end.filter(|_| offset.is_multiple_of(size)).ok_or_else(|| {
            CompileError::new(format!("{} cannot lie at byte {offset} of the state", describe(graph, value)))
        })
    };
    let mut reach = 0;
    let mut before: Option<(usize, usize, Value)> = None;
    for &(offset, value) in slots {
        let end = end_of((offset, value))?;
        if let Some((start, other_end, other)) = before {
            let same = start == offset && other_end == end;
            if !same && offset < other_end && end > offset {
                let (value, other) = (describe(graph, value), describe(graph, other));
                return Err(CompileError::new(format!("{value} and {other} overlap in the state")));
            }
        }
        if end > offset {
            before = Some((offset, end, value));
        }
        reach = reach.max(end);
    }
    Ok(reach)
}

/// A value in words: its name, or what computes it.
pub(crate) fn describe(graph: &Graph, value: Value) -> String {
    if let Some(name) = graph.name(value) {
        return format!("`{name}`");
    }
    if let Some(node) = graph.producer(value) {
        return format!("the result of `{}`", node.op.name());
    }
    match graph.inputs().iter().position(|input| *input == value) {
        Some(index) => format!("input {index}"),
        None => format!("value {}", value.index()),
    }
}
