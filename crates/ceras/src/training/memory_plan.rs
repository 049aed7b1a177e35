//! How much memory a model needs, before it is trained.

use std::fmt;

use ceras_graph::TensorType;

use super::plans::{Mode, PlanKey};
use crate::data::text_table::{Align, align};
use crate::error::{Error, ErrorKind, Result};
use crate::models::{Group, Model, readable, thousands};

/// Batches of more rows are not asked for.
const MOST_ROWS: usize = 1 << 20;

/// The memory of a step: of training if the model is compiled, of predicting otherwise.
///
/// Displayed as a few lines and a table of the layers.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryPlan {
    /// Rows of the batch.
    pub batch_size: usize,
    /// Whether the step is one of training.
    pub training: bool,
    /// Bytes of all weights.
    pub weights_bytes: usize,
    /// Bytes of the optimizer's state.
    pub optimizer_bytes: usize,
    /// Bytes of the metrics' sums.
    pub metrics_bytes: usize,
    /// Bytes of the step's constants.
    pub constant_bytes: usize,
    /// Bytes of the arena: the batch, what the layers compute, gradients and scratch space, as far as they live at once.
    pub arena_bytes: usize,
    /// Bytes of the batch's inputs and targets, a part of the arena.
    pub batch_bytes: usize,
    /// Bytes of all of this together. The data itself, where it is in memory, comes on top.
    pub peak_bytes: usize,
    /// Where the bytes go, for each layer.
    pub layers: Vec<LayerMemory>,
    /// Bytes that the machine can still give; `None` where it does not say.
    pub available_bytes: Option<usize>,
    /// The largest batch that fits into those: 0 if none does.
    pub largest_batch: Option<usize>,
}

/// The memory of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerMemory {
    /// The layer's path; in brackets what belongs to none.
    pub layer: String,
    /// Bytes of its weights.
    pub weights_bytes: usize,
    /// Bytes that it has in the arena at the moment when that is fullest.
    pub arena_bytes: usize,
}

/// What a batch of some size needs.
struct Need {
    arena_bytes: usize,
    constant_bytes: usize,
    at_peak: Vec<(String, usize)>,
}

