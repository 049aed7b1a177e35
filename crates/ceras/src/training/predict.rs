//! `predict`, and the predictor for a hot path.

use ceras_cpu::Memory;
use ceras_graph::{DType, Tensor, TensorType};
use ceras_kernels::Block;

use super::batches;
use super::data::{Dataset, Inputs, check_rows, in_rank};
use super::plans::PlanKey;
use super::step::StepPlan;
use crate::data::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::models::Model;

/// Keras' batch size where none is given.
const BATCH_SIZE: usize = 32;

impl Model {
    /// The first output of the model for each row of `x`.
    ///
    /// A row's output does not depend on the other rows: it has the same bits alone and in any batch.
    ///
    /// # Errors
    /// The data does not fit the model.
    ///
    /// # Keras
    /// Says nothing while it runs.
    pub fn predict(&mut self, x: impl Into<Inputs>) -> Result<Tensor> {
        let mut outputs = self.predict_all(x, BATCH_SIZE)?;
        if outputs.is_empty() {
            return Err(Error::new(ErrorKind::Usage, "the model has no outputs"));
        }
        Ok(outputs.swap_remove(0))
    }

    /// All outputs of the model for each row of `x`, computed in batches of so many rows.
    ///
    /// # Errors
    /// The data does not fit the model; a batch size of 0.
    pub fn predict_all(&mut self, x: impl Into<Inputs>, batch_size: usize) -> Result<Vec<Tensor>> {
        if batch_size == 0 {
            return Err(Error::new(ErrorKind::Usage, "`batch_size` must be 1 or more; it is 0"));
        }
        let x = self.prediction_inputs(x.into())?;
        let rows = check_rows("x", &x, None)?;
        self.build(&TensorType::new(x[0].dtype(), x[0].shape()))?;
        let data = Dataset { x, y: Vec::new(), weights: Vec::new(), rows };
        let mut bytes: Vec<Vec<u8>> = Vec::new();
        let mut types: Vec<TensorType> = Vec::new();
        batches::in_order(&data, batch_size, usize::MAX, |rows, read| {
            let key = PlanKey::predict(Dataset::batch_types(&data.x, rows.len()));
            let index = self.plan(&key)?;
            let plan = self.plans.get_mut(index);
            let memory = &mut self.store.memory;
            batches::fill(plan, memory, &data, rows, read)?;
            plan.set_random(memory, self.seed, self.step);
            if types.is_empty() {
                types.clone_from(&plan.output_types);
                bytes.resize(types.len(), Vec::new());
            }
            plan.run_and_read(memory, &mut |number, output| bytes[number].extend_from_slice(output))
        })?;
        let tensor = |(ty, bytes): (&TensorType, &Vec<u8>)| {
            let dims = ty.shape.with(0, Some(rows)).to_known().unwrap_or_default();
            Ok(Tensor::from_bytes(ty.dtype, &dims, bytes)?)
        };
        types.iter().zip(&bytes).map(tensor).collect()
    }

