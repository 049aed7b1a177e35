//! A model: an architecture with its weights, and what it was compiled with.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

use ceras_graph::{Shape, Tensor, TensorType};
use ceras_kernels::Pool;

use super::architecture::{Architecture, NamedLayer};
use super::functional;
use super::sequential::Sequential;
use super::store::{Group, Store, Variable};
use super::structure::Ends;
use crate::error::{Error, ErrorKind, Result};
use crate::initializers::InitCx;
use crate::layers::context::{Trace, WeightSpec, join};
use crate::layers::{BuildCx, CallCx, Layer, LayerRef, Traced};
use crate::saving::Saved;
use crate::training::{Compiled, PlanCache};

/// A model that can be trained and asked.
#[derive(Debug)]
pub struct Model {
    architecture: Option<Arc<Architecture>>,
    /// What is still waiting for the shape of the data.
    pending: Option<Sequential>,
    pub(crate) store: Store,
    /// How many variables of the store are weights; the optimizer's and the metrics' follow.
    pub(crate) weights: usize,
    specs: Vec<WeightSpec>,
    pub(crate) seed: u64,
    /// Training steps done, which the random streams depend on.
    pub(crate) step: u64,
    trainable: HashMap<String, bool>,
    /// Whether a layer was frozen or freed since the optimizer was made ready.
    pub(crate) freezing_changed: bool,
    pub(crate) compiled: Option<Compiled>,
    pub(crate) plans: PlanCache,
    /// What the model remembers of its file.
    pub(crate) saved: Saved,
}

impl Model {
    /// The model between symbolic tensors, as `keras.Model(inputs, outputs)`.
    ///
    /// Both are one tensor, a slice of them, or an array of `(key, tensor)` for a dictionary.
    ///
    /// # Errors
    /// An input that is not an `Input`, an output that needs an input that is not named, two layers of one name; what an
    /// operator on symbolic tensors could not return.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// let x = Input::new([4]).tensor();
    /// let hidden = Dense::new(10).activation("relu").apply(&x)?;
    /// let y = Dense::new(3).activation("softmax").apply(&hidden)?;
    /// let model = Model::new(&[x], &[y])?;
    /// assert_eq!(model.count_params(), 83);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    #[track_caller]
    pub fn new(inputs: impl Into<Ends>, outputs: impl Into<Ends>) -> Result<Model> {
        let architecture =
            functional::architecture(&inputs.into(), &outputs.into(), None, Location::caller())?;
        Model::from_architecture(architecture, 0)
    }

    /// The model with other first weights: those of a seed, which all else that is random depends on too.
    ///
    /// # Errors
    /// An initializer that cannot fill a weight.
    pub fn with_seed(mut self, seed: u64) -> Result<Model> {
        self.seed = seed;
        if let Some(pending) = self.pending.take() {
            self.pending = Some(pending.seed(seed));
            return Ok(self);
        }
        for number in 0..self.weights {
            let value = initial_value(&self.specs[number], seed)?;
            self.store.set(number, &value)?;
        }
        Ok(self)
    }

