//! The graph: nodes in order of execution, each with its types, its layer and its source line.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::error::{GraphError, Operand, Rule};
use crate::op::Op;
use crate::types::TensorType;

/// A value of a graph: an input or a result of a node. It means nothing outside of its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub(crate) u32);

impl Value {
    /// Its number in the graph, as the text format prints it.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The path of layers around a node, such as `model/dense_1`.
pub type Scope = Arc<str>;

/// An op applied to values.
#[derive(Clone, Debug)]
pub struct Node {
    /// The op.
    pub op: Arc<dyn Op>,
    /// Its operands.
    pub inputs: Vec<Value>,
    /// Its results.
    pub outputs: Vec<Value>,
    /// The layers around it; empty outside of any.
    pub scope: Scope,
    /// The source line that asked for it.
    pub location: Option<&'static Location<'static>>,
}

#[derive(Clone, Debug)]
struct ValueInfo {
    ty: TensorType,
    /// The node that computes it and the number of its result; `None` for an input of the graph.
    producer: Option<(u32, u32)>,
    /// What a layer calls it, such as `kernel`.
    name: Option<Arc<str>>,
    /// Where it comes from in words, such as ``loaded from `iris.keras` ``.
    origin: Option<Arc<str>>,
}

/// A graph: inputs, nodes in an order in which they can be executed, outputs.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    values: Vec<ValueInfo>,
    inputs: Vec<Value>,
    outputs: Vec<Value>,
    scope: Vec<Scope>,
    location: Option<&'static Location<'static>>,
    /// Pairs (probabilities, logits): values known to be the softmax or sigmoid of others.
    logits: Vec<(Value, Value)>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// An empty graph with room for so many nodes and values.
    pub(crate) fn with_room(nodes: usize, values: usize) -> Graph {
        Graph { nodes: Vec::with_capacity(nodes), values: Vec::with_capacity(values), ..Graph::default() }
    }

    /// Adds an input.
    pub fn input(&mut self, ty: TensorType, name: &str) -> Value {
        let value = self.push_value(ty, None);
        self.values[value.index()].name = (!name.is_empty()).then(|| Arc::from(name));
        self.inputs.push(value);
        value
    }

    /// Adds a node; its result types are inferred.
    ///
    /// # Errors
    /// The op's rule that the operands break, with the operands and where they come from.
    #[track_caller]
    pub fn emit(&mut self, op: Arc<dyn Op>, inputs: &[Value]) -> Result<Vec<Value>, GraphError> {
        let location = self.location();
        let scope = self.scope.last().cloned().unwrap_or_else(|| Arc::from(""));
        self.emit_at(op, inputs, scope, Some(location))
    }

    /// Adds a node with this scope and source line.
    pub(crate) fn emit_at(
        &mut self,
        op: Arc<dyn Op>,
        inputs: &[Value],
        scope: Scope,
        location: Option<&'static Location<'static>>,
    ) -> Result<Vec<Value>, GraphError> {
        let types: Vec<&TensorType> = inputs.iter().map(|value| self.ty(*value)).collect();
        let results = op.infer(&types);
        let results = results.map_err(|rule| self.explain(&*op, inputs, &rule, location))?;
        let node = self.nodes.len() as u32;
        let outputs: Vec<Value> =
            (0u32..).zip(results).map(|(result, ty)| self.push_value(ty, Some((node, result)))).collect();
        self.nodes.push(Node { op, inputs: inputs.to_vec(), outputs: outputs.clone(), scope, location });
        Ok(outputs)
    }

    /// Adds a node with one result.
    ///
    /// # Errors
    /// As [`Graph::emit`].
    ///
    /// # Panics
    /// If the op has another number of results.
    #[track_caller]
    pub fn emit_one(&mut self, op: impl Op, inputs: &[Value]) -> Result<Value, GraphError> {
        let outputs = self.emit(Arc::new(op), inputs)?;
        assert_eq!(outputs.len(), 1, "`emit_one` is for ops with one result");
        Ok(outputs[0])
    }

    /// The type of a value.
    pub fn ty(&self, value: Value) -> &TensorType {
        &self.values[value.index()].ty
    }

    /// The node that computes a value; `None` for an input of the graph.
    pub fn producer(&self, value: Value) -> Option<&Node> {
        self.values[value.index()].producer.map(|(node, _)| &self.nodes[node as usize])
    }

