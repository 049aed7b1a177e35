//! A model's answers as a table or as arrays.

use std::path::Path;

use ceras_graph::{DType, Tensor};

use super::quoted;
use crate::data::{Column, Table, Values, npy, npz};
use crate::error::{Error, ErrorKind, Result};
use crate::models::Model;
use crate::saving::Task;

/// What a model answers, with the names that its file gives to outputs and classes.
#[derive(Clone, Debug)]
pub struct Answers {
    outputs: Vec<(String, Tensor)>,
    /// The column that is predicted, and the names of its classes; for one output only.
    target: Option<(String, Vec<String>)>,
    /// The score above which the second of two classes is meant.
    threshold: f64,
}

/// The kind of file that answers are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Csv,
    Npy,
    Npz,
}

impl Answers {
    /// Whether answers of this model can be written to a file of this name, to be asked before the work.
    ///
    /// # Errors
    /// The ending is none of `.csv`, `.npy` and `.npz`; or the model has several outputs and `.npy` holds one array.
    pub fn check_name(path: impl AsRef<Path>, model: &Model) -> Result<()> {
        let outputs =
            model.architecture().map(|architecture| architecture.output_names()).unwrap_or_default();
        form(path.as_ref(), &outputs).map(|_| ())
    }

    /// The answers of a model.
    pub fn new(model: &Model, outputs: Vec<Tensor>) -> Answers {
        let names = model.architecture().map(|architecture| architecture.output_names()).unwrap_or_default();
        let name =
            |index: usize| names.get(index).map_or_else(|| format!("y{index}"), |name| (*name).to_owned());
        let contract = model.extras().contract.as_ref().filter(|_| outputs.len() == 1);
        let target = contract.map(|contract| {
            let classes = if contract.task == Task::Classification { &contract.classes[..] } else { &[] };
            (contract.target.clone(), classes.to_vec())
        });
        let logits = model.compiled().ok().and_then(|compiled| compiled.losses.first()?.as_ref());
        let threshold = if logits.is_some_and(|loss| loss.from_logits()) { 0.0 } else { 0.5 };
        let outputs = outputs.into_iter().enumerate().map(|(index, tensor)| (name(index), tensor)).collect();
        Answers { outputs, target, threshold }
    }

    /// Writes a table (`.csv`), an array (`.npy`) or an array for each output under its name (`.npz`), whole or not at all.
    ///
    /// # Errors
    /// The name does not fit, as [`Answers::check_name`] says; the file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let names: Vec<&str> = self.outputs.iter().map(|(name, _)| name.as_str()).collect();
        match form(path, &names)? {
            Form::Csv => self.to_table()?.write_csv(path),
            Form::Npy => match self.outputs.first() {
                Some((_, tensor)) => npy::write(path, tensor),
                None => Err(Error::new(ErrorKind::Usage, "the model has no outputs")),
            },
            Form::Npz => {
                let mut arrays: Vec<(&str, &Tensor)> = Vec::with_capacity(self.outputs.len());
                for (name, tensor) in &self.outputs {
                    arrays.push((name, tensor));
                }
                npz::write(path, &arrays)
            }
        }
    }

    /// A table: for classes a column with the likeliest and one for the score of each; for a number its column; otherwise a
    /// column for each number of each output.
    ///
    /// # Errors
    /// Two columns would have the same name.
    pub fn to_table(&self) -> Result<Table> {
        let mut columns = Vec::new();
        for (output, (_, tensor)) in self.outputs.iter().enumerate() {
            let rows = tensor.dims().first().copied().unwrap_or(0);
            let width = tensor.len() / rows.max(1);
            let classes = self.classes(width);
            if let (Some((target, _)), Some(classes)) = (&self.target, classes) {
                let scores = tensor.to_f64();
                let likeliest = scores.chunks(width).map(|row| classes[self.class(row)].as_str());
                columns.push(Column::new(target, likeliest.collect::<Vec<&str>>()));
            }
            for index in 0..width {
                columns
                    .push(Column::new(self.column_name(output, index, width), numbers(tensor, index, width)));
            }
        }
        Table::from_columns(columns)
    }

    /// The names of the classes, when the output has a score for each, or one score for two.
    fn classes(&self, width: usize) -> Option<&[String]> {
        let (_, classes) = self.target.as_ref()?;
        let fits = (width > 1 && classes.len() == width) || (width == 1 && classes.len() == 2);
        fits.then_some(&classes[..])
    }

    fn column_name(&self, output: usize, index: usize, width: usize) -> String {
        match (&self.target, self.classes(width)) {
            (Some((target, _)), Some(classes)) => {
                let class = if width == 1 { &classes[1] } else { &classes[index] };
                // A class may be called as the target is; columns of a table have names of their own.
                if class == target { format!("probability of {class}") } else { class.clone() }
            }
            (Some((target, _)), None) if width == 1 => target.clone(),
            _ if self.outputs.len() == 1 => format!("y{index}"),
            _ if width == 1 => self.outputs[output].0.clone(),
            _ => format!("{}_{index}", self.outputs[output].0),
        }
    }

    /// The likeliest class of a row; a single score is that of the second class.
    fn class(&self, scores: &[f64]) -> usize {
        match scores {
            [one] => usize::from(*one > self.threshold),
            _ => largest(scores),
        }
    }
}

/// The place of the largest number, the first of equals.
pub fn largest(row: &[f64]) -> usize {
    row.iter().enumerate().fold(0, |best, (index, value)| if *value > row[best] { index } else { best })
}

fn form(path: &Path, outputs: &[&str]) -> Result<Form> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let special = ending.is_none() && path.exists() && !path.is_file();
    match ending.as_deref() {
        Some("csv") => Ok(Form::Csv),
        // A terminal, a pipe, `/dev/stdout`.
        None if special && !path.is_dir() => Ok(Form::Csv),
        Some("npz") => Ok(Form::Npz),
        Some("npy") if outputs.len() > 1 => {
            let text = format!("the model has {} outputs; an .npy file holds one array", outputs.len());
            Err(Error::new(ErrorKind::Usage, text)
                .detail(format!("the model's outputs: {}", quoted(outputs)))
                .hint(format!(
                    "write `{}`, an archive with one array for each",
                    path.with_extension("npz").display()
                )))
        }
        Some("npy") => Ok(Form::Npy),
        _ => {
            let text = format!("`{}` is none of .csv, .npy and .npz", path.display());
            Err(Error::new(ErrorKind::Usage, text))
        }
    }
}

/// Every so-many-th number of a tensor, in its own precision.
fn numbers(tensor: &Tensor, first: usize, step: usize) -> Values {
    fn every<T: Copy>(all: &[T], first: usize, step: usize) -> Vec<T> {
        all.iter().skip(first).step_by(step).copied().collect()
    }
    match tensor.dtype() {
        DType::F32 => every(tensor.slice::<f32>(), first, step).into(),
        DType::F64 => every(tensor.slice::<f64>(), first, step).into(),
        _ => every(tensor.cast(DType::I64).slice::<i64>(), first, step).into(),
    }
}
