//! From a graph to items in order: which nodes run, in which segment, and what must be copied aside.

use std::collections::HashSet;
use std::sync::Arc;

use ceras_graph::{Graph, Isa, Node, TensorType, Value};

use crate::cost;
use crate::error::CompileError;
use crate::lower::{self, Constants, Lowered, Work};
use crate::signature::{Binding, Signature, describe};

/// A value of the plan: those of the graph under their own numbers, then copies.
pub(crate) type Id = usize;

#[derive(Debug)]
pub(crate) struct ValueInfo {
    pub(crate) name: String,
    pub(crate) ty: TensorType,
    pub(crate) dims: Vec<usize>,
    pub(crate) bytes: usize,
    pub(crate) source: Source,
    /// The value whose bytes these are, and from which byte on; itself unless it is a view.
    pub(crate) root: (Id, usize),
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nothing that runs needs it.
    Absent,
    /// Given before a run.
    Input,
    /// The state block, from this byte on.
    State(usize),
    /// The constants' block, from this byte on.
    Constant(usize),
    /// A result of an item.
    Item(usize),
}

/// A node that runs, or a copy.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) label: String,
    pub(crate) op: &'static str,
    pub(crate) flops: u64,
    pub(crate) work: Work,
    pub(crate) inputs: Vec<Id>,
    pub(crate) outputs: Vec<Id>,
    /// Pairs (input, output) that will be one region.
    pub(crate) in_place: Vec<(usize, usize)>,
}

/// Items in order of execution.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) values: Vec<ValueInfo>,
    pub(crate) items: Vec<Item>,
    /// Items of the compute segment.
    pub(crate) compute: usize,
    pub(crate) inputs: Vec<Id>,
    /// For each output, the value to read or to store.
    pub(crate) outputs: Vec<Id>,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) guarded: bool,
    pub(crate) constants: Constants,
}

impl Schedule {
    /// Orders the items of a graph. With `separate`, every output is a place of its own, which no constant, no other
    /// output and no input shares, but the input of its own number.
    pub(crate) fn new(
        graph: &Graph,
        signature: &Signature,
        isa: Isa,
        separate: bool,
    ) -> Result<Schedule, CompileError> {
        let segments = Segments::new(graph, signature);
        let mut builder = Builder { graph, values: absent(graph), items: Vec::new() };
        builder.add_inputs(signature)?;
        let mut constants = Constants::default();
        let mut lowered = builder.lower(&segments, isa, &mut constants)?;
        let mut copies = builder.plan_copies(signature);
        builder.copy_inputs(&mut copies, |binding| signature.guard.is_none() || binding == Binding::Value);
        builder.add_nodes(&mut lowered, &segments.compute, &mut copies);
        let mut compute = builder.items.len();
        builder.copy_inputs(&mut copies, |_| true);
        builder.add_nodes(&mut lowered, &segments.commit, &mut copies);
        if separate {
            builder.separate(&mut copies);
        }
        if signature.guard.is_none() {
            compute = builder.items.len();
        }
        Ok(Schedule {
            inputs: graph.inputs().iter().map(|value| value.index()).collect(),
            outputs: copies.iter().map(|copy| copy.stored).collect(),
            values: builder.values,
            items: builder.items,
            compute,
            bindings: signature.outputs.clone(),
            guarded: signature.guard.is_some(),
            constants,
        })
    }

    /// Adds a copy at the end; gives its result.
    pub(crate) fn push_copy(&mut self, of: Id) -> Id {
        push_copy(&mut self.values, &mut self.items, of)
    }
}

/// Numbers of the nodes that run, in order.
struct Segments {
    compute: Vec<usize>,
    commit: Vec<usize>,
}

impl Segments {
    /// *Compute* is what the outputs to be read need, the guard among them; *commit* is what only the state needs.
    /// Without a guard everything is computed in one run.
    fn new(graph: &Graph, signature: &Signature) -> Segments {
        let outputs = || graph.outputs().iter().zip(&signature.outputs);
        let unguarded = signature.guard.is_none();
        let first = outputs().filter(|(_, binding)| unguarded || **binding == Binding::Value);
        let compute = needed(graph, first.map(|(value, _)| *value));
        let all = needed(graph, outputs().map(|(value, _)| *value));
        Segments {
            compute: (0..compute.len()).filter(|&node| compute[node]).collect(),
            commit: (0..all.len()).filter(|&node| all[node] && !compute[node]).collect(),
        }
    }
}