impl Model {
    /// The memory that a step of training (of predicting, if the model is not compiled) needs for batches of so many rows, and
    /// the largest batch for which the machine has memory now.
    ///
    /// $$ \text{peak} = \text{weights} + \text{optimizer} + \text{metrics} + \text{arena} + \text{constants} $$
    ///
    /// Nothing is trained: the step is compiled, and a compiled step knows its arena to the byte. The batch counts in the
    /// type of the model's inputs.
    ///
    /// # Errors
    /// The model is not built, an input has an unknown dimension besides the batch, the batch size is 0, or the model runs
    /// eagerly.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([4])).add(Dense::new(3)).build()?;
    /// model.compile(Compile::new("mse"))?;
    /// let plan = model.memory_plan(32)?;
    /// // 4·3 weights and 3 biases of 4 bytes, and RMSprop's one copy of them beside its counter and rate.
    /// assert_eq!((plan.weights_bytes, plan.optimizer_bytes), (60, 60 + 12));
    /// assert_eq!(plan.batch_bytes, 32 * (4 + 3) * 4);
    /// println!("{plan}");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn memory_plan(&mut self, batch_size: usize) -> Result<MemoryPlan> {
        let types = self.batch_types()?;
        let need = self.need(&types, batch_size)?;
        let available_bytes = available_memory();
        let held = self.store.memory.state.bytes();
        // What the model holds by now is no longer available, but does not have to be found again.
        let room = available_bytes.map(|bytes| bytes.saturating_add(held));
        let largest_batch = room.map(|room| self.largest(&types, batch_size, room)).transpose()?;
        let group = |group: Group| -> usize {
            let own = self.store.variables().iter().filter(|variable| variable.group == group);
            own.filter_map(|variable| variable.ty.bytes()).sum()
        };
        let batch = |types: &[TensorType]| -> usize {
            types.iter().filter_map(|ty| with_rows(ty, batch_size).bytes()).sum()
        };
        Ok(MemoryPlan {
            batch_size,
            training: self.compiled.is_some(),
            weights_bytes: group(Group::Trainable) + group(Group::NonTrainable),
            optimizer_bytes: group(Group::Optimizer),
            metrics_bytes: group(Group::Metrics),
            constant_bytes: need.constant_bytes,
            arena_bytes: need.arena_bytes,
            batch_bytes: batch(&types.0) + batch(&types.1),
            peak_bytes: self.store.memory.state.bytes() + need.arena_bytes + need.constant_bytes,
            layers: self.layers_memory(&need),
            available_bytes,
            largest_batch,
        })
    }

    /// The largest batch whose step needs at most so many bytes, weights and all else included: 0 if none does. At most
    /// 1,048,576 rows are tried.
    ///
    /// # Errors
    /// As [`Model::memory_plan`].
    pub fn largest_batch(&mut self, bytes: usize) -> Result<usize> {
        let types = self.batch_types()?;
        self.largest(&types, 1, bytes)
    }

    /// The types of inputs and targets, with any number of rows.
    fn batch_types(&mut self) -> Result<(Vec<TensorType>, Vec<TensorType>)> {
        let x = self.architecture()?.input_types();
        if let Some(ty) = x.iter().find(|ty| !ty.shape.with(0, Some(1)).is_known()) {
            let text = format!("a memory plan needs to know all dimensions of the inputs; one is {ty}");
            return Err(Error::new(ErrorKind::Shape, text));
        }
        if self.compiled.is_none() {
            return Ok((x, Vec::new()));
        }
        if self.compiled()?.run_eagerly {
            return Err(Error::new(ErrorKind::Usage, "a model that runs eagerly has no plan of its memory"));
        }
        self.prepare_optimizer()?;
        let y = self.made_up_targets(1)?;
        let of = |tensor: &ceras_graph::Tensor| TensorType::new(tensor.dtype(), tensor.shape());
        Ok((x, y.iter().map(of).collect()))
    }

    fn need(&mut self, types: &(Vec<TensorType>, Vec<TensorType>), rows: usize) -> Result<Need> {
        if rows == 0 {
            return Err(Error::new(ErrorKind::Usage, "`batch_size` must be 1 or more; it is 0"));
        }
        let batch = |types: &[TensorType]| types.iter().map(|ty| with_rows(ty, rows)).collect::<Vec<_>>();
        let mut key = PlanKey::predict(batch(&types.0));
        if self.compiled.is_some() {
            key.mode = Mode::Train;
            key.y = batch(&types.1);
            key.weighted = vec![None; key.y.len()];
            key.trainable = self.trainable_numbers();
            key.frozen = self.frozen_paths();
        }
        // Not put among the model's plans: sizes that are only tried would drive out those in use.
        let mut plan = self.make_plan(&key)?;
        let executable = plan.executable().ok_or_else(|| {
            Error::new(ErrorKind::Usage, "a model that runs eagerly has no plan of its memory")
        })?;
        Ok(Need {
            arena_bytes: executable.arena_bytes(),
            constant_bytes: executable.constant_bytes(),
            at_peak: executable.arena_at_peak(),
        })
    }

    fn largest(
        &mut self,
        types: &(Vec<TensorType>, Vec<TensorType>),
        start: usize,
        room: usize,
    ) -> Result<usize> {
        let mut bytes = |rows: usize| -> Result<usize> {
            let need = self.need(types, rows)?;
            Ok(self.store.memory.state.bytes() + need.arena_bytes + need.constant_bytes)
        };
        let one = bytes(1)?;
        if one > room {
            return Ok(0);
        }
        // The need grows nearly in proportion to the rows, so a straight line finds the place in a few steps.
        let mut fits = (1usize, one);
        let mut over: Option<(usize, usize)> = None;
        let mut next = start.max(2);
        while over.is_none_or(|(rows, _)| rows - fits.0 > 1) && fits.0 < MOST_ROWS {
            let most = over.map_or(MOST_ROWS, |(rows, _)| rows - 1);
            let rows = next.clamp(fits.0 + 1, most);
            // A size that cannot be compiled, its arrays being beyond all addresses, does not fit either.
            let need = bytes(rows).unwrap_or(usize::MAX);
            let slope = need.saturating_sub(fits.1) / (rows - fits.0);
            if need <= room {
                fits = (rows, need);
            } else {
                over = Some((rows, need));
            }
            next = match room.saturating_sub(fits.1).checked_div(slope) {
                Some(more) if more > 0 => fits.0.saturating_add(more),
                _ => fits.0 + over.map_or(1, |(rows, _)| (rows - fits.0) / 2),
            };
            if over.is_some_and(|(rows, _)| next >= rows) {
                // On the line's far side already: halve what is left.
                next = fits.0 + over.map_or(1, |(rows, _)| (rows - fits.0) / 2);
            }
        }
        Ok(fits.0)
    }

    /// The bytes of each layer, in the model's order; what belongs to no layer at the end.
    fn layers_memory(&self, need: &Need) -> Vec<LayerMemory> {
        let mut layers: Vec<LayerMemory> = Vec::new();
        let mut add = |layer: &str, weights: usize, arena: usize| match layers
            .iter_mut()
            .find(|known| known.layer == layer)
        {
            Some(known) => {
                known.weights_bytes += weights;
                known.arena_bytes += arena;
            }
            None => layers.push(LayerMemory {
                layer: layer.to_owned(),
                weights_bytes: weights,
                arena_bytes: arena,
            }),
        };
        for variable in &self.store.variables()[..self.weights] {
            add(&variable.path, variable.ty.bytes().unwrap_or(0), 0);
        }
        for (label, bytes) in &need.at_peak {
            match label.rsplit_once('/') {
                _ if label.starts_with("input `") => add("(batch)", 0, *bytes),
                Some((layer, _)) => add(layer, 0, *bytes),
                None => add("(step)", 0, *bytes),
            }
        }
        let used: usize = need.at_peak.iter().map(|(_, bytes)| bytes).sum();
        add("(idle at that moment)", 0, need.arena_bytes.saturating_sub(used));
        layers.retain(|layer| layer.weights_bytes + layer.arena_bytes > 0);
        layers
    }
}

