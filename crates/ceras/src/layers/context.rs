//! What a layer works with while it is built and called.

use std::collections::HashMap;

use ceras_graph::{DType, Graph, GraphError, Shape, Tensor, TensorType, Value, compose, ops};

use crate::constraints::ConstraintRef;
use crate::error::{Error, ErrorKind, Result};
use crate::initializers::InitializerRef;
use crate::regularizers::RegularizerRef;

/// A weight that a layer declared.
#[derive(Clone, Debug)]
pub struct WeightSpec {
    /// The layers around it, such as `model/dense_1`; the key of the weight together with its name.
    pub path: String,
    /// Keras' name, such as `kernel`.
    pub name: String,
    /// Type and shape, all dimensions known.
    pub ty: TensorType,
    /// How it is first filled.
    pub initializer: InitializerRef,
    /// Whether it is trained where its layer is trainable; moving statistics are not.
    pub trainable: bool,
    /// What its size adds to the loss.
    pub regularizer: Option<RegularizerRef>,
    /// What is done to it after each step.
    pub constraint: Option<ConstraintRef>,
    /// A value to start from instead of the initializer's.
    pub value: Option<Tensor>,
}

impl WeightSpec {
    /// The same weight, not trained.
    pub fn non_trainable(&mut self) -> &mut WeightSpec {
        self.trainable = false;
        self
    }

    /// The same weight with a regularizer.
    pub fn regularizer(&mut self, regularizer: &Option<RegularizerRef>) -> &mut WeightSpec {
        self.regularizer.clone_from(regularizer);
        self
    }

    /// The same weight with a constraint.
    pub fn constraint(&mut self, constraint: &Option<ConstraintRef>) -> &mut WeightSpec {
        self.constraint.clone_from(constraint);
        self
    }

    /// The same weight with a value to start from.
    pub fn value(&mut self, value: Option<Tensor>) -> &mut WeightSpec {
        self.value = value;
        self
    }
}

/// Where a layer declares its weights.
#[derive(Debug)]
pub struct BuildCx<'a> {
    path: String,
    trainable: bool,
    specs: &'a mut Vec<WeightSpec>,
}

impl<'a> BuildCx<'a> {
    /// A context that appends to `specs`.
    pub fn new(path: &str, specs: &'a mut Vec<WeightSpec>) -> BuildCx<'a> {
        BuildCx { path: path.to_owned(), trainable: true, specs }
    }

    /// The layers around, the one being built last.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many weights are declared so far.
    pub(crate) fn declared(&self) -> usize {
        self.specs.len()
    }

    /// Gives the weights declared from `first` on these values to start from, by path and name inside this layer.
    pub(crate) fn start_from(&mut self, first: usize, values: &HashMap<String, Tensor>) {
        for spec in &mut self.specs[first..] {
            let full = join(&spec.path, &spec.name);
            let inside = full.strip_prefix(self.path.as_str()).unwrap_or(&full).trim_start_matches('/');
            if let Some(value) = values.get(inside).filter(|value| value.shape() == spec.ty.shape) {
                spec.value = Some(value.clone());
            }
        }
    }

    /// Makes the weights declared from `first` on ones that are not trained.
    pub(crate) fn freeze_from(&mut self, first: usize) {
        self.specs[first..].iter_mut().for_each(|spec| spec.trainable = false);
    }

    /// Declares a weight: Keras' name, its type, how it is filled.
    pub fn weight(
        &mut self,
        name: &str,
        dtype: DType,
        dims: &[usize],
        initializer: &InitializerRef,
    ) -> &mut WeightSpec {
        self.specs.push(WeightSpec {
            path: self.path.clone(),
            name: name.to_owned(),
            ty: TensorType::new(dtype, dims),
            initializer: initializer.clone(),
            trainable: self.trainable,
            regularizer: None,
            constraint: None,
            value: None,
        });
        self.specs.last_mut().expect("just pushed")
    }

    /// A context for weights that stand in a part of this layer, such as the `cell` of a recurrent one.
    pub(crate) fn part(&mut self, name: &str) -> BuildCx<'_> {
        BuildCx { path: join(&self.path, name), trainable: self.trainable, specs: self.specs }
    }

    /// Builds a layer that this layer owns, under its name.
    ///
    /// # Errors
    /// The inner layer cannot take these inputs.
    pub fn child(&mut self, name: &str, layer: &dyn super::Layer, inputs: &[TensorType]) -> Result<()> {
        let path = join(&self.path, name);
        let mut inner = BuildCx { path, trainable: self.trainable, specs: self.specs };
        let error_path = inner.path.clone();
        layer.build(&mut inner, inputs).map_err(|error| error.in_layer(&error_path, layer.class_name()))
    }
}

