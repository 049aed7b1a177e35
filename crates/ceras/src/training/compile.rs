//! `compile`: what to minimise, how, and what to measure.

use std::sync::Arc;

use ceras_graph::{DType, Tensor, TensorType};

use super::measured::{Measured, metrics_of_outputs};
use super::outputs::{PerOutput, outputs_in_words};
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
    pub(crate) losses: PerOutput<Option<Named<LossRef>>>,
    pub(crate) loss_weights: Option<PerOutput<f64>>,
    pub(crate) metrics: Metrics,
    pub(crate) weighted_metrics: Metrics,
    pub(crate) run_eagerly: bool,
}

impl Compile {
    /// Minimise this loss, by Keras' name or as an object.
    #[must_use]
    pub fn new(loss: impl Into<Named<LossRef>>) -> Compile {
        Compile {
            optimizer: "rmsprop".into(),
            losses: PerOutput::Same(Some(loss.into())),
            loss_weights: None,
            metrics: PerOutput::Same(Vec::new()),
            weighted_metrics: PerOutput::Same(Vec::new()),
            run_eagerly: false,
        }
    }

    /// With this optimizer, by Keras' name or as an object.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl Into<Named<OptimizerRef>>) -> Compile {
        self.optimizer = optimizer.into();
        self
    }

    /// One loss for each output, in the order of the model's outputs; `None` for an output that is not trained itself.
    #[must_use]
    pub fn losses<T: Into<OutputLoss>>(mut self, losses: impl IntoIterator<Item = T>) -> Compile {
        self.losses = PerOutput::List(losses.into_iter().map(|loss| loss.into().0).collect());
        self
    }

    /// One loss for each output, by the outputs' names; `None` for an output that is not trained itself.
    #[must_use]
    pub fn losses_by_output<'a, T: Into<OutputLoss>>(
        mut self,
        losses: impl IntoIterator<Item = (&'a str, T)>,
    ) -> Compile {
        let named = |(name, loss): (&str, T)| (name.to_owned(), loss.into().0);
        self.losses = PerOutput::Named(losses.into_iter().map(named).collect());
        self
    }

    /// What the loss of each output is multiplied by in the sum that is minimised.
    #[must_use]
    pub fn loss_weights(mut self, weights: impl Into<Vec<f64>>) -> Compile {
        self.loss_weights = Some(PerOutput::List(weights.into()));
        self
    }

    /// The same by the outputs' names; 1 where nothing is said.
    #[must_use]
    pub fn loss_weights_by_output<'a>(
        mut self,
        weights: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Compile {
        let named = |(name, weight): (&str, f64)| (name.to_owned(), weight);
        self.loss_weights = Some(PerOutput::Named(weights.into_iter().map(named).collect()));
        self
    }

    /// What to measure, by Keras' names or as objects. On a model with several outputs this is one metric for each, as in
    /// Keras; [`Compile::metrics_per_output`] takes lists.
    ///
    /// # Keras
    /// What a mask leaves out counts in no metric; there it does in those that are no running means, such as `auc`. A metric
    /// that needs to be told something, such as `mean_io_u` its classes, is given as an object.
    #[must_use]
    pub fn metrics<T: Into<Named<MetricRef>>>(mut self, metrics: impl IntoIterator<Item = T>) -> Compile {
        self.metrics = PerOutput::Same(metrics.into_iter().map(Into::into).collect());
        self
    }

    /// What to measure on each output, in the order of the model's outputs.
    #[must_use]
    pub fn metrics_per_output<T: Into<Named<MetricRef>>>(
        mut self,
        metrics: impl IntoIterator<Item = Vec<T>>,
    ) -> Compile {
        self.metrics = per_output(metrics);
        self
    }

    /// What to measure, by the outputs' names.
    #[must_use]
    pub fn metrics_by_output<'a, T: Into<Named<MetricRef>>>(
        mut self,
        metrics: impl IntoIterator<Item = (&'a str, Vec<T>)>,
    ) -> Compile {
        self.metrics = by_output(metrics);
        self
    }

    /// What to measure on each output with weights taken into account, in the order of the model's outputs.
    #[must_use]
    pub fn weighted_metrics_per_output<T: Into<Named<MetricRef>>>(
        mut self,
        metrics: impl IntoIterator<Item = Vec<T>>,
    ) -> Compile {
        self.weighted_metrics = per_output(metrics);
        self
    }

    /// What to measure with weights taken into account, by the outputs' names.
    #[must_use]
    pub fn weighted_metrics_by_output<'a, T: Into<Named<MetricRef>>>(
        mut self,
        metrics: impl IntoIterator<Item = (&'a str, Vec<T>)>,
    ) -> Compile {
        self.weighted_metrics = by_output(metrics);
        self
    }

    /// What to measure with `sample_weight` and `class_weight` taken into account.
    #[must_use]
    pub fn weighted_metrics<T: Into<Named<MetricRef>>>(
        mut self,
        metrics: impl IntoIterator<Item = T>,
    ) -> Compile {
        self.weighted_metrics = PerOutput::Same(metrics.into_iter().map(Into::into).collect());
        self
    }

    /// Runs the same graph node by node on the plain kernels: slow, for looking inside.
    #[must_use]
    pub fn run_eagerly(mut self, run_eagerly: bool) -> Compile {
        self.run_eagerly = run_eagerly;
        self
    }
}

