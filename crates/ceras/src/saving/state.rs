//! What a model gives to a file and takes from one, beyond its architecture.

use std::collections::HashMap;

use ceras_graph::Tensor;
use serde_json::Value;

use super::compile_config::Unusable;
use super::contract::{Extras, State};
use super::weights::Weight;
use crate::error::{Error, ErrorKind, Result};
use crate::layers::context::{WeightSpec, join};
use crate::models::{Group, Model};

/// What a model remembers of the file that it came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Saved {
    /// What is written into `ceras.json`.
    pub(crate) extras: Extras,
    /// A compile state that could not be used.
    pub(crate) unusable: Option<Unusable>,
    /// Members of the archive that belong to layers, such as vocabularies: written again as they are.
    pub(crate) assets: Vec<(String, Vec<u8>)>,
    /// How many bytes of weights may be made where the file has none.
    pub(crate) fresh_limit: Option<u64>,
}

impl Saved {
    /// Refuses weights that the words of a file ask for and no bytes of it stand for, beyond a limit.
    pub(crate) fn check_fresh(&self, specs: &[WeightSpec]) -> Result<()> {
        let Some(limit) = self.fresh_limit else { return Ok(()) };
        let sizes = specs.iter().map(|spec| spec.ty.bytes().map_or(u64::MAX, |bytes| bytes as u64));
        let (sum, largest) = sizes.zip(specs).fold((0u64, (0, None)), |(sum, largest), (bytes, spec)| {
            (sum.saturating_add(bytes), if bytes > largest.0 { (bytes, Some(spec)) } else { largest })
        });
        if sum <= limit {
            return Ok(());
        }
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        let text = format!("the file asks for {} MiB of weights and holds none", mib(sum));
        let mut error = Error::new(ErrorKind::File, text);
        if let (_, Some(spec)) = largest {
            let name = join(&spec.path, &spec.name);
            error = error.detail(format!("the largest is `{name}` of shape {}", spec.ty.shape));
        }
        let limit = format!("up to {} MiB are made of words alone", mib(limit));
        Err(error.detail(limit).hint("to allow more: `CustomObjects::new().fresh_weights_limit(bytes)`"))
    }
}

impl Model {
    /// What the model's file says besides Keras' own facts; empty for a model that was not loaded, until it is set.
    pub fn extras(&self) -> &Extras {
        &self.saved.extras
    }

    /// The same, to be changed: [`Model::save`] writes it.
    pub fn extras_mut(&mut self) -> &mut Extras {
        &mut self.saved.extras
    }

    /// The compile state of the model's file, if it could not be used.
    pub(crate) fn unusable_compile(&self) -> Option<&Unusable> {
        self.saved.unusable.as_ref()
    }

    /// The weights with their values, in the model's order.
    pub(crate) fn weights_with_values(&self) -> Vec<(Weight<'_>, Tensor)> {
        let weights = self.variables().iter().enumerate();
        weights.map(|(number, variable)| (weight(variable), self.store.get(number))).collect()
    }

    /// The number of steps that the optimizer has done, and its slots for the weights that are trained now. A slot that
    /// does not exist yet is as the first step would find it.
    pub(crate) fn optimizer_values(&self) -> Result<(i64, Vec<Tensor>)> {
        let compiled = self.compiled()?;
        let mut kept: HashMap<(Option<usize>, String), Tensor> = HashMap::new();
        let mut iterations = 0;
        if let Some(state) = &compiled.optimizer_state {
            iterations = self.store.get(state.iterations).cast(ceras_graph::DType::I64).slice::<i64>()[0];
            let slots = compiled.optimizer.layout(&self.optimized(&state.weights));
            for (slot, &number) in slots.into_iter().zip(&state.slots) {
                let weight = slot.variable.map(|variable| state.weights[variable]);
                kept.insert((weight, slot.name), self.store.get(number));
            }
        }
        let weights = self.trainable_numbers();
        let mut values = Vec::new();
        for slot in compiled.optimizer.layout(&self.optimized(&weights)) {
            let weight = slot.variable.map(|variable| weights[variable]);
            let old = kept.remove(&(weight, slot.name.clone())).filter(|old| old.ty() == slot.ty);
            values.push(match old {
                Some(old) => old,
                None => self.slot_start(&slot, &weights)?,
            });
        }
        Ok((iterations, values))
    }

    /// Gives the optimizer's variables these values.
    pub(crate) fn set_optimizer_values(
        &mut self,
        iterations: i64,
        learning_rate: Option<f64>,
        slots: Option<&[Tensor]>,
    ) -> Result<()> {
        self.prepare_optimizer()?;
        let Some(state) = self.compiled()?.optimizer_state.clone() else { return Ok(()) };
        self.store.set(state.iterations, &Tensor::scalar(iterations))?;
        if let Some(rate) = learning_rate {
            self.store.set(state.learning_rate, &Tensor::scalar(rate as f32))?;
        }
        for (&number, value) in state.slots.iter().zip(slots.unwrap_or_default()) {
            self.store.set(number, value)?;
        }
        Ok(())
    }

    /// What `ceras.json` needs of the model to go on where it stands.
    pub(crate) fn state_to_save(&self) -> State {
        let mut trainable = Vec::new();
        if let Ok(architecture) = self.architecture() {
            let mut frozen: Vec<String> = Vec::new();
            architecture.visit("", &mut |path, layer| {
                let inside = frozen.iter().any(|frozen| path.starts_with(&format!("{frozen}/")));
                let own = self.is_trainable(path);
                if inside && own {
                    trainable.push((path.to_owned(), true));
                }
                if !own && layer.as_architecture().is_some() {
                    frozen.push(path.to_owned());
                }
            });
        }
        let old_hard_sigmoid = self.keras_config().is_ok_and(|(_, differs)| differs);
        State { seed: self.seed, step: Some(self.step), trainable, old_hard_sigmoid }
    }
}

/// A variable as the weights of a file are described.
pub(crate) fn weight(variable: &crate::models::Variable) -> Weight<'_> {
    let trainable = variable.group == Group::Trainable;
    Weight { path: &variable.path, name: &variable.name, trainable, ty: &variable.ty }
}

/// The optimizer's name, which Keras gives to its group.
pub(crate) fn optimizer_name(model: &Model) -> Result<String> {
    let optimizer = &model.compiled()?.optimizer;
    Ok(name_in(&optimizer.config().into(), optimizer.class_name()))
}

/// The name of the optimizer inside of the model's.
pub(crate) fn inner_name(model: &Model) -> Result<String> {
    let config = model.compiled()?.optimizer.config();
    let inner = config.get("inner_optimizer").unwrap_or(&Value::Null);
    let class_name = inner.get("class_name").and_then(Value::as_str).unwrap_or("optimizer");
    Ok(name_in(&inner["config"], class_name))
}

fn name_in(config: &Value, class_name: &str) -> String {
    let name = config.get("name").and_then(Value::as_str).map(str::to_owned);
    name.unwrap_or_else(|| crate::models::snake_case(class_name))
}
