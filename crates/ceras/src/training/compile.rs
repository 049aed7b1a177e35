//! `compile`: what to minimise, how, and what to measure.

use std::sync::Arc;

use ceras_graph::{DType, Tensor, TensorType};

use crate::error::{Error, ErrorKind, Result};
use crate::losses::LossRef;
use crate::metrics::{self, MetricRef};
use crate::models::{Group, Model, Variable};
use crate::optimizers::{self, OptimizerRef};
use crate::registry::Named;

/// What `compile` takes. The optimizer is Keras' `rmsprop` unless said otherwise.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// let mut model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build()?;
/// model.compile(Compile::new("mse").optimizer(Adam::new().learning_rate(0.01)).metrics(["mae"]))?;
/// let wrong = model.compile(Compile::new("sparse_categorical_crossentrpy")).unwrap_err();
/// assert!(wrong.to_string().contains("did you mean `sparse_categorical_crossentropy`?"));
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Compile {
    pub(crate) optimizer: Named<OptimizerRef>,
    pub(crate) losses: Vec<Named<LossRef>>,
    pub(crate) loss_weights: Option<Vec<f64>>,
    pub(crate) metrics: Vec<Vec<Named<MetricRef>>>,
    pub(crate) weighted_metrics: Vec<Vec<Named<MetricRef>>>,
    pub(crate) run_eagerly: bool,
}

impl Compile {
    /// Minimise this loss, by Keras' name or as an object.
    #[must_use]
    pub fn new(loss: impl Into<Named<LossRef>>) -> Compile {
        Compile {
            optimizer: "rmsprop".into(),
            losses: vec![loss.into()],
            loss_weights: None,
            metrics: Vec::new(),
            weighted_metrics: Vec::new(),
            run_eagerly: false,
        }
    }

    /// With this optimizer, by Keras' name or as an object.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl Into<Named<OptimizerRef>>) -> Compile {
        self.optimizer = optimizer.into();
        self
    }

    /// One loss for each output, in the order of the model's outputs.
    #[must_use]
    pub fn losses<T: Into<Named<LossRef>>>(mut self, losses: impl IntoIterator<Item = T>) -> Compile {
        self.losses = losses.into_iter().map(Into::into).collect();
        self
    }

    /// What the loss of each output is multiplied by in the sum that is minimised.
    #[must_use]
    pub fn loss_weights(mut self, weights: impl Into<Vec<f64>>) -> Compile {
        self.loss_weights = Some(weights.into());
        self
    }

    /// What to measure, by Keras' names or as objects, on every output.
    #[must_use]
    pub fn metrics<T: Into<Named<MetricRef>>>(mut self, metrics: impl IntoIterator<Item = T>) -> Compile {
        self.metrics = vec![metrics.into_iter().map(Into::into).collect()];
        self
    }

    /// What to measure with `sample_weight` and `class_weight` taken into account.
    #[must_use]
    pub fn weighted_metrics<T: Into<Named<MetricRef>>>(
        mut self,
        metrics: impl IntoIterator<Item = T>,
    ) -> Compile {
        self.weighted_metrics = vec![metrics.into_iter().map(Into::into).collect()];
        self
    }

    /// Runs the same graph node by node on the plain kernels: slow, for looking inside.
    #[must_use]
    pub fn run_eagerly(mut self, run_eagerly: bool) -> Compile {
        self.run_eagerly = run_eagerly;
        self
    }
}

/// What a model was compiled with, its words resolved.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The optimizer.
    pub optimizer: OptimizerRef,
    /// The loss of each output.
    pub losses: Vec<LossRef>,
    /// The losses as they were given: a name stays a name in the file.
    pub given_losses: Vec<Named<LossRef>>,
    /// What each loss is multiplied by.
    pub loss_weights: Option<Vec<f64>>,
    /// The metrics as they were given, for each output.
    pub given_metrics: Vec<Vec<Named<MetricRef>>>,
    /// The weighted metrics as they were given, for each output.
    pub given_weighted_metrics: Vec<Vec<Named<MetricRef>>>,
    /// Whether the graph is run node by node.
    pub run_eagerly: bool,
    /// The numbers of the optimizer's variables in the store, once there are any.
    pub(crate) optimizer_state: Option<OptimizerState>,
    /// The metrics, once the types of the targets are known.
    pub(crate) metrics: Option<Arc<Vec<Measured>>>,
}