/// The loss of one output of several: Keras' name, an object, or `None`.
#[derive(Clone, Debug)]
pub struct OutputLoss(pub(crate) Option<Named<LossRef>>);

impl<T: Into<Named<LossRef>>> From<T> for OutputLoss {
    fn from(loss: T) -> OutputLoss {
        OutputLoss(Some(loss.into()))
    }
}

impl<T: Into<Named<LossRef>>> From<Option<T>> for OutputLoss {
    fn from(loss: Option<T>) -> OutputLoss {
        OutputLoss(loss.map(Into::into))
    }
}

/// Metrics by output; the same list for all is a list of one metric for each where the model has several outputs.
pub(crate) type Metrics = PerOutput<Vec<Named<MetricRef>>>;

fn per_output<T: Into<Named<MetricRef>>>(metrics: impl IntoIterator<Item = Vec<T>>) -> Metrics {
    PerOutput::List(metrics.into_iter().map(|list| list.into_iter().map(Into::into).collect()).collect())
}

fn by_output<'a, T: Into<Named<MetricRef>>>(metrics: impl IntoIterator<Item = (&'a str, Vec<T>)>) -> Metrics {
    let named = |(name, list): (&str, Vec<T>)| (name.to_owned(), list.into_iter().map(Into::into).collect());
    PerOutput::Named(metrics.into_iter().map(named).collect())
}

