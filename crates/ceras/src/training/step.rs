//! One step as one plan: forward, loss, gradients; then, if all of that is finite, the updates.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ceras_cpu::{Binding, Executable, Memory, Options, Signature};
use ceras_graph::{DType, Graph, GraphError, Shape, TensorType, Value, autodiff, compose, ops};
use ceras_kernels::Pool;

use super::compile::{Compiled, OptimizerState};
use super::eager::Eager;
use super::ids::IdInput;
use super::measured::Measured;
use super::plans::{Mode, PlanKey};
use crate::error::{Error, ErrorKind, Result};
use crate::layers::Traced;
use crate::layers::context::Trace;
use crate::losses;
use crate::models::Model;
use crate::optimizers::{self, Slot};

/// A step of training, of testing or of predicting, compiled for one batch shape.
#[derive(Debug)]
pub(crate) struct StepPlan<E = Engine> {
    engine: E,
    /// The graph's inputs for the data.
    pub(crate) x: Vec<usize>,
    /// The graph's inputs for the targets.
    pub(crate) y: Vec<usize>,
    /// The graph's input for the row weights of each output, where there are any.
    pub(crate) weights: Vec<Option<usize>>,
    /// The graph's inputs for seed and step number, when it has random ops.
    pub(crate) random: Option<(usize, usize)>,
    /// The graph's outputs for the model's outputs; for the loss in training and testing.
    pub(crate) values: Vec<usize>,
    /// The types of the model's outputs.
    pub(crate) output_types: Vec<TensorType>,
    /// The graph's inputs that name rows of an embedding.
    ids: Vec<IdInput>,
}

/// A step that was traced and is not compiled yet.
#[derive(Debug)]
pub(crate) struct Draft {
    graph: Graph,
    signature: Signature,
    eager: bool,
}

/// How the graph is carried out.
#[derive(Debug)]
pub(crate) enum Engine {
    Compiled(Box<Executable>),
    /// Node by node on the plain kernels, for debugging.
    Eager(Box<Eager>),
}

impl StepPlan<Draft> {
    fn compile(self) -> Result<StepPlan> {
        let StepPlan { engine, x, y, weights, random, values, output_types, ids } = self;
        let engine = engine.compile()?;
        Ok(StepPlan { engine, x, y, weights, random, values, output_types, ids })
    }
}

impl Draft {
    fn compile(self) -> Result<Engine> {
        if self.eager {
            return Ok(Engine::Eager(Box::new(Eager::new(self.graph, self.signature))));
        }
        let executable = ceras_cpu::compile(&self.graph, &self.signature, &Options::default())
            .map_err(|error| Error::new(ErrorKind::Unsupported, error.to_string()))?;
        Ok(Engine::Compiled(Box::new(executable)))
    }
}

impl StepPlan {
    /// The bytes of an input of the graph, to be filled before a run.
    pub(crate) fn input_mut<'a>(&'a mut self, memory: &'a mut Memory, index: usize) -> &'a mut [u8] {
        match &mut self.engine {
            Engine::Compiled(executable) => executable.input_mut(memory, index),
            Engine::Eager(eager) => &mut eager.inputs[index],
        }
    }

    /// Writes seed and step number.
    pub(crate) fn set_random(&mut self, memory: &mut Memory, seed: u64, step: u64) {
        if let Some((seed_input, step_input)) = self.random {
            self.input_mut(memory, seed_input).copy_from_slice(&seed.to_ne_bytes());
            self.input_mut(memory, step_input).copy_from_slice(&step.to_ne_bytes());
        }
    }

    /// Fails when the data names rows of an embedding that it does not have.
    pub(crate) fn check_ids(&mut self, memory: &mut Memory) -> Result<()> {
        for number in 0..self.ids.len() {
            let bytes = match &mut self.engine {
                Engine::Compiled(executable) => executable.input_mut(memory, self.ids[number].index),
                Engine::Eager(eager) => &mut eager.inputs[self.ids[number].index],
            };
            self.ids[number].check(bytes)?;
        }
        Ok(())
    }

    /// Runs the step; false when loss or gradients were not finite and nothing was changed.
    pub(crate) fn run(&mut self, memory: &mut Memory) -> Result<bool> {
        self.check_ids(memory)?;
        match &mut self.engine {
            Engine::Compiled(executable) => Ok(executable.run(memory).committed()),
            Engine::Eager(eager) => eager.run(memory),
        }
    }