/// Which nodes the values need.
fn needed(graph: &Graph, values: impl Iterator<Item = Value>) -> Vec<bool> {
    let mut wanted = vec![false; graph.values()];
    values.for_each(|value| wanted[value.index()] = true);
    let mut nodes = vec![false; graph.nodes().len()];
    for (index, node) in graph.nodes().iter().enumerate().rev() {
        if node.outputs.iter().any(|value| wanted[value.index()]) {
            nodes[index] = true;
            node.inputs.iter().for_each(|value| wanted[value.index()] = true);
        }
    }
    nodes
}

fn absent(graph: &Graph) -> Vec<ValueInfo> {
    let absent = |id| ValueInfo {
        name: String::new(),
        ty: TensorType::scalar(ceras_graph::DType::Bool),
        dims: Vec::new(),
        bytes: 0,
        source: Source::Absent,
        root: (id, 0),
    };
    (0..graph.values()).map(absent).collect()
}

/// What becomes of an output of the graph.
struct OutputCopy {
    binding: Binding,
    /// The graph's value.
    value: Id,
    /// The value that is read or stored: the graph's, or a copy of it.
    stored: Id,
    /// Whether a copy is to be taken as soon as the value is there.
    early: bool,
}

struct Builder<'a> {
    graph: &'a Graph,
    values: Vec<ValueInfo>,
    items: Vec<Item>,
}