/// A weight as a trace sees it: the value that it had when the step began, and the one that it has now.
#[derive(Clone, Copy, Debug)]
pub struct WeightValue {
    /// The graph's input.
    pub initial: Value,
    /// After the updates of the trace so far.
    pub current: Value,
}

/// An input of the graph whose elements name rows: from 0 to below `rows`.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) value: Value,
    pub(crate) rows: usize,
    /// The layer that has the rows.
    pub(crate) path: String,
}

/// Everything of a trace that outlives the call of one layer.
#[derive(Debug, Default)]
pub struct Trace {
    /// The graph.
    pub graph: Graph,
    /// The weights used so far, by (path, name).
    pub weights: HashMap<(String, String), WeightValue>,
    /// The types of all weights, by (path, name), and where each came from.
    pub types: HashMap<(String, String), (TensorType, Option<String>)>,
    /// Inputs of the graph that name rows of an embedding.
    pub(crate) ids: Vec<Ids>,
    /// Additions to the loss (activity regularizers), scalars.
    pub losses: Vec<Value>,
    /// The model's seed and the number of the step (`uint64` scalars), when the graph has random ops.
    pub random: Option<(Value, Value)>,
    /// Whether the layer at a path is trained, where that differs from what the layer says of itself.
    pub trainable: HashMap<String, bool>,
    /// How many random streams each path has asked for.
    pub(crate) streams: HashMap<String, u64>,
}

impl Trace {
    /// Makes weights known, so that layers find them by name.
    pub fn declare(&mut self, specs: &[WeightSpec], origin: Option<&str>) {
        for spec in specs {
            let key = (spec.path.clone(), spec.name.clone());
            self.types.insert(key, (spec.ty.clone(), origin.map(str::to_owned)));
        }
    }
}

/// What a layer works with while it is called.
#[derive(Debug)]
pub struct CallCx<'a> {
    trace: &'a mut Trace,
    training: bool,
    frozen: bool,
    path: String,
}