fn with_rows(ty: &TensorType, rows: usize) -> TensorType {
    TensorType::new(ty.dtype, ty.shape.with(0, Some(rows)))
}

/// Bytes that programs can still have without others being written out, as Linux estimates it; `None` where the system does not
/// say.
pub fn available_memory() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}

impl fmt::Display for MemoryPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = if self.training { "training step" } else { "prediction" };
        writeln!(
            f,
            "Peak memory of a {step}, batch size {}: {}",
            self.batch_size,
            readable(self.peak_bytes)
        )?;
        let mut parts = vec![
            ("weights", self.weights_bytes),
            ("optimizer", self.optimizer_bytes),
            ("metrics", self.metrics_bytes),
            ("constants", self.constant_bytes),
            ("arena (batch, layers' results, gradients, scratch)", self.arena_bytes),
        ];
        parts.retain(|(_, bytes)| *bytes > 0);
        let rows: Vec<Vec<String>> =
            parts.into_iter().map(|(name, bytes)| vec![format!("  {name}"), readable(bytes)]).collect();
        writeln!(f, "{}", align(&rows, &[Align::Left, Align::Right]))?;
        if let (Some(bytes), Some(largest)) = (self.available_bytes, self.largest_batch) {
            let most = if largest >= MOST_ROWS { " or more" } else { "" };
            let free = readable(bytes);
            writeln!(f, "Largest batch that fits into the {free} available: {}{most}", thousands(largest))?;
        }
        let mut rows = vec![["Layer", "Weights", "Arena at its fullest"].map(str::to_owned).to_vec()];
        rows.extend(self.layers.iter().map(|layer| {
            vec![layer.layer.clone(), readable(layer.weights_bytes), readable(layer.arena_bytes)]
        }));
        writeln!(f, "\n{}", align(&rows, &[Align::Left, Align::Right, Align::Right]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Conv2D, MaxPooling2D};
    use crate::prelude::*;

    fn pictures() -> Model {
        let mut model = Sequential::new()
            .add(Input::new([16, 16, 3]))
            .add(Conv2D::new(8, [3, 3]).activation("relu"))
            .add(MaxPooling2D::new([2, 2]))
            .add(Flatten::new())
            .add(Dense::new(10).activation("softmax"))
            .build()
            .unwrap();
        model.compile(Compile::new("sparse_categorical_crossentropy").metrics(["accuracy"])).unwrap();
        model
    }

    #[test]
    fn the_plan_is_what_training_then_uses() {
        for batch_size in [1, 7, 32] {
            let plan = pictures().memory_plan(batch_size).unwrap();
            let mut model = pictures();
            let rows = 3 * batch_size;
            let x = Tensor::zeros(ceras_graph::DType::F32, &[rows, 16, 16, 3]).unwrap();
            let y = Tensor::zeros(ceras_graph::DType::I32, &[rows]).unwrap();
            model.fit(&x, &y, Fit::new().batch_size(batch_size).verbose(Verbose::Silent)).unwrap();
            let used = model.store.memory.arena.bytes() + model.store.memory.state.bytes();
            let planned = plan.peak_bytes - plan.constant_bytes;
            assert!(
                planned.abs_diff(used) as f64 <= 0.02 * used as f64,
                "batch {batch_size}: planned {planned} bytes, used {used}"
            );
            let listed: usize = plan.layers.iter().map(|layer| layer.arena_bytes).sum();
            assert_eq!(listed, plan.arena_bytes, "{plan}");
            let weights: usize = plan.layers.iter().map(|layer| layer.weights_bytes).sum();
            assert_eq!(weights, plan.weights_bytes);
        }
    }

    #[test]
    fn the_largest_batch_fits_and_one_more_row_does_not() {
        let mut model = pictures();
        for room in [300_000, 1_000_000, 5_000_000] {
            let rows = model.largest_batch(room).unwrap();
            assert!(rows > 0 && model.memory_plan(rows).unwrap().peak_bytes <= room, "{room}: {rows}");
            assert!(model.memory_plan(rows + 1).unwrap().peak_bytes > room, "{room}: {rows}");
        }
        assert_eq!(model.largest_batch(1000).unwrap(), 0);
    }

    #[test]
    fn a_model_that_is_not_compiled_predicts() {
        let mut model = Sequential::new().add(Input::new([4])).add(Dense::new(3)).build().unwrap();
        let plan = model.memory_plan(2).unwrap();
        assert!(!plan.training && plan.optimizer_bytes == 0 && plan.batch_bytes == 32);
        let text = plan.to_string();
        assert!(
            text.contains("Peak memory of a prediction, batch size 2") && text.contains("dense"),
            "{text}"
        );
        assert!(model.memory_plan(0).unwrap_err().to_string().contains("`batch_size`"));
        let mut open = Sequential::new().add(Dense::new(3)).build().unwrap();
        assert!(open.memory_plan(2).is_err());
    }
}
