//! Where the time of a model goes.

use std::fmt;

use ceras_cpu::StepProfile;
use ceras_graph::{DType, Isa, Tensor, TensorType};
use ceras_kernels::{Pool, limits};

use super::data::Dataset;
use super::plans::{Mode, PlanKey};
use crate::data::Source;
use crate::data::text_table::{Align, align};
use crate::error::{Error, ErrorKind, Result};
use crate::models::Model;
use crate::random::Random;

/// Time, work and traffic of each step of a model's plans, and what the machine could do at the most.
///
/// Displayed as a table for each plan.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The instruction-set level that the kernels were chosen for.
    pub isa: Isa,
    /// How many threads there are.
    pub threads: usize,
    /// Rows of the batch.
    pub rows: usize,
    /// Multiplications and additions a second at the most (`float32`), measured.
    pub peak_flops: f64,
    /// Bytes a second from and to memory at the most, measured.
    pub memory_bandwidth: f64,
    /// The steps of `predict` for one batch.
    pub forward: Vec<StepProfile>,
    /// The steps of one step of training; empty if the model is not compiled.
    pub training: Vec<StepProfile>,
}

impl Model {
    /// Runs the model on batches of made-up rows so many times and says what each step takes: the forward pass, and a
    /// step of training if the model is compiled. The model is as it was afterwards.
    ///
    /// # Errors
    /// The model is not built, an input has an unknown dimension besides the batch, or a number is 0.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([4])).add(Dense::new(3)).build()?;
    /// model.compile(Compile::new("mse"))?;
    /// let profile = model.profile(32, 10)?;
    /// assert!(profile.forward[0].label.starts_with("dense/") && !profile.training.is_empty());
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn profile(&mut self, rows: usize, runs: usize) -> Result<Profile> {
        if rows == 0 || runs == 0 {
            return Err(Error::new(ErrorKind::Usage, "`rows` and `runs` must be 1 or more"));
        }
        let x: Vec<Source> = self.made_up_inputs(rows)?.into_iter().map(Source::from).collect();
        let key = PlanKey::predict(Dataset::batch_types(&x, rows));
        let nothing = Dataset { x: x.clone(), y: Vec::new(), weights: Vec::new(), rows };
        let forward = self.profile_plan(&key, &nothing, runs)?;
        let training =
            if self.compiled.is_some() { self.profile_training(x, rows, runs)? } else { Vec::new() };
        let pool: &Pool = &self.store.memory.pool;
        let isa = Isa::active();
        Ok(Profile {
            isa,
            threads: pool.threads(),
            rows,
            peak_flops: limits::fma_peak(isa, pool),
            memory_bandwidth: limits::memory_bandwidth(pool),
            forward,
            training,
        })
    }

    fn profile_training(&mut self, x: Vec<Source>, rows: usize, runs: usize) -> Result<Vec<StepProfile>> {
        let y = self.made_up_targets(rows)?.into_iter().map(Source::from).collect();
        let data = Dataset::new(x, y, Vec::new())?;
        self.get_ready(&data)?;
        let key = self.plan_key(Mode::Train, &data, rows)?;
        self.profile_plan(&key, &data, runs)
    }

    fn profile_plan(&mut self, key: &PlanKey, data: &Dataset, runs: usize) -> Result<Vec<StepProfile>> {
        let index = self.plan(key)?;
        let plan = self.plans.get_mut(index);
        let memory = &mut self.store.memory;
        let before = memory.state.clone();
        let rows: Vec<usize> = (0..data.rows).collect();
        super::batches::fill(plan, memory, data, &rows, &[])?;
        plan.set_random(memory, self.seed, self.step);
        let Some(executable) = plan.executable() else {
            return Err(Error::new(ErrorKind::Usage, "a model that runs eagerly has no plan to profile"));
        };
        let steps = executable.profile(memory, runs);
        memory.state = before;
        Ok(steps)
    }

    /// Normal numbers for floating-point inputs, zeros for others: they may be indices.
    fn made_up_inputs(&self, rows: usize) -> Result<Vec<Tensor>> {
        let made_up = |(index, ty): (usize, &TensorType)| {
            let shape = ty.shape.with(0, Some(rows));
            let Some(dims) = shape.to_known() else {
                let text = format!("a profile needs to know all dimensions of the inputs; one is {ty}");
                return Err(Error::new(ErrorKind::Shape, text));
            };
            let elements = dims.iter().product();
            let mut random = Random::new(self.seed, index as u64);
            let values: Vec<f32> = match ty.dtype.is_float() {
                true => (0..elements).map(|_| random.normal() as f32).collect(),
                false => vec![0.0; elements],
            };
            Ok(Tensor::new(&dims, values)?.cast(ty.dtype))
        };
        self.architecture()?.input_types().iter().enumerate().map(made_up).collect()
    }