/// Where the optimizer keeps its state.
#[derive(Clone, Debug)]
pub(crate) struct OptimizerState {
    /// Steps done (`int64`).
    pub(crate) iterations: usize,
    /// The learning rate (`float32`).
    pub(crate) learning_rate: usize,
    /// The slots, in the optimizer's order.
    pub(crate) slots: Vec<usize>,
    /// The weights that slots were made for.
    pub(crate) weights: Vec<usize>,
}

/// A metric of an output with its place in the store.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// The key in the history, such as `accuracy`.
    pub(crate) key: String,
    /// What is measured; `None` for the running mean of a loss.
    pub(crate) metric: Option<MetricRef>,
    /// The output, or `None` for the total loss.
    pub(crate) output: Option<usize>,
    /// Whether sample weights count.
    pub(crate) weighted: bool,
    /// The numbers of its state in the store.
    pub(crate) state: Vec<usize>,
    /// What each state starts from.
    pub(crate) initial: Vec<f64>,
}

impl Model {
    /// Says what `fit` minimises, how, and what it measures.
    ///
    /// # Errors
    /// A name that is unknown, a number of losses that is not the number of outputs, an optimizer option that is not
    /// supported. All of it is found here, never in the middle of `fit`.
    pub fn compile(&mut self, compile: Compile) -> Result<()> {
        let optimizer = compile.optimizer.resolve()?;
        crate::optimizers::check(&*optimizer)?;
        let losses = compile.losses.iter().map(Named::<LossRef>::resolve).collect::<Result<Vec<_>>>()?;
        let outputs =
            self.is_built().then(|| self.architecture().map(|a| a.output_types().len())).transpose()?;
        let outputs = outputs.unwrap_or(losses.len().max(1));
        let losses = match losses.len() {
            1 => vec![losses[0].clone(); outputs],
            given if given == outputs => losses,
            given => {
                let text = format!("the model has {outputs} outputs; {given} losses are given");
                return Err(Error::new(ErrorKind::Usage, text));
            }
        };
        if let Some(weights) = compile.loss_weights.as_ref().filter(|weights| weights.len() != outputs) {
            let text = format!("the model has {outputs} outputs; {} loss weights are given", weights.len());
            return Err(Error::new(ErrorKind::Usage, text));
        }
        for metric in compile.metrics.iter().chain(&compile.weighted_metrics).flatten() {
            if let Named::Name(name) = metric {
                metrics::check_name(name)?;
            }
        }
        self.store.truncate(self.weights);
        self.plans.clear();
        self.saved.unusable = None;
        self.compiled = Some(Compiled {
            optimizer,
            losses,
            given_losses: compile.losses,
            loss_weights: compile.loss_weights,
            given_metrics: compile.metrics,
            given_weighted_metrics: compile.weighted_metrics,
            run_eagerly: compile.run_eagerly,
            optimizer_state: None,
            metrics: None,
        });
        Ok(())
    }

    /// What the model was compiled with.
    ///
    /// # Errors
    /// It was not.
    pub fn compiled(&self) -> Result<&Compiled> {
        self.compiled.as_ref().ok_or_else(|| match self.unusable_compile() {
            Some(unusable) => {
                let text = "what the file's model was compiled with cannot be used here";
                unusable.error.clone().within(text).hint("call `compile` with another")
            }
            None => Error::new(ErrorKind::Usage, "the model does not know what to minimise yet")
                .hint("call `compile` with a loss first"),
        })
    }

    /// Makes the optimizer's variables, unless they are there for these weights.
    pub(crate) fn prepare_optimizer(&mut self) -> Result<()> {
        let weights = self.trainable_numbers();
        let compiled = self.compiled()?;
        if compiled.optimizer_state.as_ref().is_some_and(|state| state.weights == weights) {
            return Ok(());
        }
        let optimizer = compiled.optimizer.clone();
        let kept = compiled.optimizer_state.clone();
        let carried = kept.map(|state| self.carry_optimizer(&state));
        self.store.truncate(self.weights);
        self.plans.clear();
        let state = self.add_optimizer(&optimizer, weights)?;
        if let Some(carried) = carried {
            self.restore_optimizer(&state, &carried)?;
        }
        if let Some(compiled) = &mut self.compiled {
            compiled.optimizer_state = Some(state);
            compiled.metrics = None;
        }
        Ok(())
    }