impl<'a> CallCx<'a> {
    /// A context for a model's outermost call.
    pub fn new(trace: &'a mut Trace, training: bool) -> CallCx<'a> {
        CallCx { trace, training, frozen: false, path: String::new() }
    }

    /// The graph to emit into.
    pub fn graph(&mut self) -> &mut Graph {
        &mut self.trace.graph
    }

    /// The type of a value.
    pub fn ty(&self, value: Value) -> &TensorType {
        self.trace.graph.ty(value)
    }

    /// The shape of a value.
    pub fn shape(&self, value: Value) -> Shape {
        self.ty(value).shape.clone()
    }

    /// Whether this is `fit` (true) or `evaluate` and `predict` (false).
    pub fn training(&self) -> bool {
        self.training
    }

    /// Whether the layer is frozen (`trainable` is false): BatchNormalization then runs in inference mode.
    pub fn frozen(&self) -> bool {
        self.frozen
    }

    /// The layers around, the one being called last.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The weight of that name that this layer declared, with the updates made so far in this step.
    ///
    /// # Errors
    /// The layer declared no such weight.
    pub fn weight(&mut self, name: &str) -> Result<Value> {
        self.weight_at(self.path.clone(), name)
    }

    /// The weight of that name in a part of this layer, as [`CallCx::weight`].
    pub(crate) fn part_weight(&mut self, part: &str, name: &str) -> Result<Value> {
        self.weight_at(join(&self.path, part), name)
    }

    fn weight_at(&mut self, path: String, name: &str) -> Result<Value> {
        let key = (path, name.to_owned());
        if let Some(weight) = self.trace.weights.get(&key) {
            return Ok(weight.current);
        }
        let Some((ty, origin)) = self.trace.types.get(&key) else {
            return Err(Error::new(ErrorKind::Usage, format!("`{}` has no weight `{name}`", self.path)));
        };
        let value = self.trace.graph.input(ty.clone(), name);
        let origin = origin.clone().unwrap_or_else(|| format!("weight of `{}`", self.path));
        self.trace.graph.set_origin(value, &origin);
        self.trace.weights.insert(key, WeightValue { initial: value, current: value });
        Ok(value)
    }

    /// Gives a weight another value when the step ends well; calls that follow in the same step see it.
    ///
    /// # Errors
    /// The layer declared no such weight.
    pub fn update(&mut self, name: &str, value: Value) -> Result<()> {
        self.weight(name)?;
        let key = (self.path.clone(), name.to_owned());
        if let Some(weight) = self.trace.weights.get_mut(&key) {
            weight.current = value;
        }
        Ok(())
    }

    /// Says that the elements of a value name so many rows of this layer, so that data can be checked before a step.
    pub(crate) fn name_rows(&mut self, value: Value, rows: usize) {
        if self.trace.graph.producer(value).is_none() {
            self.trace.ids.push(Ids { value, rows, path: self.path.clone() });
        }
    }

    /// Adds a scalar to the loss.
    pub fn add_loss(&mut self, value: Value) {
        self.trace.losses.push(value);
    }

    /// A value as a float type, converted when it is another (pixels, say), and called by a name in errors.
    ///
    /// # Errors
    /// An op that could not be emitted.
    pub fn as_float(&mut self, value: Value, dtype: DType, name: &str) -> Result<Value, GraphError> {
        let graph = self.graph();
        let value = if graph.ty(value).dtype == dtype { value } else { ops::convert(graph, value, dtype)? };
        if graph.name(value).is_none() {
            graph.set_name(value, name);
        }
        Ok(value)
    }

    /// Adds what a regularizer says of a layer's output to the loss, divided by the batch size, as Keras does.
    ///
    /// # Errors
    /// An op that could not be emitted.
    pub fn add_activity_loss(
        &mut self,
        regularizer: &RegularizerRef,
        output: Value,
    ) -> Result<(), GraphError> {
        let Some(batch) = self.ty(output).shape.dims().first().copied().flatten() else {
            // The model is only described: there are no rows yet.
            return Ok(());
        };
        let penalty = regularizer.penalty(self.graph(), output)?;
        let mean = compose::divide_scalar(self.graph(), penalty, batch.max(1) as f64)?;
        self.add_loss(mean);
        Ok(())
    }

    /// The key of a random stream that belongs to this layer and this step alone (`uint64[2]`): a function of the model's
    /// seed, the layer's path, the number of streams that the layer asked for before, and the step.
    ///
    /// # Errors
    /// An op that could not be emitted.
    pub fn random_key(&mut self, seed: Option<i64>) -> Result<Value, GraphError> {
        let count = self.trace.streams.entry(self.path.clone()).or_insert(0);
        let stream = crate::random::stream(&self.path, *count)
            ^ seed.map_or(0, |seed| crate::random::mix(seed as u64));
        *count += 1;
        let graph = &mut self.trace.graph;
        let (model_seed, step) = *self.trace.random.get_or_insert_with(|| {
            let scalar = || TensorType::scalar(DType::U64);
            (graph.input(scalar(), "seed"), graph.input(scalar(), "step"))
        });
        let stream = ops::constant(graph, Tensor::scalar(stream))?;
        let key = ops::xor(graph, model_seed, stream)?;
        let one = Shape::from([1usize]);
        let key = ops::reshape(graph, key, one.clone())?;
        let step = ops::reshape(graph, step, one)?;
        ops::concatenate(graph, &[key, step], 0)
    }

    /// Calls a layer that this layer owns, under its name.
    ///
    /// # Errors
    /// The inner layer's; the layer's name is added where the error does not have it yet.
    pub fn child(
        &mut self,
        name: &str,
        layer: &dyn super::Layer,
        inputs: &[super::Traced],
    ) -> Result<Vec<super::Traced>> {
        let path = join(&self.path, name);
        let trainable = self.trace.trainable.get(&path).copied().unwrap_or_else(|| layer.info().trainable);
        let location = layer.info().location;
        self.trace.graph.enter(name);
        let before = self.trace.graph.set_location(location);
        let mut inner = CallCx {
            trace: self.trace,
            training: self.training,
            frozen: self.frozen || !trainable,
            path: path.clone(),
        };
        let outputs = layer.call(&mut inner, inputs).and_then(|outputs| {
            if let Some(regularizer) = layer.activity_regularizer() {
                outputs.iter().try_for_each(|output| inner.add_activity_loss(regularizer, output.value))?;
            }
            Ok(outputs)
        });
        self.trace.graph.set_location(before);
        self.trace.graph.leave();
        outputs.map_err(|error| error.in_layer(&path, layer.class_name()))
    }

    /// A number as a constant of a value's type.
    ///
    /// # Errors
    /// An op that could not be emitted.
    pub fn scalar_like(&mut self, number: f64, value: Value) -> Result<Value, GraphError> {
        let dtype = self.ty(value).dtype;
        compose::scalar(self.graph(), number, dtype)
    }
}

/// The path of something inside a layer.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