    /// Zeros in a shape and a type that each loss takes: class numbers, or the shape of the output.
    pub(super) fn made_up_targets(&self, rows: usize) -> Result<Vec<Tensor>> {
        let types = self.architecture()?.output_types();
        let compiled = self.compiled()?;
        let target = |(ty, loss): (&TensorType, &Option<crate::losses::LossRef>)| {
            let whole = ty.shape.with(0, Some(rows)).to_known().unwrap_or_default();
            let zeros = |dims: &[usize], dtype: DType| {
                Tensor::new(dims, vec![0.0f32; dims.iter().product()]).map(|zeros| zeros.cast(dtype))
            };
            let classes = zeros(&whole[..whole.len().saturating_sub(1)], DType::I32)?;
            let whole = zeros(&whole, DType::F32)?;
            let fits =
                |tensor: &Tensor| loss.as_ref().is_none_or(|loss| loss.check_targets(tensor, ty).is_ok());
            Ok(if fits(&whole) { whole } else { classes })
        };
        types.iter().zip(&compiled.losses).map(target).collect()
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "level {}, {} threads, batches of {} rows; at the most {:.0} GFLOP/s and {:.1} GB/s from memory",
            self.isa,
            self.threads,
            self.rows,
            self.peak_flops / 1e9,
            self.memory_bandwidth / 1e9
        )?;
        self.table(f, "forward", &self.forward)?;
        if self.training.is_empty() { Ok(()) } else { self.table(f, "training step", &self.training) }
    }
}

/// Steps of the same layer and op.
struct Line<'a> {
    label: &'a str,
    calls: usize,
    seconds: f64,
    flops: f64,
    bytes: f64,
}

impl Profile {
    fn table(&self, f: &mut fmt::Formatter<'_>, title: &str, steps: &[StepProfile]) -> fmt::Result {
        let mut lines: Vec<Line<'_>> = Vec::new();
        for step in steps {
            let (flops, bytes) = (step.flops as f64, step.bytes as f64);
            match lines.iter_mut().find(|line| line.label == step.label) {
                Some(line) => {
                    line.calls += 1;
                    line.seconds += step.seconds;
                    line.flops += flops;
                    line.bytes += bytes;
                }
                None => {
                    lines.push(Line { label: &step.label, calls: 1, seconds: step.seconds, flops, bytes });
                }
            }
        }
        let mut total = Line { label: "all", calls: 0, seconds: 0.0, flops: 0.0, bytes: 0.0 };
        for line in &lines {
            total.calls += line.calls;
            total.seconds += line.seconds;
            total.flops += line.flops;
            total.bytes += line.bytes;
        }
        let header = ["layer", "op", "calls", "µs", "share", "GFLOP/s", "of peak", "GB/s", "of memory"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        rows.extend(lines.iter().chain([&total]).map(|line| self.row(line, total.seconds)));
        let mut aligns = [Align::Right; 9];
        aligns[..2].fill(Align::Left);
        writeln!(f, "\n{title}\n{}", align(&rows, &aligns))
    }

    fn row(&self, line: &Line<'_>, total: f64) -> Vec<String> {
        let (layer, op) = line.label.rsplit_once('/').unwrap_or(("", line.label));
        let a_second = |amount: f64| if line.seconds > 0.0 { amount / line.seconds } else { 0.0 };
        let (flops, bytes) = (a_second(line.flops), a_second(line.bytes));
        vec![
            layer.to_owned(),
            op.to_owned(),
            line.calls.to_string(),
            format!("{:.2}", line.seconds * 1e6),
            format!("{:.1}%", 100.0 * line.seconds / total.max(f64::MIN_POSITIVE)),
            format!("{:.2}", flops / 1e9),
            format!("{:.1}%", 100.0 * flops / self.peak_flops),
            format!("{:.2}", bytes / 1e9),
            format!("{:.0}%", 100.0 * bytes / self.memory_bandwidth),
        ]
    }
}