    /// These weights as an optimizer sees them.
    pub(crate) fn optimized(&self, weights: &[usize]) -> Vec<optimizers::Variable> {
        let variable = |&number: &usize| {
            let variable = &self.variables()[number];
            optimizers::Variable::new(variable.full_name(), variable.ty.clone())
        };
        weights.iter().map(variable).collect()
    }

    /// The first value of an optimizer's slot for these weights.
    pub(crate) fn slot_start(&self, slot: &optimizers::Slot, weights: &[usize]) -> Result<Tensor> {
        let value =
            slot.variable.map_or_else(|| Tensor::scalar(0.0f32), |index| self.store.get(weights[index]));
        slot.start(&value)
    }

    fn add_optimizer(&mut self, optimizer: &OptimizerRef, weights: Vec<usize>) -> Result<OptimizerState> {
        let group = Group::Optimizer;
        let iterations = self.add_state(group, "iteration", TensorType::scalar(DType::I64), 0.0)?;
        let rate = optimizer.common().learning_rate_at(0);
        let learning_rate = self.add_state(group, "learning_rate", TensorType::scalar(DType::F32), rate)?;
        let mut slots = Vec::new();
        for slot in optimizer.layout(&self.optimized(&weights)) {
            let name = match slot.variable {
                Some(variable) => format!(
                    "{}_{}",
                    self.variables()[weights[variable]].full_name().replace('/', "_"),
                    slot.name
                ),
                None => slot.name.clone(),
            };
            let start = self.slot_start(&slot, &weights)?;
            slots.push(self.add_value(group, &name, &start)?);
        }
        Ok(OptimizerState { iterations, learning_rate, slots, weights })
    }

    /// Gives the weights the values that the optimizer has for the end of the training: their moving averages, if it keeps
    /// them and has done a step.
    pub(crate) fn finalize_weights(&mut self) -> Result<()> {
        let compiled = self.compiled()?;
        let Some(state) = compiled.optimizer_state.clone() else { return Ok(()) };
        if self.store.get(state.iterations).item()? == 0.0 {
            return Ok(());
        }
        for (slot, &number) in
            compiled.optimizer.layout(&self.optimized(&state.weights)).iter().zip(&state.slots)
        {
            if let Some(variable) = slot.variable.filter(|_| slot.name == optimizers::average::AVERAGE) {
                let average = self.store.get(number);
                self.store.set(state.weights[variable], &average)?;
            }
        }
        Ok(())
    }

    /// The optimizer's values by name, to be put back when other weights are trained from now on.
    fn carry_optimizer(&self, state: &OptimizerState) -> Vec<(String, Tensor)> {
        let numbers = [state.iterations, state.learning_rate].into_iter().chain(state.slots.iter().copied());
        numbers.map(|number| (self.store.variables()[number].name.clone(), self.store.get(number))).collect()
    }

    fn restore_optimizer(&mut self, state: &OptimizerState, carried: &[(String, Tensor)]) -> Result<()> {
        let numbers = [state.iterations, state.learning_rate].into_iter().chain(state.slots.iter().copied());
        for number in numbers {
            let variable = &self.store.variables()[number];
            let same =
                |(name, value): &&(String, Tensor)| *name == variable.name && value.ty() == variable.ty;
            if let Some((_, value)) = carried.iter().find(same) {
                self.store.set(number, value)?;
            }
        }
        Ok(())
    }

    /// Adds a piece of training state, every element with the same value.
    pub(crate) fn add_state(
        &mut self,
        group: Group,
        name: &str,
        ty: TensorType,
        initial: f64,
    ) -> Result<usize> {
        let dims = ty.shape.to_known().unwrap_or_default();
        let elements: usize = dims.iter().product();
        let value = Tensor::new(&dims, vec![initial; elements])?.cast(ty.dtype);
        self.add_value(group, name, &value)
    }

