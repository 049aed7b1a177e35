//! The functional way: symbolic tensors, and the model between some of them.

use std::collections::{HashMap, HashSet};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ceras_graph::{DType, Shape, TensorType};

use super::architecture::{Architecture, Call, Kind, NamedLayer, TensorRef, describe, snake_case};
use super::structure::Ends;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::{InputLayer, LayerRef};

/// A symbolic tensor: an output of a layer applied to others, without any numbers.
#[derive(Clone, Debug)]
pub struct KerasTensor {
    node: Arc<Node>,
    output: usize,
}

/// A layer applied to symbolic tensors.
#[derive(Debug)]
struct Node {
    layer: LayerRef,
    inputs: Vec<KerasTensor>,
    outputs: Vec<TensorType>,
    /// Counts nodes as they are made; only the order is used, to number layers without a name.
    sequence: u64,
    /// What went wrong in an operator, which cannot return it.
    problem: Option<Error>,
}

/// Frees what only this node needs one after another: models may be deeper than the stack.
impl Drop for Node {
    fn drop(&mut self) {
        let mut inputs = std::mem::take(&mut self.inputs);
        while let Some(input) = inputs.pop() {
            if let Some(mut node) = Arc::into_inner(input.node) {
                inputs.append(&mut node.inputs);
            }
        }
    }
}

impl KerasTensor {
    /// The symbolic tensor of an input layer.
    #[must_use]
    pub fn input(layer: InputLayer) -> KerasTensor {
        KerasTensor::input_of(layer.into())
    }

    /// The symbolic tensor of a layer that stands for a model's input.
    pub(crate) fn input_of(layer: LayerRef) -> KerasTensor {
        let ty = layer.input_type().expect("an input layer has a type");
        KerasTensor::from_node(layer, Vec::new(), vec![ty])
    }

    /// The first output of a layer applied to symbolic tensors.
    ///
    /// # Errors
    /// The layer cannot take these inputs.
    pub fn of(layer: LayerRef, inputs: &[&KerasTensor]) -> Result<KerasTensor> {
        if let Some(problem) = inputs.iter().find_map(|input| input.node.problem.as_ref()) {
            return Err(problem.clone());
        }
        let types: Vec<TensorType> = inputs.iter().map(|input| input.ty().clone()).collect();
        let name = layer.info().name.map_or_else(|| snake_case(layer.class_name()), str::to_owned);
        let (_, outputs) = describe(&name, &*layer, &types)?;
        let inputs = inputs.iter().copied().cloned().collect();
        Ok(KerasTensor::from_node(layer, inputs, outputs))
    }

    fn from_node(layer: LayerRef, inputs: Vec<KerasTensor>, outputs: Vec<TensorType>) -> KerasTensor {
        static SEQUENCE: AtomicU64 = AtomicU64::new(0);
        let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
        KerasTensor { node: Arc::new(Node { layer, inputs, outputs, sequence, problem: None }), output: 0 }
    }

    /// A tensor that carries an error to where it can be returned; its type is that of `like`.
    pub(crate) fn broken(problem: Error, like: &KerasTensor) -> KerasTensor {
        let layer = like.node.layer.clone();
        let outputs = vec![like.ty().clone()];
        let node = Node { layer, inputs: Vec::new(), outputs, sequence: 0, problem: Some(problem) };
        KerasTensor { node: Arc::new(node), output: 0 }
    }

    /// Type and shape; the batch size is unknown.
    pub fn ty(&self) -> &TensorType {
        &self.node.outputs[self.output]
    }

    /// The shape; the batch size is unknown.
    pub fn shape(&self) -> &Shape {
        &self.ty().shape
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.ty().dtype
    }

    /// All outputs of the layer that this is one of.
    #[must_use]
    pub fn outputs(&self) -> Vec<KerasTensor> {
        (0..self.node.outputs.len())
            .map(|output| KerasTensor { node: Arc::clone(&self.node), output })
            .collect()
    }
}

/// Identities: two nodes, or two layers, are the same when they are the same allocation.
fn node_key(node: &Arc<Node>) -> usize {
    Arc::as_ptr(node).addr()
}

fn layer_key(layer: &LayerRef) -> usize {
    Arc::as_ptr(&layer.0).cast::<()>().addr()
}