/// What a model was compiled with, its words resolved.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The optimizer.
    pub optimizer: OptimizerRef,
    /// The loss of each output; `None` for one that is not trained itself.
    pub losses: Vec<Option<LossRef>>,
    /// The losses as they were given: a name stays a name in the file.
    pub given_losses: PerOutput<Option<Named<LossRef>>>,
    /// What each loss is multiplied by.
    pub loss_weights: Option<Vec<f64>>,
    /// The weights of the losses as they were given.
    pub given_loss_weights: Option<PerOutput<f64>>,
    /// The metrics as they were given.
    pub given_metrics: PerOutput<Vec<Named<MetricRef>>>,
    /// The weighted metrics as they were given.
    pub given_weighted_metrics: PerOutput<Vec<Named<MetricRef>>>,
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
    /// The slots of weights that are frozen now, by name, for when they learn again.
    parked: Vec<(String, Tensor)>,
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
        let outputs = self.names_of_outputs()?;
        if self.is_built() {
            self.check_heads()?;
        }
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
        let losses = losses_of_outputs(&compile.losses, &outputs)?;
        let weights =
            compile.loss_weights.as_ref().map(|weights| weights.of_outputs("loss_weights", &outputs));
        let loss_weights = weights.transpose()?.map(|weights| {
            weights.into_iter().map(|weight| weight.copied().unwrap_or(1.0)).collect::<Vec<f64>>()
        });
        if let Some(weight) = loss_weights.iter().flatten().find(|weight| !weight.is_finite()) {
            let text = format!("the weights of losses must be finite numbers; one is {weight}");
            return Err(Error::new(ErrorKind::Usage, text));
        }
        for (what, given) in [("metrics", &compile.metrics), ("weighted_metrics", &compile.weighted_metrics)]
        {
            for metric in metrics_of_outputs(what, given, &outputs)?.iter().flatten() {
                if let Named::Name(name) = metric {
                    metrics::check_name(name)?;
                }
            }
        }
        self.store.truncate(self.weights);
        self.plans.clear();
        self.saved.unusable = None;
        self.compiled = Some(Compiled {
            optimizer,
            losses,
            given_losses: compile.losses,
            loss_weights,
            given_loss_weights: compile.loss_weights,
            given_metrics: compile.metrics,
            given_weighted_metrics: compile.weighted_metrics,
            run_eagerly: compile.run_eagerly,
            optimizer_state: None,
            metrics: None,
        });
        Ok(())
    }

    /// The names of the outputs; of a model that has seen no data yet, that of its last layer.
    fn names_of_outputs(&self) -> Result<Vec<String>> {
        if self.is_built() {
            return Ok(self.architecture()?.output_names().into_iter().map(str::to_owned).collect());
        }
        let layers = self.pending().map(|pending| pending.named_layers()).transpose()?.unwrap_or_default();
        Ok(vec![layers.last().map_or_else(|| "output".to_owned(), |(name, _)| name.clone())])
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
        self.freezing_changed = false;
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
        let mut state = self.add_optimizer(&optimizer, weights)?;
        if let Some(carried) = carried {
            state.parked = self.restore_optimizer(&state, carried)?;
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
        let layout = optimizer.layout(&self.optimized(&weights));
        self.store.reserve(layout.iter().map(|slot| &slot.ty));
        let mut slots = Vec::with_capacity(layout.len());
        for slot in layout {
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
        Ok(OptimizerState { iterations, learning_rate, slots, weights, parked: Vec::new() })
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
        let own = numbers.map(|number| (self.store.variables()[number].name.clone(), self.store.get(number)));
        own.chain(state.parked.iter().cloned()).collect()
    }

    /// Puts the values back by name, and returns those for which there is no variable now.
    fn restore_optimizer(
        &mut self,
        state: &OptimizerState,
        mut carried: Vec<(String, Tensor)>,
    ) -> Result<Vec<(String, Tensor)>> {
        let numbers = [state.iterations, state.learning_rate].into_iter().chain(state.slots.iter().copied());
        for number in numbers {
            let variable = &self.store.variables()[number];
            let same = |(name, value): &(String, Tensor)| *name == variable.name && value.ty() == variable.ty;
            if let Some(place) = carried.iter().position(same) {
                let (_, value) = carried.swap_remove(place);
                self.store.set(number, &value)?;
            }
        }
        Ok(carried)
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
}

/// The loss of each output.
fn losses_of_outputs(
    given: &PerOutput<Option<Named<LossRef>>>,
    outputs: &[&str],
) -> Result<Vec<Option<LossRef>>> {
    let losses = given.of_outputs("loss", outputs)?.into_iter().zip(outputs);
    let resolve = |(loss, output): (Option<&Option<Named<LossRef>>>, &&str)| match loss {
        Some(loss) => loss.as_ref().map(Named::<LossRef>::resolve).transpose(),
        None => Err(Error::new(ErrorKind::Usage, format!("`loss` says nothing of the output `{output}`"))
            .detail(outputs_in_words(outputs))
            .hint("give `None` for an output that is not trained itself")),
    };
    let losses = losses.map(resolve).collect::<Result<Vec<_>>>()?;
    if losses.iter().any(Option::is_some) {
        return Ok(losses);
    }
    Err(Error::new(ErrorKind::Usage, "no output has a loss").hint("give one output a loss at least"))
}