    /// Adds a piece of training state with a value.
    fn add_value(&mut self, group: Group, name: &str, value: &Tensor) -> Result<usize> {
        let path = match group {
            Group::Optimizer => self.compiled()?.optimizer.class_name().to_lowercase(),
            _ => "metrics".to_owned(),
        };
        let variable = Variable {
            path,
            name: name.to_owned(),
            ty: value.ty(),
            group,
            regularizer: None,
            constraint: None,
            origin: None,
            offset: 0,
        };
        self.store.add(variable, value)
    }

    /// The learning rate of the next step.
    ///
    /// # Errors
    /// The model is not compiled.
    pub fn learning_rate(&self) -> Result<f64> {
        let compiled = self.compiled()?;
        match &compiled.optimizer_state {
            Some(state) => Ok(self.store.get(state.learning_rate).item()?),
            None => Ok(compiled.optimizer.common().learning_rate_at(0)),
        }
    }

    /// Sets the learning rate from the next step on.
    ///
    /// # Errors
    /// The model is not compiled.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        self.prepare_optimizer()?;
        let state = self.compiled()?.optimizer_state.as_ref().map(|state| state.learning_rate);
        state.map_or(Ok(()), |number| self.store.set(number, &Tensor::scalar(learning_rate as f32)))
    }

    /// Resolves the metrics for targets and outputs of these types and makes their state, unless that was done.
    pub(crate) fn prepare_metrics(&mut self, targets: &[TensorType], outputs: &[TensorType]) -> Result<()> {
        if self.compiled()?.metrics.is_some() {
            return Ok(());
        }
        let names: Vec<String> =
            self.architecture()?.output_names().iter().map(|name| (*name).to_owned()).collect();
        let compiled = self.compiled()?.clone();
        let several = outputs.len() > 1;
        let mut measured = vec![(("loss").to_owned(), None, None, true)];
        if several {
            measured.extend(
                (0..outputs.len())
                    .map(|output| (format!("{}_loss", names[output]), None, Some(output), true)),
            );
        }
        for (weighted, given) in [(false, &compiled.given_metrics), (true, &compiled.given_weighted_metrics)]
        {
            for output in 0..outputs.len() {
                let Some(list) = given.get(output).or(given.first()) else { continue };
                for metric in list {
                    let logits = compiled.losses[output].from_logits();
                    let metric = metrics::resolve(metric, &targets[output], &outputs[output], logits)?;
                    let key = metric.name().to_owned();
                    let key = if several { format!("{}_{key}", names[output]) } else { key };
                    let taken = measured.iter().any(|(other, ..)| *other == key);
                    // Keras tells a metric that is measured both ways apart by this prefix.
                    let key = if weighted && taken { format!("weighted_{key}") } else { key };
                    measured.push((key, Some(metric), Some(output), weighted));
                }
            }
        }
        let mut list: Vec<Measured> = Vec::with_capacity(measured.len());
        for (key, metric, output, weighted) in measured {
            let scalar = || TensorType::scalar(DType::F32);
            let wanted = match (&metric, output) {
                (Some(metric), Some(output)) => metric.state(&outputs[output]),
                _ => vec![("total".to_owned(), scalar(), 0.0), ("count".to_owned(), scalar(), 0.0)],
            };
            let key = unique_key(&list, key);
            let mut state = Vec::new();
            let mut initial = Vec::new();
            for (name, ty, value) in wanted {
                state.push(self.add_state(Group::Metrics, &format!("{key}_{name}"), ty, value)?);
                initial.push(value);
            }
            list.push(Measured { key, metric, output, weighted, state, initial });
        }
        if let Some(compiled) = &mut self.compiled {
            compiled.metrics = Some(Arc::new(list));
        }
        Ok(())
    }
}

/// Two metrics of one name are told apart as Keras does: `accuracy`, `accuracy_1`.
fn unique_key(list: &[Measured], key: String) -> String {
    let taken = |key: &str| list.iter().any(|measured| measured.key == key);
    if !taken(&key) {
        return key;
    }
    (1..).map(|count| format!("{key}_{count}")).find(|key| !taken(key)).unwrap_or(key)
}