    /// The number of the node that computes a value and which of its results it is; `None` for an input.
    pub fn producer_index(&self, value: Value) -> Option<(usize, usize)> {
        self.values[value.index()].producer.map(|(node, result)| (node as usize, result as usize))
    }

    /// The nodes, in order of execution.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// How many values there are.
    pub fn values(&self) -> usize {
        self.values.len()
    }

    /// The inputs.
    pub fn inputs(&self) -> &[Value] {
        &self.inputs
    }

    /// The outputs.
    pub fn outputs(&self) -> &[Value] {
        &self.outputs
    }

    /// Says what the graph computes.
    pub fn set_outputs(&mut self, outputs: Vec<Value>) {
        self.outputs = outputs;
    }

    /// What a value is called, if it was named.
    pub fn name(&self, value: Value) -> Option<&str> {
        self.values[value.index()].name.as_deref()
    }

    /// Names a value, for errors and for the text format.
    pub fn set_name(&mut self, value: Value, name: &str) {
        self.values[value.index()].name = Some(Arc::from(name));
    }

    /// Where a value comes from, in words, if that was said.
    pub fn origin(&self, value: Value) -> Option<&str> {
        self.values[value.index()].origin.as_deref()
    }

    /// Says where a value comes from, such as ``loaded from `iris.keras` ``, for errors.
    pub fn set_origin(&mut self, value: Value, origin: &str) {
        self.values[value.index()].origin = Some(Arc::from(origin));
    }

    /// Notes that `probabilities` is the softmax or sigmoid of `logits`, so that a loss can work on the logits.
    pub fn set_logits(&mut self, probabilities: Value, logits: Value) {
        self.logits.push((probabilities, logits));
    }

    /// The logits of probabilities, when [`Graph::set_logits`] noted them.
    pub fn logits(&self, probabilities: Value) -> Option<Value> {
        self.logits.iter().find(|(value, _)| *value == probabilities).map(|(_, logits)| *logits)
    }

    /// The path of the layers that nodes are now emitted for.
    pub fn scope(&self) -> &str {
        self.scope.last().map_or("", |scope| scope)
    }

    /// Enters a layer: nodes emitted until [`Graph::leave`] carry its name after those around it.
    pub fn enter(&mut self, name: &str) {
        let path = match self.scope() {
            "" => Arc::from(name),
            outer => Arc::from(format!("{outer}/{name}")),
        };
        self.scope.push(path);
    }

    /// Leaves the layer that was entered last.
    pub fn leave(&mut self) {
        self.scope.pop();
    }

    /// Enters a whole path of layers, whatever was entered before; gives the depth to go back to.
    pub(crate) fn enter_path(&mut self, path: &Scope) -> usize {
        self.scope.push(Arc::clone(path));
        self.scope.len() - 1
    }

    /// Goes back to the layers that were entered before.
    pub(crate) fn leave_path(&mut self, depth: usize) {
        self.scope.truncate(depth);
    }

    /// The source line that nodes carry now: the one that was set, or the caller's.
    #[track_caller]
    pub fn location(&self) -> &'static Location<'static> {
        // Not `unwrap_or_else`: a closure does not know its caller's caller.
        match self.location {
            Some(location) => location,
            None => Location::caller(),
        }
    }

    /// All pairs (probabilities, logits) that [`Graph::set_logits`] noted.
    pub fn logits_pairs(&self) -> &[(Value, Value)] {
        &self.logits
    }

    /// Makes nodes carry this source line instead of their caller's; gives what held before, to be put back.
    pub fn set_location(
        &mut self,
        location: Option<&'static Location<'static>>,
    ) -> Option<&'static Location<'static>> {
        std::mem::replace(&mut self.location, location)
    }

    /// Adds a node of another graph, or an altered one, with its scope and source line.
    ///
    /// # Errors
    /// As [`Graph::emit`].
    pub fn emit_like(
        &mut self,
        node: &Node,
        op: Arc<dyn Op>,
        inputs: &[Value],
    ) -> Result<Vec<Value>, GraphError> {
        self.emit_at(op, inputs, Arc::clone(&node.scope), node.location)
    }