impl Builder<'_> {
    fn add_inputs(&mut self, signature: &Signature) -> Result<(), CompileError> {
        let graph = self.graph;
        for (value, binding) in graph.inputs().iter().zip(&signature.inputs) {
            let source = match binding {
                Binding::Value => Source::Input,
                Binding::State { offset } => Source::State(*offset),
            };
            self.define(*value, source).map_err(|error| {
                error.hint(
                    "a plan is compiled for concrete shapes; trace the graph for the shapes of the batch",
                )
            })?;
        }
        Ok(())
    }

    /// Fills in what is known of a value.
    fn define(&mut self, value: Value, source: Source) -> Result<(), CompileError> {
        let ty = self.graph.ty(value);
        let Some(dims) = ty.shape.to_known() else {
            let name = describe(self.graph, value);
            return Err(CompileError::new(format!("{name} is {ty}, which has an unknown dimension")));
        };
        let Some(bytes) = ty.bytes().filter(|bytes| isize::try_from(*bytes).is_ok()) else {
            let name = describe(self.graph, value);
            return Err(CompileError::new(format!("{name} is {ty}, which is larger than memory can be")));
        };
        let name = describe(self.graph, value);
        let root = (value.index(), 0);
        self.values[value.index()] = ValueInfo { name, ty: ty.clone(), dims, bytes, source, root };
        Ok(())
    }

    /// Asks every node that runs how the CPU does it. Views and constants are settled here.
    fn lower(
        &mut self,
        segments: &Segments,
        isa: Isa,
        constants: &mut Constants,
    ) -> Result<Vec<Option<Work>>, CompileError> {
        let graph = self.graph;
        let mut works: Vec<Option<Work>> = graph.nodes().iter().map(|_| None).collect();
        // Compute nodes never need commit nodes, so this order is one of execution.
        for &index in segments.compute.iter().chain(&segments.commit) {
            let node = &graph.nodes()[index];
            for value in &node.outputs {
                self.define(*value, Source::Absent).map_err(|error| error.at(node))?;
            }
            match lower::lower(graph, node, isa)? {
                Lowered::Constant(tensor) => self.settle_constant(node, &tensor, constants)?,
                Lowered::View(offset) => {
                    self.settle_view(node, offset)?;
                    works[index] = Some(Work::View);
                }
                Lowered::Work(work) => works[index] = Some(work),
            }
        }
        Ok(works)
    }

    fn settle_constant(
        &mut self,
        node: &Node,
        tensor: &ceras_graph::Tensor,
        constants: &mut Constants,
    ) -> Result<(), CompileError> {
        for output in &node.outputs {
            let info = &mut self.values[output.index()];
            if info.dims != tensor.dims() || info.ty.dtype != tensor.dtype() {
                let problem =
                    format!("`{}` gave a constant of type {} for {}", node.op.name(), tensor.ty(), info.ty);
                return Err(CompileError::new(problem).at(node));
            }
            info.source = Source::Constant(constants.add(tensor.bytes()));
        }
        Ok(())
    }

    fn settle_view(&mut self, node: &Node, offset: usize) -> Result<(), CompileError> {
        let ([input], [output]) = (&node.inputs[..], &node.outputs[..]) else {
            let problem =
                format!("`{}` is a view of one value, yet has more operands or results", node.op.name());
            return Err(CompileError::new(problem).at(node));
        };
        let source = &self.values[input.index()];
        let bytes = self.values[output.index()].bytes;
        if offset.checked_add(bytes).is_none_or(|end| end > source.bytes) {
            let problem = format!("`{}` views bytes beyond its operand's end", node.op.name());
            return Err(CompileError::new(problem).at(node));
        }
        let (root, start) = source.root;
        let source = self.values[root].source;
        let output = &mut self.values[output.index()];
        output.root = (root, start + offset);
        output.source = source;
        Ok(())
    }

    /// Finds the outputs that lie in a place of the state that this plan overwrites: they are copied aside first.
    fn plan_copies(&self, signature: &Signature) -> Vec<OutputCopy> {
        let outputs = || self.graph.outputs().iter().map(|value| value.index()).zip(&signature.outputs);
        let old_state = |value: Id| match self.values[self.values[value].root.0].source {
            Source::State(offset) => Some(offset),
            _ => None,
        };
        let written: HashSet<usize> = outputs()
            .filter_map(|(value, binding)| match binding {
                Binding::State { offset } if !self.is_slot(value, *offset) => Some(*offset),
                _ => None,
            })
            .collect();
        outputs()
            .map(|(value, binding)| {
                let stays = matches!(binding, Binding::State { offset } if self.is_slot(value, *offset));
                let early = !stays && old_state(value).is_some_and(|offset| written.contains(&offset));
                OutputCopy { binding: *binding, value, stored: value, early }
            })
            .collect()
    }

    /// Whether a value is what a place of the state holds already.
    fn is_slot(&self, value: Id, offset: usize) -> bool {
        let (root, start) = self.values[value].root;
        let root = &self.values[root];
        root.source == Source::State(offset) && start == 0 && root.bytes == self.values[value].bytes
    }

    /// Takes the early copies of inputs whose binding is `due`.
    fn copy_inputs(&mut self, copies: &mut [OutputCopy], due: impl Fn(Binding) -> bool) {
        for copy in copies.iter_mut().filter(|copy| copy.early && due(copy.binding)) {
            let is_input = self.graph.inputs().iter().any(|input| input.index() == copy.value);
            if is_input {
                copy.stored = push_copy(&mut self.values, &mut self.items, copy.value);
                copy.early = false;
            }
        }
    }

    /// Adds the items of nodes, and the early copies of their results.
    fn add_nodes(&mut self, works: &mut [Option<Work>], nodes: &[usize], copies: &mut [OutputCopy]) {
        for &index in nodes {
            let Some(work) = works[index].take() else { continue };
            let node = &self.graph.nodes()[index];
            let outputs: Vec<Id> = node.outputs.iter().map(|value| value.index()).collect();
            if !matches!(work, Work::View) {
                outputs
                    .iter()
                    .for_each(|&output| self.values[output].source = Source::Item(self.items.len()));
            }
            self.items.push(Item {
                label: lower::label(node),
                op: node.op.name(),
                flops: cost::flops(self.graph, node),
                work,
                inputs: node.inputs.iter().map(|value| value.index()).collect(),
                outputs: outputs.clone(),
                in_place: Vec::new(),
            });
            for copy in copies.iter_mut().filter(|copy| copy.early && outputs.contains(&copy.value)) {
                copy.stored = push_copy(&mut self.values, &mut self.items, copy.value);
                copy.early = false;
            }
        }
    }

    /// Copies outputs that are inputs, constants or parts of other outputs. An input that is its own output, as a
    /// weight that a loop carries along, stays where it is.
    fn separate(&mut self, copies: &mut [OutputCopy]) {
        let mut roots = HashSet::new();
        for (index, copy) in copies.iter_mut().enumerate() {
            if self.graph.inputs().get(index).is_some_and(|input| input.index() == copy.stored) {
                continue;
            }
            let root = self.values[copy.stored].root.0;
            if !matches!(self.values[root].source, Source::Item(_)) || !roots.insert(root) {
                copy.stored = push_copy(&mut self.values, &mut self.items, copy.stored);
            }
        }
    }
}

fn push_copy(values: &mut Vec<ValueInfo>, items: &mut Vec<Item>, of: Id) -> Id {
    let id = values.len();
    let info = &values[of];
    let name: Arc<str> = Arc::from(format!("a copy of {}", info.name));
    let copy = ValueInfo {
        name: name.to_string(),
        ty: info.ty.clone(),
        dims: info.dims.clone(),
        bytes: info.bytes,
        source: Source::Item(items.len()),
        root: (id, 0),
    };
    values.push(copy);
    items.push(Item {
        label: "copy".to_owned(),
        op: "copy",
        flops: 0,
        work: Work::Copy,
        inputs: vec![of],
        outputs: vec![id],
        in_place: Vec::new(),
    });
    id
}