    /// Runs the step and hands the bytes of one of [`StepPlan::values`] to `read`.
    pub(crate) fn run_and_read(
        &mut self,
        memory: &mut Memory,
        read: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<()> {
        self.check_ids(memory)?;
        if let Engine::Compiled(executable) = &mut self.engine {
            let outputs = executable.run(memory);
            for (number, &index) in self.values.iter().enumerate() {
                read(number, outputs.bytes(index));
            }
            return Ok(());
        }
        self.run(memory)?;
        if let Engine::Eager(eager) = &self.engine {
            for (number, &index) in self.values.iter().enumerate() {
                read(number, eager.outputs[index].bytes());
            }
        }
        Ok(())
    }

    /// The executable, when the plan is compiled.
    pub(crate) fn executable(&mut self) -> Option<&mut Executable> {
        match &mut self.engine {
            Engine::Compiled(executable) => Some(executable),
            Engine::Eager(_) => None,
        }
    }
}

impl Model {
    /// The place of the plan for a key, made when there is none.
    pub(crate) fn plan(&mut self, key: &PlanKey) -> Result<usize> {
        Ok(self.plans_for(std::slice::from_ref(key))?[0])
    }

    /// The places of the plans for some keys. Those that are missing are traced one after the other and compiled side by side.
    pub(crate) fn plans_for(&mut self, keys: &[PlanKey]) -> Result<Vec<usize>> {
        let mut found: Vec<Option<usize>> = keys.iter().map(|key| self.plans.find(key)).collect();
        let missing: Vec<usize> = (0..keys.len()).filter(|&number| found[number].is_none()).collect();
        let drafts: Result<Vec<StepPlan<Draft>>> = missing
            .iter()
            .map(|&number| Builder::new(self, &keys[number])?.finish(self, &keys[number]))
            .collect();
        for (number, plan) in missing.into_iter().zip(compile_all(drafts?, &self.store.memory.pool)?) {
            found[number] = Some(self.plans.insert(keys[number].clone(), plan));
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// A new plan for a key.
    pub(crate) fn make_plan(&mut self, key: &PlanKey) -> Result<StepPlan> {
        Builder::new(self, key)?.finish(self, key)?.compile()
    }
}

/// Compiles steps on the threads of a pool, as many at a time as it has.
fn compile_all(drafts: Vec<StepPlan<Draft>>, pool: &Pool) -> Result<Vec<StepPlan>> {
    let slots: Vec<_> = drafts.into_iter().map(|draft| Mutex::new((Some(draft), None))).collect();
    pool.for_each(slots.len(), &|number| {
        let mut slot = slots[number].lock().unwrap_or_else(PoisonError::into_inner);
        let draft = slot.0.take();
        slot.1 = draft.map(StepPlan::compile);
    });
    slots.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner).1).collect()
}

/// A step while it is traced.
struct Builder {
    trace: Trace,
    outputs: Vec<Traced>,
    y: Vec<Value>,
    weights: Vec<Option<Value>>,
    /// State inputs that are not weights: the value and the number of the variable.
    state: HashMap<usize, Value>,
    /// New values of variables.
    updates: Vec<(usize, Value)>,
    guard: Option<Value>,
    values: Vec<Value>,
}

impl Builder {
    fn new(model: &Model, key: &PlanKey) -> Result<Builder> {
        let training = key.mode == Mode::Train;
        let phase = match key.mode {
            Mode::Train => "while tracing the training step of `fit`",
            Mode::Test => "while tracing the step of `evaluate`",
            Mode::Predict => "while tracing `predict`",
        };
        let traced = model.trace(&key.x, training).map_err(|error| error.context(phase))?;
        let (mut trace, outputs) = traced;
        check_input_types(model, &key.x)?;
        let y = key.y.iter().map(|ty| trace.graph.input(ty.clone(), "y_true")).collect();
        let weight =
            |ty: &Option<TensorType>| ty.as_ref().map(|ty| trace.graph.input(ty.clone(), "sample_weight"));
        let weights = key.weighted.iter().map(weight).collect();
        let values = if key.mode == Mode::Predict {
            outputs.iter().map(|output| output.value).collect()
        } else {
            Vec::new()
        };
        Ok(Builder {
            trace,
            outputs,
            y,
            weights,
            state: HashMap::new(),
            updates: Vec::new(),
            guard: None,
            values,
        })
    }