/// The nodes between inputs and outputs, in the order in which Keras walks them.
#[derive(Default)]
struct Walk {
    /// Nodes after everything that they need.
    order: Vec<Arc<Node>>,
    finished: HashSet<usize>,
    /// The number of each layer, by first visit.
    layer_index: HashMap<usize, usize>,
}

impl Walk {
    /// Visits everything that `tensor` needs, inputs of the model excepted, without recursion: models may be deep.
    fn visit(&mut self, tensor: &KerasTensor, model_inputs: &HashSet<usize>) {
        let mut stack: Vec<(Arc<Node>, usize)> = Vec::new();
        self.enter(&tensor.node, &mut stack);
        while let Some((node, next)) = stack.pop() {
            let stops = model_inputs.contains(&node_key(&node));
            match node.inputs.get(next).filter(|_| !stops) {
                Some(input) => {
                    stack.push((Arc::clone(&node), next + 1));
                    self.enter(&input.node, &mut stack);
                }
                None if self.finished.insert(node_key(&node)) => self.order.push(node),
                None => {}
            }
        }
    }

    fn enter(&mut self, node: &Arc<Node>, stack: &mut Vec<(Arc<Node>, usize)>) {
        if !self.finished.contains(&node_key(node)) {
            let next = self.layer_index.len();
            self.layer_index.entry(layer_key(&node.layer)).or_insert(next);
            stack.push((Arc::clone(node), 0));
        }
    }

    /// The distance of each node, and of each layer, from the outputs.
    fn depths(&self) -> (HashMap<usize, usize>, HashMap<usize, usize>) {
        let mut nodes: HashMap<usize, usize> = HashMap::new();
        let mut layers: HashMap<usize, usize> = HashMap::new();
        for node in self.order.iter().rev() {
            let own = nodes.get(&node_key(node)).copied().unwrap_or(0);
            let depth = own.max(layers.get(&layer_key(&node.layer)).copied().unwrap_or(0));
            layers.insert(layer_key(&node.layer), depth);
            nodes.insert(node_key(node), depth);
            for input in &node.inputs {
                let parent = nodes.entry(node_key(&input.node)).or_insert(0);
                *parent = (*parent).max(depth + 1);
            }
        }
        (nodes, layers)
    }
}

/// The architecture of a functional model between these tensors.
///
/// # Errors
/// No inputs or outputs, an input that is not an `Input`, an output that needs an input that is not named, or two
/// layers of one name.
pub(crate) fn architecture(
    inputs: &Ends,
    outputs: &Ends,
    name: Option<String>,
    location: &'static Location<'static>,
) -> Result<Architecture> {
    let structures = (inputs.structure.clone(), outputs.structure.clone());
    let (inputs, outputs) = (&inputs.tensors[..], &outputs.tensors[..]);
    check_ends(inputs, outputs)?;
    let model_inputs: HashSet<usize> = inputs.iter().map(|input| node_key(&input.node)).collect();
    let mut walk = Walk::default();
    outputs.iter().for_each(|output| walk.visit(output, &model_inputs));
    inputs.iter().for_each(|input| walk.visit(input, &model_inputs));
    for node in &walk.order {
        if node.inputs.is_empty() && !model_inputs.contains(&node_key(node)) {
            let named = node.layer.info().name.unwrap_or("without a name");
            let text = format!("an output needs the input `{named}`, which is not among the model's inputs");
            return Err(Error::new(ErrorKind::Usage, text)
                .hint("name every `Input` that the outputs are computed from"));
        }
    }
    let (node_depths, layer_depths) = walk.depths();
    let mut layers: Vec<&Arc<Node>> = first_of_each_layer(&walk.order);
    layers.sort_by_key(|node| {
        let key = layer_key(&node.layer);
        (std::cmp::Reverse(layer_depths[&key]), walk.layer_index[&key])
    });
    let names = unique_names(&layers)?;
    let layer_numbers: HashMap<usize, usize> =
        layers.iter().enumerate().map(|(number, node)| (layer_key(&node.layer), number)).collect();
    let mut nodes: Vec<&Arc<Node>> = walk.order.iter().collect();
    nodes.sort_by_key(|node| std::cmp::Reverse(node_depths[&node_key(node)]));
    let call_numbers: HashMap<usize, usize> =
        nodes.iter().enumerate().map(|(number, node)| (node_key(node), number)).collect();
    let reference = |tensor: &KerasTensor| TensorRef {
        call: call_numbers[&node_key(&tensor.node)],
        output: tensor.output,
    };
    let calls = nodes.iter().map(|node| Call {
        layer: layer_numbers[&layer_key(&node.layer)],
        node: calls_before(&walk.order, node),
        inputs: node.inputs.iter().map(reference).collect(),
        outputs: node.outputs.clone(),
    });
    let layer_of = |(node, name): (&&Arc<Node>, String)| NamedLayer { name, layer: node.layer.clone() };
    Ok(Architecture {
        kind: Kind::Functional,
        name: name.unwrap_or_else(|| "functional".to_owned()),
        calls: calls.collect(),
        layers: layers.iter().zip(names).map(layer_of).collect(),
        inputs: inputs.iter().map(|input| reference(input).call).collect(),
        outputs: outputs.iter().map(reference).collect(),
        input_structure: structures.0,
        output_structure: structures.1,
        values: None,
        trainable: true,
        location: Some(location),
    })
}