    /// The model under another name.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Model {
        match (&mut self.architecture, self.pending.take()) {
            (Some(architecture), _) => Arc::make_mut(architecture).name = name.to_owned(),
            (None, pending) => self.pending = pending.map(|pending| pending.name(name)),
        }
        self
    }

    /// The model of an architecture, its weights filled by their initializers.
    ///
    /// # Errors
    /// An initializer that cannot fill a weight.
    pub fn from_architecture(architecture: Architecture, seed: u64) -> Result<Model> {
        let mut model = Model::empty(seed);
        model.set_architecture(architecture)?;
        Ok(model)
    }

    pub(crate) fn unbuilt(pending: Sequential, seed: u64) -> Model {
        Model { pending: Some(pending), ..Model::empty(seed) }
    }

    /// The same two of what a file says and gives no weights for: they are made as long as they fit into so many bytes.
    pub(crate) fn of_words(words: crate::saving::Built, limit: u64) -> Result<Model> {
        let mut model = Model::empty(0);
        model.saved.fresh_limit = Some(limit);
        match words {
            crate::saving::Built::Waiting(pending) => model.pending = Some(pending),
            crate::saving::Built::Ready(architecture) => model.set_architecture(*architecture)?,
        }
        Ok(model)
    }

    fn empty(seed: u64) -> Model {
        Model {
            architecture: None,
            pending: None,
            store: Store::new(Arc::clone(Pool::global())),
            weights: 0,
            specs: Vec::new(),
            seed,
            step: 0,
            trainable: HashMap::new(),
            freezing_changed: false,
            compiled: None,
            plans: PlanCache::default(),
            saved: Saved::default(),
        }
    }

    /// The model of an architecture with given weights, such as those of a file; `values` gets what it must give values
    /// for, before anything is allocated.
    pub(crate) fn with_values(
        architecture: Architecture,
        origin: &str,
        values: impl FnOnce(&Architecture, &[Variable]) -> Result<Vec<Tensor>>,
    ) -> Result<Model> {
        let mut model = Model::empty(0);
        let specs = declared(&architecture)?;
        let variables: Vec<Variable> = specs.iter().map(variable).collect();
        let values = values(&architecture, &variables)?;
        model.store.reserve(variables.iter().map(|variable| &variable.ty));
        for (variable, value) in variables.into_iter().zip(&values) {
            let number = model.store.add(variable, value)?;
            model.store.set_origin(number, &format!("loaded from `{origin}`"));
        }
        model.weights = specs.len();
        model.specs = specs;
        model.architecture = Some(Arc::new(architecture));
        Ok(model)
    }

    /// Sets the seed of dropout and shuffling, and leaves the weights as they are.
    pub fn set_seed_for_training(&mut self, seed: u64) {
        self.seed = seed;
        self.pending = self.pending.take().map(|pending| pending.seed(seed));
    }

    /// The layers that still wait for the shape of the data.
    pub(crate) fn pending(&self) -> Option<&Sequential> {
        self.pending.as_ref()
    }

    fn set_architecture(&mut self, architecture: Architecture) -> Result<()> {
        let specs = declared(&architecture)?;
        self.saved.check_fresh(&specs)?;
        self.store.reserve(specs.iter().map(|spec| &spec.ty));
        for spec in &specs {
            self.store.add(variable(spec), &initial_value(spec, self.seed)?)?;
        }
        self.weights = specs.len();
        self.specs = specs;
        self.architecture = Some(Arc::new(architecture));
        Ok(())
    }

    /// Runs the model on threads of this pool instead of the global one. The results have the same bits on any.
    pub fn set_pool(&mut self, pool: Arc<Pool>) {
        self.store.memory.pool = pool;
    }

    /// Builds a model that waits for its data's shape.
    ///
    /// # Errors
    /// A layer cannot take what it would get.
    pub fn build(&mut self, input: &TensorType) -> Result<()> {
        if let Some(pending) = &self.pending {
            let architecture = pending.architecture(Some(input))?;
            self.pending = None;
            self.set_architecture(architecture)?;
        }
        Ok(())
    }

    /// The model as a layer of another model, which starts from the weights of now.
    ///
    /// # Errors
    /// The model has no `Input` and has seen no data yet.
    ///
    /// # Keras
    /// There both models share the weights from then on; here each model owns its weights.
    pub fn as_layer(&self) -> Result<LayerRef> {
        let mut architecture = Architecture::clone(self.architecture()?);
        let values = self.variables().iter().map(Variable::full_name).zip(self.get_weights()).collect();
        architecture.values = Some(Arc::new(values));
        Ok(architecture.into())
    }

    /// Whether the weights exist.
    pub fn is_built(&self) -> bool {
        self.architecture.is_some()
    }

    /// What the model is made of.
    ///
    /// # Errors
    /// The model has no `Input` and has seen no data yet.
    pub fn architecture(&self) -> Result<&Arc<Architecture>> {
        self.architecture.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Usage, "the model does not know the shape of its input yet")
                .hint("start it with `Input`, call `build`, or call `fit` or `predict` first")
        })
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        self.architecture.as_ref().map_or("sequential", |architecture| architecture.name())
    }

    /// The layers in Keras' order; none before the model is built.
    pub fn layers(&self) -> &[NamedLayer] {
        self.architecture.as_ref().map_or(&[], |architecture| architecture.layers())
    }

    /// The shape of the first output, the batch size unknown.
    ///
    /// # Errors
    /// The model is not built.
    pub fn output_shape(&self) -> Result<Shape> {
        Ok(self.architecture()?.output_types()[0].shape.clone())
    }

    /// Weights of all layers, counted by element.
    pub fn count_params(&self) -> usize {
        (0..self.weights).map(|number| self.elements(number)).sum()
    }

    /// Weights that the next step of `fit` would change, counted by element.
    pub fn count_trainable_params(&self) -> usize {
        self.trainable_numbers().into_iter().map(|number| self.elements(number)).sum()
    }

    pub(super) fn elements(&self, number: usize) -> usize {
        self.store.variables()[number].ty.shape.elements().unwrap_or(0)
    }

    /// The weights with their paths, in the order of the layers and of Keras within a layer.
    pub fn variables(&self) -> &[Variable] {
        &self.store.variables()[..self.weights]
    }

    /// The values of all weights.
    pub fn get_weights(&self) -> Vec<Tensor> {
        (0..self.weights).map(|number| self.store.get(number)).collect()
    }

    /// Gives all weights other values, in the order of [`Model::variables`].
    ///
    /// # Errors
    /// Another number of values, or one of another shape; then no weight is changed.
    pub fn set_weights(&mut self, values: &[Tensor]) -> Result<()> {
        if values.len() != self.weights {
            let (count, verb) = (values.len(), if values.len() == 1 { "value is" } else { "values are" });
            let text = format!("the model has {} weights; {count} {verb} given", self.weights);
            return Err(Error::new(ErrorKind::Shape, text));
        }
        let before = self.get_weights();
        for (number, value) in values.iter().enumerate() {
            if let Err(error) = self.store.set(number, value) {
                before.iter().enumerate().try_for_each(|(number, value)| self.store.set(number, value))?;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Freezes a layer (false) or lets it learn (true). It acts at the next step; no new `compile` is needed.
    ///
    /// A layer inside a nested model has the path `model/layer`.
    ///
    /// # Errors
    /// There is no such layer.
    ///
    /// # Keras
    /// Keras needs a new `compile` for this to act.
    pub fn set_trainable(&mut self, layer: &str, trainable: bool) -> Result<()> {
        self.check_path(layer)?;
        self.trainable.insert(layer.to_owned(), trainable);
        self.freezing_changed = true;
        Ok(())
    }

    /// Whether a layer, by its path, is trained itself; the models around it may be frozen nevertheless.
    pub fn is_trainable(&self, layer: &str) -> bool {
        if let Some(&trainable) = self.trainable.get(layer) {
            return trainable;
        }
        let mut trainable = true;
        if let Some(architecture) = &self.architecture {
            architecture.visit("", &mut |path, inner| {
                if path == layer {
                    trainable = inner.info().trainable;
                }
            });
        }
        trainable
    }

    /// The numbers of the weights that a training step changes through the optimizer.
    pub(crate) fn trainable_numbers(&self) -> Vec<usize> {
        if self.architecture.as_ref().is_some_and(|architecture| !architecture.trainable) {
            return Vec::new();
        }
        let frozen = self.frozen_paths();
        let is_frozen =
            |path: &str| frozen.iter().any(|frozen| path == frozen || path.starts_with(&join(frozen, "")));
        let variables = self.variables().iter().enumerate();
        variables
            .filter(|(_, variable)| variable.group == Group::Trainable && !is_frozen(&variable.path))
            .map(|(number, _)| number)
            .collect()
    }

    /// The paths of the layers that are frozen themselves.
    pub(crate) fn frozen_paths(&self) -> Vec<String> {
        let mut frozen: Vec<String> = Vec::new();
        if let Some(architecture) = &self.architecture {
            architecture.visit("", &mut |path, layer| {
                if !self.trainable.get(path).copied().unwrap_or_else(|| layer.info().trainable) {
                    frozen.push(path.to_owned());
                }
            });
        }
        frozen
    }

    /// Traces a call of the model for inputs of these types.
    ///
    /// # Errors
    /// A layer cannot take what it gets; the error names it and its place.
    pub(crate) fn trace(&self, inputs: &[TensorType], training: bool) -> Result<(Trace, Vec<Traced>)> {
        let architecture = Arc::clone(self.architecture()?);
        let mut trace = Trace { trainable: self.trainable.clone(), ..Trace::default() };
        for variable in self.variables() {
            let key = (variable.path.clone(), variable.name.clone());
            trace.types.insert(key, (variable.ty.clone(), variable.origin.clone()));
        }
        let names = architecture.input_names();
        let values: Vec<Traced> = inputs
            .iter()
            .enumerate()
            .map(|(index, ty)| trace.graph.input(ty.clone(), names.get(index).unwrap_or(&"inputs")).into())
            .collect();
        let outputs = architecture.call(&mut CallCx::new(&mut trace, training), &values)?;
        Ok((trace, outputs))
    }

    /// The number of a weight.
    pub(crate) fn weight_number(&self, path: &str, name: &str) -> Option<usize> {
        self.variables().iter().position(|variable| variable.path == path && variable.name == name)
    }
}

/// The weights that the layers of an architecture declare, in Keras' order: that of the layers, as they are listed.
pub(crate) fn declared(architecture: &Architecture) -> Result<Vec<WeightSpec>> {
    let mut specs = Vec::new();
    architecture.build(&mut BuildCx::new("", &mut specs), &architecture.input_types())?;
    let mut places: HashMap<String, usize> = HashMap::new();
    architecture.visit("", &mut |path, _| {
        let place = places.len();
        places.insert(path.to_owned(), place);
    });
    // What a layer owns inside stands with the layer.
    let place = |path: &str| {
        let mut ends = std::iter::once(path.len()).chain(path.rmatch_indices('/').map(|(index, _)| index));
        ends.find_map(|end| places.get(&path[..end]).copied())
    };
    specs.sort_by_key(|spec| place(&spec.path));
    Ok(specs)
}

fn variable(spec: &WeightSpec) -> Variable {
    Variable {
        path: spec.path.clone(),
        name: spec.name.clone(),
        ty: spec.ty.clone(),
        group: if spec.trainable { Group::Trainable } else { Group::NonTrainable },
        regularizer: spec.regularizer.clone(),
        constraint: spec.constraint.clone(),
        origin: None,
        offset: 0,
    }
}

/// The value that a weight starts from.
fn initial_value(spec: &WeightSpec, seed: u64) -> Result<Tensor> {
    if let Some(value) = &spec.value {
        return Ok(value.cast(spec.ty.dtype));
    }
    let dims = spec.ty.shape.to_known().unwrap_or_default();
    if spec.ty.bytes().is_none_or(|bytes| bytes > isize::MAX as usize) {
        let text =
            format!("weight `{}` of shape {} is too large", join(&spec.path, &spec.name), spec.ty.shape);
        return Err(Error::new(ErrorKind::Shape, text));
    }
    let stream = crate::random::stream(&join(&spec.path, &spec.name), 0);
    let value = spec.initializer.sample(&InitCx { dims: &dims, dtype: spec.ty.dtype, seed, stream });
    value.map_err(|error| error.context(format!("while filling `{}`", join(&spec.path, &spec.name))))
}