    fn finish(mut self, model: &mut Model, key: &PlanKey) -> Result<StepPlan<Draft>> {
        let output_types: Vec<TensorType> =
            self.outputs.iter().map(|output| self.trace.graph.ty(output.value).clone()).collect();
        if key.mode != Mode::Predict {
            model.prepare_metrics(&key.y, &output_types)?;
            let compiled = model.compiled()?.clone();
            let (total, each) = self.loss(model, &compiled, key)?;
            if key.mode == Mode::Train {
                self.train(model, &compiled, total)?;
            }
            self.measure(model, &compiled, total, &each)?;
            self.values = vec![total];
        }
        if key.mode == Mode::Train {
            self.update_weights(model);
        }
        let eager =
            model.compiled.as_ref().is_some_and(|compiled| compiled.run_eagerly) && key.mode != Mode::Predict;
        Ok(self.draft(model, key, output_types, eager))
    }

    /// The loss to minimise, and the loss of each output.
    fn loss(
        &mut self,
        model: &Model,
        compiled: &Compiled,
        key: &PlanKey,
    ) -> Result<(Value, Vec<Option<Value>>)> {
        let mut each = Vec::with_capacity(self.outputs.len());
        let mut total: Option<Value> = None;
        for (index, output) in self.outputs.iter().enumerate() {
            let g = &mut self.trace.graph;
            let Some(loss) = &compiled.losses[index] else {
                each.push(None);
                continue;
            };
            g.enter("loss");
            let loss =
                losses::compute(g, &**loss, self.y[index], output.value, self.weights[index], output.mask);
            g.leave();
            let loss = loss.map_err(|error| {
                let error = Error::from(GraphError { scope: String::new(), ..error });
                error.within(format!("the loss of output {index} cannot be worked out"))
            })?;
            each.push(Some(loss));
            let weighted = match &compiled.loss_weights {
                Some(weights) => compose::multiply_scalar(g, loss, weights[index])?,
                None => loss,
            };
            total = Some(match total {
                Some(total) => ops::add(g, total, weighted)?,
                None => weighted,
            });
        }
        let penalties = self.penalties(model, key)?;
        let g = &mut self.trace.graph;
        let mut total =
            total.ok_or_else(|| Error::new(ErrorKind::Usage, "a model without outputs has no loss"))?;
        for penalty in penalties {
            total = ops::add(g, total, penalty)?;
        }
        Ok((total, each))
    }

    /// What layers and regularizers add to the loss.
    fn penalties(&mut self, model: &Model, key: &PlanKey) -> Result<Vec<Value>> {
        let mut penalties = self.trace.losses.clone();
        for &number in &key.trainable {
            let variable = &model.variables()[number];
            if let Some(regularizer) = &variable.regularizer {
                let value = self.weight(model, number);
                penalties.push(regularizer.penalty(&mut self.trace.graph, value)?);
            }
        }
        let g = &mut self.trace.graph;
        let to_single = |penalty: Value| -> Result<Value> {
            Ok(if g.ty(penalty).dtype == DType::F32 {
                penalty
            } else {
                ops::convert(g, penalty, DType::F32)?
            })
        };
        penalties.into_iter().map(to_single).collect()
    }

    /// Gradients, the guard, and what the optimizer makes of them.
    fn train(&mut self, model: &Model, compiled: &Compiled, total: Value) -> Result<()> {
        let state = compiled.optimizer_state.as_ref();
        let state = state.ok_or_else(|| Error::new(ErrorKind::Usage, "the optimizer is not ready"))?.clone();
        let values: Vec<Value> = state.weights.iter().map(|&number| self.weight(model, number)).collect();
        let slots: Vec<Value> = state.slots.iter().map(|&number| self.state(model, number)).collect();
        let scaled = compiled.optimizer.scale_loss(&mut self.trace.graph, total, &slots)?;
        let flowing = autodiff::flowing_gradients(&mut self.trace.graph, scaled, &values)
            .map_err(|error| Error::new(ErrorKind::Training, error.to_string()))?;
        // As in Keras the optimizer does not see weights that the loss does not depend on.
        let flowing = flowing.into_iter().enumerate();
        let (places, gradients): (Vec<usize>, Vec<Value>) =
            flowing.filter_map(|(place, gradient)| Some((place, gradient?))).unzip();
        let guarded = if compiled.optimizer.skips_bad_steps() { &[][..] } else { &gradients[..] };
        let checked: Vec<Value> = std::iter::once(total).chain(guarded.iter().copied()).collect();
        self.guard = Some(ops::all_finite(&mut self.trace.graph, &checked)?);
        self.trace.graph.enter("optimizer");
        let values = places.iter().map(|&place| values[place]).collect();
        let outcome = self.optimize(model, compiled, &state, &places, values, gradients);
        self.trace.graph.leave();
        outcome
    }