fn check_ends(inputs: &[KerasTensor], outputs: &[KerasTensor]) -> Result<()> {
    if inputs.is_empty() || outputs.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "a model needs at least one input and one output"));
    }
    if let Some(problem) = inputs.iter().chain(outputs).find_map(|end| end.node.problem.as_ref()) {
        return Err(problem.clone());
    }
    let mut seen = HashSet::new();
    if let Some(twice) = inputs.iter().find(|input| !seen.insert(node_key(&input.node))) {
        let named = twice.node.layer.info().name.unwrap_or("without a name");
        return Err(Error::new(ErrorKind::Usage, format!("the input `{named}` is given twice")));
    }
    match inputs.iter().find(|input| input.node.layer.input_type().is_none()) {
        None => Ok(()),
        Some(input) => {
            let class_name = input.node.layer.class_name();
            let text = format!("a model's inputs must come from `Input`; one is the output of {class_name}");
            Err(Error::new(ErrorKind::Usage, text))
        }
    }
}

fn first_of_each_layer(order: &[Arc<Node>]) -> Vec<&Arc<Node>> {
    let mut seen = HashSet::new();
    let mut nodes: Vec<&Arc<Node>> = order.iter().collect();
    nodes.sort_by_key(|node| node.sequence);
    nodes.retain(|node| seen.insert(layer_key(&node.layer)));
    nodes
}

/// How often the layer of a node was called before that node was made.
fn calls_before(order: &[Arc<Node>], node: &Arc<Node>) -> usize {
    let same = |other: &&Arc<Node>| {
        layer_key(&other.layer) == layer_key(&node.layer) && other.sequence < node.sequence
    };
    order.iter().filter(same).count()
}

/// The layers' names, made up as Keras does where none was given, counted in the order in which the layers were made.
fn unique_names(layers: &[&Arc<Node>]) -> Result<Vec<String>> {
    let mut by_age: Vec<usize> = (0..layers.len()).collect();
    by_age.sort_by_key(|&index| layers[index].sequence);
    let in_order: Vec<&LayerRef> = by_age.iter().map(|&index| &layers[index].layer).collect();
    let mut names = vec![String::new(); layers.len()];
    for (index, name) in by_age.iter().zip(name_layers(&in_order)?) {
        names[*index] = name;
    }
    Ok(names)
}

/// A name for each layer: its own, or Keras' (`dense`, `dense_1`, …), which counts per model.
///
/// # Errors
/// Two layers were given the same name.
pub(crate) fn name_layers(layers: &[&LayerRef]) -> Result<Vec<String>> {
    let mut taken: HashSet<String> = HashSet::new();
    for name in layers.iter().filter_map(|layer| layer.info().name) {
        if name.is_empty() || name.contains('/') {
            let text = format!("a layer's name must not be empty or contain `/`; one is `{name}`");
            return Err(Error::new(ErrorKind::Usage, text));
        }
        if !taken.insert(name.to_owned()) {
            let text = format!("two layers are called `{name}`; names must be unique in a model");
            return Err(Error::new(ErrorKind::Usage, text));
        }
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    let name_of = |layer: &&LayerRef| match layer.info().name {
        Some(name) => name.to_owned(),
        None => loop {
            let stem = snake_case(layer.class_name());
            let count = counts.entry(stem.clone()).or_insert(0);
            let name = if *count == 0 { stem } else { format!("{stem}_{count}") };
            *count += 1;
            if taken.insert(name.clone()) {
                break name;
            }
        },
    };
    Ok(layers.iter().map(name_of).collect())
}