    /// All outputs of the model by name: the keys of its dictionary, or the names of the layers that they come from.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn predict_named(&mut self, x: impl Into<Inputs>) -> Result<Vec<(String, Tensor)>> {
        let outputs = self.predict_all(x, BATCH_SIZE)?;
        let names = self.architecture()?.output_names();
        Ok(names.into_iter().map(str::to_owned).zip(outputs).collect())
    }

    /// Data in the type that the model's inputs have, as far as it is floating-point.
    fn prediction_inputs(&self, x: Inputs) -> Result<Vec<Source>> {
        let wanted = self.is_built().then(|| self.architecture().map(|a| a.input_types())).transpose()?;
        let names = self.is_built().then(|| self.architecture().map(|a| a.input_names())).transpose()?;
        let x = x.in_order("x", names.as_deref())?;
        let convert = |(index, source): (usize, Source)| {
            let wanted = wanted.as_ref().map(|wanted| &wanted[index]);
            let dtype = wanted.map_or(DType::F32, |wanted| wanted.dtype);
            let source =
                if source.dtype().is_float() && dtype.is_float() { source.cast(dtype) } else { source };
            wanted.map_or(Ok(source.clone()), |wanted| in_rank(source, wanted))
        };
        x.into_iter().enumerate().map(convert).collect()
    }

    /// A predictor for batches of exactly so many rows, with the weights of now.
    ///
    /// # Errors
    /// The model is not built, or has a dimension besides the batch that is not known.
    pub fn predictor(&mut self, rows: usize) -> Result<Predictor> {
        let types = self.architecture()?.input_types();
        let x: Vec<TensorType> =
            types.iter().map(|ty| TensorType::new(ty.dtype, ty.shape.with(0, Some(rows)))).collect();
        if let Some(ty) = x.iter().find(|ty| !ty.shape.is_known()) {
            let text = format!("a predictor needs to know all dimensions of its inputs; one is {ty}");
            return Err(Error::new(ErrorKind::Shape, text));
        }
        let key = PlanKey::predict(x);
        let single_input = matches!(&key.x[..], [ty] if ty.dtype == DType::F32);
        let plan = self.make_plan(&key)?;
        let single = single_input && matches!(&plan.output_types[..], [ty] if ty.dtype == DType::F32);
        let memory = Memory {
            arena: Block::zeroed(0),
            state: self.store.memory.state.clone(),
            pool: self.store.memory.pool.clone(),
        };
        let mut predictor = Predictor { plan, memory, single };
        predictor.plan.set_random(&mut predictor.memory, self.seed, self.step);
        Ok(predictor)
    }
}

/// A model's forward pass for one batch size, with its own copy of the weights: nothing is looked up, allocated or
/// copied besides the rows themselves.
///
/// # Examples
/// ```
/// use ceras::prelude::*;
/// let mut model = Sequential::new().add(Input::new([4])).add(Dense::new(3).activation("softmax")).build()?;
/// let mut predictor = model.predictor(1)?;
/// let mut y = [0.0f32; 3];
/// predictor.run(&[5.1, 3.5, 1.4, 0.2], &mut y)?;
/// assert!((y.iter().sum::<f32>() - 1.0).abs() < 1e-6);
/// # Ok::<(), ceras::Error>(())
/// ```
#[derive(Debug)]
pub struct Predictor {
    plan: StepPlan,
    memory: Memory,
    /// Whether there is one input and one output, both `float32`.
    single: bool,
}

impl Predictor {
    /// Computes the first output for one batch of the first input, both row-major.
    ///
    /// # Errors
    /// A slice is not as long as the batch asks for, or the model's input or output is not `float32`.
    pub fn run(&mut self, x: &[f32], y: &mut [f32]) -> Result<()> {
        if !self.single {
            return Err(Error::new(
                ErrorKind::Usage,
                "`run` is for models with one float32 input and output",
            ));
        }
        let input = self.plan.x[0];
        let target = self.plan.input_mut(&mut self.memory, input);
        if target.len() != size_of_val(x) {
            let text =
                format!("`x` must have {} numbers; it has {}", target.len() / size_of::<f32>(), x.len());
            return Err(Error::new(ErrorKind::Shape, text));
        }
        for (target, value) in target.chunks_exact_mut(size_of::<f32>()).zip(x) {
            target.copy_from_slice(&value.to_ne_bytes());
        }
        self.plan.check_ids(&mut self.memory)?;
        let value = self.plan.values[0];
        let Some(executable) = self.plan.executable() else { return Ok(()) };
        let outputs = executable.run(&mut self.memory);
        let output = outputs.slice::<f32>(value);
        if output.len() != y.len() {
            let text = format!("`y` must have room for {} numbers; it has {}", output.len(), y.len());
            return Err(Error::new(ErrorKind::Shape, text));
        }
        y.copy_from_slice(output);
        Ok(())
    }
}