    /// Updates the weights at these places of the optimizer's.
    fn optimize(
        &mut self,
        model: &Model,
        compiled: &Compiled,
        state: &OptimizerState,
        places: &[usize],
        values: Vec<Value>,
        gradients: Vec<Value>,
    ) -> Result<()> {
        let layout = compiled.optimizer.layout(&model.optimized(&state.weights));
        let is_in = |slot: &Slot| slot.variable.is_none_or(|place| places.contains(&place));
        let slots = layout.iter().zip(&state.slots).filter(|(slot, _)| is_in(slot));
        let slots: Vec<usize> = slots.map(|(_, number)| *number).collect();
        let weights: Vec<usize> = places.iter().map(|&place| state.weights[place]).collect();
        let inputs = optimizers::Inputs {
            variables: model.optimized(&weights),
            values,
            gradients,
            slots: slots.iter().map(|&number| self.state(model, number)).collect(),
            learning_rate: self.state(model, state.learning_rate),
            iterations: self.state(model, state.iterations),
        };
        let g = &mut self.trace.graph;
        let applied = compiled.optimizer.apply(g, inputs)?;
        for (number, value) in weights.into_iter().zip(applied.values) {
            let value = match &model.variables()[number].constraint {
                Some(constraint) => constraint.apply(g, value)?,
                None => value,
            };
            self.updates.push((number, value));
        }
        self.updates.extend(slots.into_iter().zip(applied.slots));
        self.updates.push((state.iterations, applied.iterations));
        Ok(())
    }

    /// The running means and the metrics.
    fn measure(
        &mut self,
        model: &Model,
        compiled: &Compiled,
        total: Value,
        each: &[Option<Value>],
    ) -> Result<()> {
        let Some(metrics) = compiled.metrics.clone().or_else(|| model.compiled.as_ref()?.metrics.clone())
        else {
            return Ok(());
        };
        self.trace.graph.enter("metrics");
        for measured in metrics.iter() {
            let state: Vec<Value> = measured.state.iter().map(|&number| self.state(model, number)).collect();
            let new = match (&measured.metric, measured.output) {
                (Some(_), Some(output)) => self.update_metric(measured, output, &state)?,
                (_, output) => {
                    self.update_mean(output.and_then(|output| each[output]).unwrap_or(total), &state)?
                }
            };
            self.updates.extend(measured.state.iter().copied().zip(new));
        }
        self.trace.graph.leave();
        Ok(())
    }

    /// Keras' running mean of a loss: every batch counts with its rows.
    fn update_mean(&mut self, loss: Value, state: &[Value]) -> Result<Vec<Value>> {
        let g = &mut self.trace.graph;
        let rows = g.ty(self.y[0]).shape.dims().first().copied().flatten().unwrap_or(1);
        let rows = compose::scalar(g, rows as f64, DType::F32)?;
        let loss = if g.ty(loss).dtype == DType::F32 { loss } else { ops::convert(g, loss, DType::F32)? };
        let weighted = ops::multiply(g, loss, rows)?;
        Ok(vec![ops::add(g, state[0], weighted)?, ops::add(g, state[1], rows)?])
    }