    /// Adds a node of another graph whose operands here have the types that they have there; gives its number.
    pub(crate) fn copy_node(&mut self, source: &Graph, node: &Node, inputs: Vec<Value>) -> usize {
        let types = |graph: &Graph, values: &[Value]| -> Vec<TensorType> {
            values.iter().map(|value| graph.ty(*value).clone()).collect()
        };
        debug_assert_eq!(
            types(source, &node.inputs),
            types(self, &inputs),
            "operands of `{}`",
            node.op.name()
        );
        let index = self.nodes.len();
        let outputs = (0u32..)
            .zip(&node.outputs)
            .map(|(result, old)| self.push_value(source.ty(*old).clone(), Some((index as u32, result))));
        let outputs = outputs.collect();
        self.nodes.push(Node {
            op: Arc::clone(&node.op),
            inputs,
            outputs,
            scope: Arc::clone(&node.scope),
            location: node.location,
        });
        index
    }

    /// Gives a value the name and the origin of one of another graph, unless it has its own.
    pub(crate) fn name_after(&mut self, value: Value, source: &Graph, old: Value) {
        let (new, old) = (&mut self.values[value.index()], &source.values[old.index()]);
        if new.name.is_none() {
            new.name.clone_from(&old.name);
        }
        if new.origin.is_none() {
            new.origin.clone_from(&old.origin);
        }
    }

    /// Copies the nodes of `other` into this graph, with `inputs` in place of its inputs; gives its outputs here.
    ///
    /// # Errors
    /// The inputs do not have the types that a node of `other` wants.
    pub fn inline(&mut self, other: &Graph, inputs: &[Value]) -> Result<Vec<Value>, GraphError> {
        let mut here: Vec<Option<Value>> = vec![None; other.values.len()];
        for (there, value) in other.inputs.iter().zip(inputs) {
            here[there.index()] = Some(*value);
        }
        let look = |here: &[Option<Value>], value: &Value| {
            here[value.index()].expect("nodes are in order of execution")
        };
        for node in &other.nodes {
            let operands: Vec<Value> = node.inputs.iter().map(|value| look(&here, value)).collect();
            let outputs = self.emit_like(node, Arc::clone(&node.op), &operands)?;
            for (there, value) in node.outputs.iter().zip(outputs) {
                here[there.index()] = Some(value);
                if let Some(name) = other.name(*there) {
                    self.set_name(value, name);
                }
            }
        }
        Ok(other.outputs.iter().map(|value| look(&here, value)).collect())
    }

    /// The error for an op whose operands break a rule.
    pub fn explain(
        &self,
        op: &dyn Op,
        inputs: &[Value],
        rule: &Rule,
        location: Option<&'static Location<'static>>,
    ) -> GraphError {
        let operands: Vec<Operand> =
            inputs.iter().enumerate().map(|(index, value)| self.operand(index, *value)).collect();
        let mut text = rule.0.clone();
        for (index, operand) in operands.iter().enumerate() {
            text = text.replace(&format!("{{{index}}}"), &format!("`{}`", operand.name));
        }
        GraphError { op: op.name(), rule: text, operands, scope: self.scope().to_owned(), location }
    }

    fn operand(&self, index: usize, value: Value) -> Operand {
        let producer = self.producer(value);
        let origin = match (self.origin(value), producer) {
            (Some(origin), _) => origin.to_owned(),
            (None, Some(node)) if node.scope.is_empty() || &*node.scope == self.scope() => {
                format!("result of `{}`", node.op.name())
            }
            (None, Some(node)) => {
                let layer = node.scope.rsplit('/').next().unwrap_or_default();
                format!("output of `{layer}`")
            }
            (None, None) => String::new(),
        };
        Operand {
            name: self.name(value).map_or_else(|| format!("operand {index}"), str::to_owned),
            ty: self.ty(value).clone(),
            origin,
            location: producer.and_then(|node| node.location),
        }
    }

    fn push_value(&mut self, ty: TensorType, producer: Option<(u32, u32)>) -> Value {
        let value = Value(
            u32::try_from(self.values.len()).expect("a graph has fewer than four thousand million values"),
        );
        self.values.push(ValueInfo { ty, producer, name: None, origin: None });
        value
    }
}

/// Two graphs are equal when they print the same, source lines aside.
impl PartialEq for Graph {
    fn eq(&self, other: &Graph) -> bool {
        crate::text::same(self, other)
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::text::print(self, f)
    }
}