    fn update_metric(&mut self, measured: &Measured, output: usize, state: &[Value]) -> Result<Vec<Value>> {
        let Some(metric) = &measured.metric else { return Ok(state.to_vec()) };
        let g = &mut self.trace.graph;
        let mask = self.outputs[output].mask.map(|mask| ops::convert(g, mask, DType::F32)).transpose()?;
        let weight = self.weights[output].filter(|_| measured.weighted);
        let weight = match (mask, weight) {
            (Some(mask), Some(weight)) => {
                let mut weight = weight;
                while g.ty(weight).shape.rank() < g.ty(mask).shape.rank() {
                    let last = g.ty(weight).shape.rank();
                    weight = compose::expand_dims(g, weight, last)?;
                }
                Some(compose::multiply(g, mask, weight)?)
            }
            (mask, weight) => mask.or(weight),
        };
        Ok(metric.update(g, state, self.y[output], self.outputs[output].value, weight)?)
    }

    /// What layers changed themselves, such as moving statistics.
    fn update_weights(&mut self, model: &Model) {
        let changed = self.trace.weights.iter().filter(|(_, weight)| weight.current != weight.initial);
        let mut updates: Vec<(usize, Value)> = changed
            .filter_map(|((path, name), weight)| Some((model.weight_number(path, name)?, weight.current)))
            .collect();
        updates.sort_unstable_by_key(|(number, _)| *number);
        self.updates.extend(updates);
    }

    /// The graph's input for a weight.
    fn weight(&mut self, model: &Model, number: usize) -> Value {
        let variable = &model.variables()[number];
        let key = (variable.path.clone(), variable.name.clone());
        match self.trace.weights.get(&key) {
            Some(weight) => weight.initial,
            None => self.state(model, number),
        }
    }

    /// The graph's input for a variable that no layer has asked for.
    fn state(&mut self, model: &Model, number: usize) -> Value {
        let variable = &model.store.variables()[number];
        let graph = &mut self.trace.graph;
        *self.state.entry(number).or_insert_with(|| graph.input(variable.ty.clone(), &variable.name))
    }

    fn draft(
        mut self,
        model: &Model,
        key: &PlanKey,
        output_types: Vec<TensorType>,
        eager: bool,
    ) -> StepPlan<Draft> {
        let offset_of = |number: usize| Binding::State { offset: model.store.variables()[number].offset };
        let mut outputs: Vec<(Value, Binding)> =
            self.values.iter().map(|value| (*value, Binding::Value)).collect();
        let guard = self.guard.map(|guard| {
            outputs.push((guard, Binding::Value));
            outputs.len() - 1
        });
        outputs.extend(self.updates.iter().map(|(number, value)| (*value, offset_of(*number))));
        let graph = &mut self.trace.graph;
        graph.set_outputs(outputs.iter().map(|(value, _)| *value).collect());
        let mut bindings: HashMap<Value, Binding> =
            self.state.iter().map(|(number, value)| (*value, offset_of(*number))).collect();
        for ((path, name), weight) in &self.trace.weights {
            if let Some(number) = model.weight_number(path, name) {
                bindings.insert(weight.initial, offset_of(number));
            }
        }
        let inputs = graph
            .inputs()
            .iter()
            .map(|value| bindings.get(value).copied().unwrap_or(Binding::Value))
            .collect();
        let signature =
            Signature { inputs, outputs: outputs.iter().map(|(_, binding)| *binding).collect(), guard };
        let place =
            |value: Value| graph.inputs().iter().position(|input| *input == value).unwrap_or(usize::MAX);
        let x = (0..key.x.len()).collect();
        let y = self.y.iter().map(|value| place(*value)).collect();
        let weights = self.weights.iter().map(|value| value.map(place)).collect();
        let ids = IdInput::of(graph, &self.trace.ids);
        let random = self.trace.random.map(|(seed, step)| (place(seed), place(step)));
        let values = (0..self.values.len()).collect();
        let engine = Draft { graph: self.trace.graph, signature, eager };
        StepPlan { engine, x, y, weights, random, values, output_types, ids }
    }
}

/// A batch must be what the model's inputs say, also where no layer happens to mind.
fn check_input_types(model: &Model, given: &[TensorType]) -> Result<()> {
    let architecture = model.architecture()?;
    for ((name, expected), given) in
        architecture.input_names().iter().zip(architecture.input_types()).zip(given)
    {
        let given: &Shape = &given.shape;
        if !given.is_compatible(&expected.shape) {
            let text = format!("input `{name}` of model `{}` takes shape {}", model.name(), expected.shape);
            return Err(Error::new(ErrorKind::Shape, text).detail(format!("the data has shape {given}")));
        }
    }
    Ok(())
}
